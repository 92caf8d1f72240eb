import { z } from "zod";
import { scanSettings } from "../scanner/settings.ts";

export const BuildLogConfiguration = z.strictObject({
  ...scanSettings,
  /** Every warning counts: one is a hit of medium severity. */
  failOn: scanSettings.failOn.unwrap().default("medium"),
  /** Where the build left its log, in the release. */
  path: z.string().min(1).max(1_000).default("build.log"),
  /** Lines that contain one of these are no warnings. Plain text, so that none of them takes for ever. */
  ignore: z.array(z.string().min(3).max(300)).max(100).default([]),
  /** Fewer lines are no build's log. */
  minimumLines: z.int().positive().default(3),
});
export type BuildLogConfiguration = z.infer<typeof BuildLogConfiguration>;
