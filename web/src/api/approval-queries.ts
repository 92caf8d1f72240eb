import { queryOptions } from "@tanstack/react-query";
import type { ApprovalMine, ApprovalView } from "../../../src/api/routes/approvals.ts";
import { call } from "./call.ts";
import type { Paged } from "./queries.ts";

/** As it stands in the address. */
export interface ApprovalSearch {
  readonly service?: string;
  readonly environment?: string;
  readonly show?: "mine" | "open" | "any";
  readonly after?: string;
}

type List = Paged<ApprovalView>;

export function approvalsQuery({ service, environment, after, show = "open" }: ApprovalSearch) {
  const search = new URLSearchParams({ limit: "200", state: show === "any" ? "any" : "open" });
  if (show === "mine") search.set("waitsFor", "me");
  if (after !== undefined) search.set("after", after);
  if (service !== undefined) search.set("service", service);
  if (environment !== undefined) search.set("environment", environment);
  return queryOptions({
    queryKey: ["approvals", search.toString()],
    queryFn: ({ signal }) => call<List>(`/api/v1/approvals?${search}`, { signal }),
  });
}

/** What waits for whoever is signed in: a mark in the navigation. */
export const waitingQuery = queryOptions({
  queryKey: ["approvals", "waiting"],
  queryFn: ({ signal }) =>
    call<List>("/api/v1/approvals?state=open&waitsFor=me&limit=100", { signal }),
  retry: false,
});

/** Earlier requests of the same promotion: what changed since is why they are void. */
export function approvalsOfQuery(promotion: string) {
  const search = new URLSearchParams({ promotion, state: "any", limit: "20" });
  return queryOptions({
    queryKey: ["approvals", search.toString()],
    queryFn: ({ signal }) => call<List>(`/api/v1/approvals?${search}`, { signal }),
  });
}

export function approvalQuery(id: string) {
  return queryOptions({
    queryKey: ["approval", id],
    queryFn: ({ signal }) =>
      call<ApprovalView>(`/api/v1/approvals/${encodeURIComponent(id)}`, { signal }),
  });
}

export function approvalMineQuery(id: string) {
  return queryOptions({
    queryKey: ["approval", id, "mine"],
    queryFn: ({ signal }) =>
      call<ApprovalMine>(`/api/v1/approvals/${encodeURIComponent(id)}/mine`, { signal }),
  });
}

export async function answerApproval(id: string, signed: string): Promise<ApprovalView> {
  const path = `/api/v1/approvals/${encodeURIComponent(id)}/answers`;
  return call<ApprovalView>(path, { method: "POST", body: { signed } });
}
