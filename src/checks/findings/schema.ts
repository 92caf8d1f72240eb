import { z } from "zod";
import { FindingKind } from "../../model/observation.ts";
import { Duration } from "../../model/primitives.ts";
import { scanThresholds } from "../../ports/check.ts";

export const FindingsConfiguration = z.strictObject({
  ...scanThresholds,
  /** Only findings of these kinds; without it of all. */
  kinds: z.array(FindingKind).min(1).optional(),
  /** Only what the live release is not known to have. */
  newOnly: z.boolean().default(false),
  /** What is open longer than its term allows, however bad it is. */
  overdue: z.enum(["fail", "warn", "ignore"]).default("ignore"),
  /** What is known to be exploited, however bad its tools say that it is. */
  knownExploited: z.enum(["fail", "ignore"]).default("fail"),
  /** Each of these has to have scanned this release, whole; `*` stands for any characters. Without it any one. */
  tools: z.array(z.string().min(1).max(128)).min(1).max(50).optional(),
  /** An older scan shows nothing of today. */
  maxScanAge: Duration.default(7 * 86_400_000),
});
export type FindingsConfiguration = z.infer<typeof FindingsConfiguration>;
