import { z } from "zod";
import { Duration } from "../../model/primitives.ts";
import { scanThresholds } from "../../ports/check.ts";

export const SignalsConfiguration = z.strictObject({
  /** Those that must be there and look: each has sent something, a heartbeat at least, before the window ends. */
  sources: z.array(z.string().min(1).max(128)).min(1).max(50),
  /** How long it is listened. */
  window: Duration.default(30_000),
  ...scanThresholds,
});
export type SignalsConfiguration = z.infer<typeof SignalsConfiguration>;
