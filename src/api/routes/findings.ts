import { After, page } from "../page.ts";
import { z } from "zod";
import { at, found, listed, ofService } from "../../model/permissions.ts";
import { Name } from "../../model/primitives.ts";
import { FindingId } from "../../model/finding.ts";
import { FindingAct } from "../../model/finding-act.ts";
import { FindingMetrics, metricsFilter } from "../views/finding-metrics.ts";
import {
  findingFilter,
  FindingSummary,
  FindingView,
  ImportView,
  MissingReport,
  ProposalView,
} from "../views/finding.ts";

/**
 * Calls about findings. Reports themselves go up as a stream of bytes: `POST` to the path of `findingImports`, with
 * `ImportOptions` as query, answered by an `ImportView` (src/server/files/finding-uploads.ts).
 */

export const findingRoutes = {
  findingImports: {
    method: "GET",
    path: "/api/v1/services/:service/finding-imports",
    permission: "finding.read",
    resource: ofService,
    params: z.object({ service: Name }),
    query: z.object({ limit: z.coerce.number().int().min(1).max(500).default(50) }),
    response: z.object({
      items: z.array(ImportView),
      /** Reports of Tidelock's own scans that are not among the findings. */
      missing: z.array(MissingReport),
    }),
  },
  /** Takes in now the report of an own scan that rests or was given up; refused with why where it cannot be. */
  findingRetry: {
    method: "POST",
    path: "/api/v1/services/:service/finding-imports/retry",
    permission: "finding.import",
    resource: ofService,
    params: z.object({ service: Name }),
    body: z.strictObject({ run: z.string().min(1).max(300) }),
    response: ImportView,
  },
  /** As `findingList`, each with all that is known of it: what an export is made of. */
  findingDetails: {
    method: "GET",
    path: "/api/v1/finding-details",
    permission: "finding.read",
    resource: at("query.service", "any"),
    query: z.object({
      ...findingFilter,
      limit: z.coerce.number().int().min(1).max(200).default(100),
      after: z.string().max(200).optional(),
    }),
    response: z.object({
      items: z.array(FindingView),
      total: z.int().nonnegative(),
      next: z.string().nullable(),
    }),
  },
  /** Most urgent first. */
  findingList: {
    method: "GET",
    path: "/api/v1/findings",
    permission: "finding.read",
    resource: at("query.service", "any"),
    query: z.object({
      ...findingFilter,
      limit: z.coerce.number().int().min(1).max(500).default(50),
      /** `next` of the page before. */
      after: z.string().max(200).optional(),
    }),
    response: z.object({
      items: z.array(FindingSummary),
      total: z.int().nonnegative(),
      next: z.string().nullable(),
    }),
  },
  findingMetrics: {
    method: "GET",
    path: "/api/v1/findings/metrics",
    permission: "finding.read",
    resource: at("query.service", "any"),
    query: z.object(metricsFilter),
    response: FindingMetrics,
  },
  findingShow: {
    method: "GET",
    path: "/api/v1/findings/:id",
    permission: "finding.read",
    resource: found("finding", "params.id"),
    params: z.object({ id: FindingId }),
    response: FindingView,
  },
  /** Says something of it. What would unblock a gate is only proposed: two people have to sign it. */
  findingAct: {
    method: "POST",
    path: "/api/v1/findings/:id/acts",
    permission: "finding.act",
    resource: found("finding", "params.id"),
    params: z.object({ id: FindingId }),
    body: z.strictObject({
      act: FindingAct,
      /** `changes` of the finding that was looked at; `conflict` when somebody was quicker. */
      changes: z.int().positive().optional(),
    }),
    response: z.object({ act: z.string(), proposal: ProposalView.nullable() }),
  },
  findingConsent: {
    method: "POST",
    path: "/api/v1/finding-consents",
    permission: "finding.judge",
    resource: found("finding-proposal", "body.proposal"),
    body: z.strictObject({
      proposal: z.string().min(1).max(64),
      /** DSSE envelope in base64. */
      envelope: z.string().max(256 * 1024),
    }),
    response: ProposalView,
  },
  findingProposals: {
    method: "GET",
    path: "/api/v1/finding-proposals",
    permission: "finding.read",
    resource: listed("proposed.service", null),
    query: z.object({
      service: Name.optional(),
      state: z.enum(["waiting", "any"]).default("waiting"),
      limit: z.coerce.number().int().min(1).max(500).default(50),
      after: After,
    }),
    response: page(ProposalView),
  },
} as const;
