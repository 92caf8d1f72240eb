import { z } from "zod";
import { Digest, Name } from "../model/primitives.ts";

/** Calls about single check runs; promotions show them together. */

const checkParams = z.object({ id: z.string().min(1).max(64), check: Name });

/** A raw report as it was kept: without secrets, perhaps cut. */
export const RawReportView = z.object({
  /** `<promotion>/<step>/<name>/<attempt>`. */
  run: z.string(),
  format: z.string(),
  /** Of its bytes; the run's evidence names it. */
  digest: Digest,
  bytes: z.int(),
  truncated: z.boolean(),
  /** base64 */
  content: z.string(),
});
export type RawReportView = z.infer<typeof RawReportView>;

export const checkRoutes = {
  /** Of the newest attempt that has one. */
  checkRaw: {
    method: "GET",
    path: "/api/v1/promotions/:id/checks/:check/raw",
    params: checkParams,
    response: RawReportView,
  },
} as const;
