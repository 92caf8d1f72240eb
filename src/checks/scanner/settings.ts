import { z } from "zod";
import { scanThresholds } from "../../ports/check.ts";

/** What every scanner of a release's files can be told. */
export const scanSettings = {
  ...scanThresholds,
  /**
   * Paths that are not examined, as globs over the whole path (`test/fixtures/**`). Only the pipeline says
   * so, never a file of the tree; the report counts what was left out.
   */
  exclude: z.array(z.string().min(1).max(500)).max(100).default([]),
  /** So many files may fail to be examined; one more and the scan is `partial`. */
  unreadable: z.int().nonnegative().default(0),
};

/** For rules about source code: hits that the live release has as well can be left to their findings. */
export const baselineSetting = {
  /**
   * `live`: hits that the live release of the environment has too are marked `unchanged` and not judged.
   * `none`: every hit is judged.
   */
  baseline: z.enum(["none", "live"]).default("none"),
};

export interface ScanSettings {
  readonly exclude: readonly string[];
  readonly unreadable: number;
}
