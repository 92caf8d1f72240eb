import { QueryClient, queryOptions } from "@tanstack/react-query";
import type {
  DeploymentView,
  LaneView,
  PromotionView,
  ServerInfoView,
  TraceView,
} from "../../../src/api/views.ts";
import type { GateExplanation } from "../../../src/api/views/gate.ts";
import type { ManualRequestView } from "../../../src/api/routes/manual.ts";
import type { RawReportView } from "../../../src/api/routes/checks.ts";
import { ApiError, call } from "./call.ts";

export type PromotionSummary = Omit<PromotionView, "steps" | "checks" | "decision">;

interface List<T> {
  readonly items: readonly T[];
}

/** `next`: the page behind this one is asked for `after` it. */
export interface Paged<T> extends List<T> {
  readonly next: string | null;
}

/** Events say when something changed; this is for what they cannot tell. */
const slowRefreshMs = 30_000;

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      refetchInterval: slowRefreshMs,
      // The server is on this machine; "offline" says nothing about it.
      networkMode: "always",
      retry: (count, error) =>
        error instanceof ApiError && (error.status === 0 || error.status >= 500) && count < 2,
    },
    mutations: { networkMode: "always" },
  },
});

export const statusQuery = queryOptions({
  queryKey: ["status"],
  queryFn: ({ signal }) => call<List<LaneView>>("/api/v1/status", { signal }),
});

/** The newest, of which the matrix is made. */
export const promotionsQuery = promotionPage();

export function promotionPage(after?: string) {
  const behind = after === undefined ? "" : `&after=${encodeURIComponent(after)}`;
  return queryOptions({
    queryKey: ["promotions", after ?? ""],
    queryFn: ({ signal }) =>
      call<Paged<PromotionSummary>>(`/api/v1/promotions?limit=500${behind}`, { signal }),
  });
}

export function promotionQuery(id: string) {
  return queryOptions({
    queryKey: ["promotion", id],
    queryFn: ({ signal }) =>
      call<PromotionView>(`/api/v1/promotions/${encodeURIComponent(id)}`, { signal }),
  });
}

/** What the promotion asked people. Its key begins as the promotion's: what changes that changes this. */
export function askedQuery(id: string) {
  return queryOptions({
    queryKey: ["promotion", id, "asked"],
    queryFn: ({ signal }) =>
      call<List<ManualRequestView>>(`/api/v1/manual-checks?promotion=${encodeURIComponent(id)}`, {
        signal,
      }),
  });
}

/** Not asked anew whenever something happens: of what is not decided yet it is a whole decision. */
export function explanationQuery(id: string) {
  return queryOptions({
    queryKey: ["explanation", id],
    queryFn: ({ signal }) =>
      call<GateExplanation>(`/api/v1/promotions/${encodeURIComponent(id)}/explanation`, { signal }),
    retry: false,
  });
}

export interface DeploymentFilter {
  readonly service?: string;
  readonly environment?: string;
  /** RFC 3339. */
  readonly at?: string;
  readonly after?: string;
}

export function deploymentsQuery(filter: DeploymentFilter) {
  const search = new URLSearchParams({ limit: "200" });
  for (const [name, value] of Object.entries(filter)) if (value) search.set(name, String(value));
  return queryOptions({
    queryKey: ["deployments", search.toString()],
    queryFn: ({ signal }) =>
      call<Paged<DeploymentView>>(`/api/v1/deployments?${search}`, { signal }),
  });
}

export function traceQuery(revision: string) {
  return queryOptions({
    queryKey: ["trace", revision],
    queryFn: ({ signal }) =>
      call<List<TraceView>>(`/api/v1/commits/${encodeURIComponent(revision)}`, { signal }),
  });
}

export const serverQuery = queryOptions({
  queryKey: ["server"],
  queryFn: ({ signal }) => call<ServerInfoView>("/api/v1/server", { signal }),
});

/** Throws `ApiError` when the server does not take it. */
export async function tryToken(token: string): Promise<void> {
  await call<ServerInfoView>("/api/v1/server", { token });
}

export async function act(id: string, action: "abort" | "retry"): Promise<PromotionView> {
  const path = `/api/v1/promotions/${encodeURIComponent(id)}/${action}`;
  return call<PromotionView>(path, { method: "POST" });
}

/** A report never changes: it is asked for once. */
export function rawReportQuery(promotion: string, check: string) {
  const path = `/api/v1/promotions/${encodeURIComponent(promotion)}/checks/${encodeURIComponent(check)}/raw`;
  return queryOptions({
    queryKey: ["raw-report", promotion, check],
    staleTime: Infinity,
    refetchInterval: false,
    queryFn: async ({ signal }) => {
      const { run, content } = await call<RawReportView>(path, { signal });
      const bytes = Uint8Array.from(atob(content), (character) => character.charCodeAt(0));
      return { run, text: new TextDecoder().decode(bytes) };
    },
  });
}
