import { z } from "zod";
import { scanThresholds } from "../../ports/check.ts";

/** What every external scanner of a release's files can be told. */
export const fileScan = {
  ...scanThresholds,
  /**
   * Paths that are left out, as globs over the whole path. Only the pipeline says so, never a file of the
   * tree. Packages of others are the business of the advisory checks.
   */
  exclude: z
    .array(z.string().min(1).max(500))
    .max(100)
    .default(["node_modules", "**/node_modules"]),
};
