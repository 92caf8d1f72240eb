import { z } from "zod";
import { fileScan } from "../tool/settings.ts";

export const SemgrepConfiguration = z.strictObject({
  ...fileScan,
  /**
   * `tidelock`: the rules that come with Tidelock. Any other name is a file `<name>.yml` of the server's owner
   * in `$TIDELOCK_TOOL_RULES/semgrep`. Rules of the scanned tree are never used.
   */
  rules: z
    .array(z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/i, "a name, not a path"))
    .min(1)
    .max(20)
    .default(["tidelock"]),
});
export type SemgrepConfiguration = z.infer<typeof SemgrepConfiguration>;
