import { z } from "zod";
import { EngagementKind } from "../../model/engagement.ts";
import { Duration } from "../../model/primitives.ts";

export const EngagementConfiguration = z.strictObject({
  /** What must have been done. */
  kind: EngagementKind.default("penetration-test"),
  /** At most so long ago it must have ended, however long it says that it counts. */
  within: Duration.default(365 * 86_400_000),
  /** Whether it has to have been of this very release. */
  ofThisRelease: z.boolean().default(false),
});
export type EngagementConfiguration = z.infer<typeof EngagementConfiguration>;
