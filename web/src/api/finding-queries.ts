import { queryOptions } from "@tanstack/react-query";
import type { FindingMetrics } from "../../../src/api/views/finding-metrics.ts";
import type { FindingSummary, FindingView, ImportView } from "../../../src/api/views/finding.ts";
import { call } from "./call.ts";

/** What a list can be narrowed to; the numbers name their rows by the same words. */
export const filterKeys = [
  "service",
  "environment",
  "status",
  "state",
  "severity",
  "severityIs",
  "kind",
  "tool",
  "foundBy",
  "onlyBy",
  "foundIn",
  "stage",
  "foundFrom",
  "foundUntil",
  "closedFrom",
  "closedUntil",
  "reopened",
  "gone",
  "sla",
  "assignee",
  "overdue",
  "search",
] as const;

/** As it stands in the address. `after`: behind which finding the page begins. */
export type FindingSearch = Partial<Record<(typeof filterKeys)[number] | "after", string>>;

interface Page {
  readonly items: readonly FindingSummary[];
  readonly total: number;
  readonly next: string | null;
}

export function findingsQuery(filter: FindingSearch, limit = 100) {
  const search = new URLSearchParams({ limit: String(limit) });
  for (const [name, value] of Object.entries(filter)) if (value) search.set(name, value);
  return queryOptions({
    queryKey: ["findings", search.toString()],
    queryFn: ({ signal }) => call<Page>(`/api/v1/findings?${search}`, { signal }),
  });
}

export function findingQuery(id: string) {
  return queryOptions({
    queryKey: ["finding", id],
    queryFn: ({ signal }) =>
      call<FindingView>(`/api/v1/findings/${encodeURIComponent(id)}`, { signal }),
  });
}

export interface MetricsSearch {
  readonly service?: string;
  readonly kind?: string;
  readonly days?: string;
}

export function metricsQuery(filter: MetricsSearch) {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(filter)) if (value) search.set(name, String(value));
  return queryOptions({
    queryKey: ["finding-metrics", search.toString()],
    queryFn: ({ signal }) => call<FindingMetrics>(`/api/v1/findings/metrics?${search}`, { signal }),
  });
}

export function importsQuery(service: string) {
  return queryOptions({
    queryKey: ["finding-imports", service],
    enabled: service !== "",
    queryFn: ({ signal }) =>
      call<{ readonly items: readonly ImportView[] }>(
        `/api/v1/services/${encodeURIComponent(service)}/finding-imports?limit=200`,
        { signal },
      ),
  });
}
