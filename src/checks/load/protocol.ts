import { z } from "zod";

/**
 * What the server and the process that makes the load say to each other.
 *
 *   stdin    one line of JSON (`LoadOrder`); it stays open, and the process ends when it closes: with its server
 *   stdout   one JSON document (`LoadReply`), at most `maxReplyBytes`
 *   stderr   one line about what went wrong
 */
export const maxReplyBytes = 1024 * 1024;
export const maxOrderBytes = 64 * 1024 * 1024;

const count = z.int().nonnegative();

/** Where to connect: addresses that were judged before; no name is asked for by the process. */
const LoadTarget = z.strictObject({
  secure: z.boolean(),
  /** For the certificate's check. */
  host: z.string(),
  address: z.string(),
  port: z.int().min(1).max(65_535),
  authority: z.string(),
});

const LoadRoute = z.strictObject({
  method: z.string(),
  path: z.string(),
  headers: z.record(z.string(), z.string()),
  body: z.string().nullable(),
  weight: z.int().min(1),
  /** Null: any from 200 to 299. */
  statuses: z.array(z.int()).nullable(),
  contains: z.string().nullable(),
});
export type LoadRoute = z.infer<typeof LoadRoute>;

export const LoadOrder = z.strictObject({
  targets: z.array(LoadTarget).min(1),
  routes: z.array(LoadRoute).min(1),
  connections: z.int().min(1),
  /** Requests a second, evenly spaced; null: as fast as the answers come. */
  rate: z.number().positive().nullable(),
  warmUpMs: count,
  durationMs: z.int().positive(),
  timeoutMs: z.int().positive(),
  maxBodyBytes: z.int().positive(),
  mostRequests: z.int().positive(),
  ca: z.string().nullable(),
});
export type LoadOrder = z.infer<typeof LoadOrder>;

/** Why a request has no whole answer, or one that is not the expected one although its status is. */
export const Failure = z.enum([
  "timeout",
  /** It was due, and within its time limit no connection became free. */
  "unsent",
  "refused",
  "reset",
  "cut",
  "garbage",
  "too-large",
  "wrong-body",
  "upgrade",
  "other",
]);
export type Failure = z.infer<typeof Failure>;

const Latency = z.strictObject({
  p50: z.number().nonnegative(),
  p95: z.number().nonnegative(),
  p99: z.number().nonnegative(),
  max: z.number().nonnegative(),
});
export type Latency = z.infer<typeof Latency>;

export const RouteCounts = z.strictObject({
  /** Expected answers. */
  answered: count,
  /** Answers by status, those that were not expected. */
  unexpected: z.record(z.string().regex(/^\d{3}$/), count),
  failures: z.partialRecord(Failure, count),
  /**
   * Of expected answers, and of requests without any within the time limit (as at least that long), in
   * milliseconds from when each was due. Quick refusals are left out: they would flatter it.
   */
  latency: Latency.nullable(),
  bytes: count,
});
export type RouteCounts = z.infer<typeof RouteCounts>;

export const LoadReply = z.strictObject({
  /** In the order of the order's routes. */
  routes: z.array(RouteCounts),
  /** Requests that were due, or begun, while it was measured. */
  asked: count,
  /** How long was measured. */
  seconds: z.number().nonnegative(),
  /** The most requests that were under way at once. */
  mostUnderWay: count,
  generator: z.strictObject({
    /** Share of the time in which its event loop was busy, 0 to 1. */
    utilisation: z.number().min(0).max(1),
    /** How late it took up requests that were due, p95 and worst, in milliseconds. Zero without a rate. */
    lateP95Ms: z.number().nonnegative(),
    lateMaxMs: z.number().nonnegative(),
    /** Requests that this machine could not send: no port, no file descriptor. */
    starved: count,
  }),
});
export type LoadReply = z.infer<typeof LoadReply>;
