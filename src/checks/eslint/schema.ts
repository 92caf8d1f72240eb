import { z } from "zod";
import { fileScan } from "../tool/settings.ts";

export const EslintConfiguration = z.strictObject({
  ...fileScan,
  /** How `.js` files are to be read; `.mjs` and `.cjs` say it themselves. */
  sourceType: z.enum(["module", "commonjs", "script"]).default("module"),
});
export type EslintConfiguration = z.infer<typeof EslintConfiguration>;
