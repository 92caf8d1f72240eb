import { z } from "zod";
import { Name } from "../model/primitives.ts";
import { FindingId } from "../model/finding.ts";
import { FindingMetrics, metricsFilter } from "./finding-metrics-views.ts";
import { findingFilter, FindingSummary, FindingView, ImportView } from "./finding-views.ts";

/**
 * Calls about findings. Reports themselves go up as a stream of bytes: `POST` to the path of `findingImports`, with
 * `ImportOptions` as query, answered by an `ImportView` (src/server/finding-uploads.ts).
 */

export const findingRoutes = {
  findingImports: {
    method: "GET",
    path: "/api/v1/services/:service/finding-imports",
    params: z.object({ service: Name }),
    query: z.object({ limit: z.coerce.number().int().min(1).max(500).default(50) }),
    response: z.object({ items: z.array(ImportView) }),
  },
  /** Most urgent first. */
  findingList: {
    method: "GET",
    path: "/api/v1/findings",
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
    query: z.object(metricsFilter),
    response: FindingMetrics,
  },
  findingShow: {
    method: "GET",
    path: "/api/v1/findings/:id",
    params: z.object({ id: FindingId }),
    response: FindingView,
  },
} as const;
