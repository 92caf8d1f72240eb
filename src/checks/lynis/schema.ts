import { z } from "zod";
import { scanThresholds } from "../../ports/check.ts";

export const LynisConfiguration = z.strictObject({
  ...scanThresholds,
  /** Groups of its tests (`lynis show groups`); all where none is named. */
  groups: z
    .array(z.string().regex(/^[a-z_]{1,50}$/, "write a group, e.g. kernel"))
    .max(50)
    .default([]),
});
export type LynisConfiguration = z.infer<typeof LynisConfiguration>;
