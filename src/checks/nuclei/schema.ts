import { z } from "zod";
import { scanThresholds } from "../../ports/check.ts";

export const NucleiConfiguration = z.strictObject({
  ...scanThresholds,
  /** Folders below `$TIDELOCK_TOOL_DATA/nuclei`, which the server's owner fills with templates. */
  templates: z
    .array(
      z.string().regex(/^[\w-]{1,100}(?:\/[\w-]{1,100}){0,5}$/, "write a folder, e.g. http/cves"),
    )
    .min(1)
    .max(50)
    .default(["http"]),
  requestsPerSecond: z.int().min(1).max(1_000).default(100),
});
export type NucleiConfiguration = z.infer<typeof NucleiConfiguration>;
