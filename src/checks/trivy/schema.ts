import { z } from "zod";
import { fileScan } from "../tool/settings.ts";

export const TrivyConfiguration = z.strictObject({
  ...fileScan,
  /** Packages too: needs a database in `$TIDELOCK_TOOL_DATA/trivy/db`. */
  vulnerabilities: z.boolean().default(false),
});
export type TrivyConfiguration = z.infer<typeof TrivyConfiguration>;
