import { z } from "zod";
import { found, inLane } from "../../model/permissions.ts";
import { Conformance } from "../../model/conformance.ts";
import { Plan } from "../../model/plan.ts";
import { Digest, Name } from "../../model/primitives.ts";

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

/** The report before a switch, and the digest of the signed statement that holds it. */
export const ConformanceView = z.object({ statement: Digest, report: Conformance });
export type ConformanceView = z.infer<typeof ConformanceView>;

/** What an environment demands of a service now: its registered pipeline and the floor together. */
export const DemandsView = z.object({
  service: Name,
  environment: Name,
  /** Version of the registered pipeline. */
  pipeline: z.int(),
  /** Names of those that the environment's owners demand. */
  floor: z.array(Name),
  checks: Plan.shape.checks,
});
export type DemandsView = z.infer<typeof DemandsView>;

export const checkRoutes = {
  checkDemands: {
    method: "GET",
    path: "/api/v1/services/:service/environments/:environment/checks",
    permission: "pipeline.read",
    resource: inLane,
    params: z.object({ service: Name, environment: Name }),
    response: DemandsView,
  },
  promotionConformance: {
    method: "GET",
    path: "/api/v1/promotions/:id/conformance",
    permission: "promotion.read",
    resource: found("promotion", "params.id"),
    params: z.object({ id: z.string().min(1).max(64) }),
    response: ConformanceView,
  },
  /** Of the newest attempt that has one. */
  checkRaw: {
    method: "GET",
    path: "/api/v1/promotions/:id/checks/:check/raw",
    permission: "check.read",
    resource: found("promotion", "params.id"),
    params: checkParams,
    response: RawReportView,
  },
} as const;
