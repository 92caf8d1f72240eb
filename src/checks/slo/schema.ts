import { z } from "zod";
import { Duration } from "../../model/primitives.ts";

const Share = z.number().min(0).max(1);
const Milliseconds = z.number().positive().max(600_000);

export const SloConfiguration = z.strictObject({
  /** How long users are looked at. */
  window: Duration.default(30_000),
  /** Fewer users' requests than this say nothing. */
  minRequests: z.int().min(1).max(10_000_000).default(100),
  /** What too few requests are: nothing proven, or something that `allowWarn` lets pass. */
  tooFew: z.enum(["inconclusive", "warn"]).default("inconclusive"),
  /** The greatest share of the requests that may fail. */
  errors: Share.default(0.01),
  /** Milliseconds within which half, 95 % and 99 % of the requests are answered. */
  latency: z
    .strictObject({
      p50: Milliseconds.optional(),
      p95: Milliseconds.optional(),
      p99: Milliseconds.optional(),
    })
    .default({}),
  /** How much worse than what users met before it may be. */
  previous: z
    .strictObject({
      /** Added to the share that failed there. */
      errors: Share.optional(),
      /** Times its 95th percentile. */
      latency: z.number().min(1).max(1_000).optional(),
    })
    .default({}),
});
export type SloConfiguration = z.infer<typeof SloConfiguration>;
