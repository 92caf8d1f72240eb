import { z } from "zod";
import { Colour } from "./primitives.ts";

/**
 * What users got from one release, counted by the router that served them. Cumulative since `since`: two readings
 * of one `since` give what happened between them.
 */
export const UserTraffic = z.object({
  releaseName: z.string().nullable(),
  /** Unix ms: when this release came to the colour, or the router was started. */
  since: z.number(),
  requests: z.int().nonnegative(),
  /** Answered with a status of 500 or above, by the service or for it, or broken off in the middle. */
  failed: z.int().nonnegative(),
  /** The client left before the answer was whole. */
  abandoned: z.int().nonnegative(),
  /** How many took how long: bucket (see `bucketLimitMs`) and count, sparse, in order. */
  latency: z.array(z.tuple([z.int().nonnegative(), z.int().positive()])),
});
export type UserTraffic = z.infer<typeof UserTraffic>;

export const LaneTraffic = z.object({
  lane: z.string(),
  /** Null where no router answers, or it is from before it counted. */
  colours: z.record(Colour, UserTraffic).nullable(),
});
export type LaneTraffic = z.infer<typeof LaneTraffic>;

/** Buckets grow by a twelfth of an octave, 6 %: a quantile read from them is at most that much too high. */
const stepsInOctave = 12;
const smallestMs = 0.1;
/** A little over two minutes; what took longer is counted here. */
const lastBucket = 245;

export function bucketOf(ms: number): number {
  if (!(ms > smallestMs)) return 0;
  return Math.min(lastBucket, Math.ceil(Math.log2(ms / smallestMs) * stepsInOctave));
}

/** The longest time that falls into a bucket, milliseconds. */
export function bucketLimitMs(bucket: number): number {
  return smallestMs * 2 ** (bucket / stepsInOctave);
}

/** What happened between two readings; null when they are not of one count (another release, another router). */
export function trafficBetween(before: UserTraffic, after: UserTraffic): UserTraffic | null {
  if (before.since !== after.since || before.releaseName !== after.releaseName) return null;
  if (after.requests < before.requests) return null;
  const earlier = new Map(before.latency);
  return {
    releaseName: after.releaseName,
    since: after.since,
    requests: after.requests - before.requests,
    failed: after.failed - before.failed,
    abandoned: after.abandoned - before.abandoned,
    latency: after.latency.flatMap(([bucket, count]): [number, number][] => {
      const more = count - (earlier.get(bucket) ?? 0);
      return more > 0 ? [[bucket, more]] : [];
    }),
  };
}

/** The time within which the share `q` (0 to 1) of the requests was answered; null when there were none. */
export function latencyQuantile(latency: UserTraffic["latency"], q: number): number | null {
  const total = latency.reduce((sum, [, count]) => sum + count, 0);
  if (total === 0) return null;
  const wanted = Math.max(1, Math.ceil(total * q));
  let seen = 0;
  for (const [bucket, count] of latency) {
    seen += count;
    if (seen >= wanted) return bucketLimitMs(bucket);
  }
  return null;
}
