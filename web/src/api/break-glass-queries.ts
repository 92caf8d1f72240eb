import { queryOptions } from "@tanstack/react-query";
import type { BreakGlassView } from "../../../src/api/routes/break-glass.ts";
import type { SignerView } from "../../../src/model/signer-view.ts";
import { call } from "./call.ts";

/** Newest first. `open`: asked for, in force, or a review is owed. */
export function glassesQuery(state: "open" | "any") {
  return queryOptions({
    queryKey: ["break-glass", state],
    queryFn: ({ signal }) =>
      call<{ readonly items: readonly BreakGlassView[] }>(
        `/api/v1/break-glass?state=${state}&limit=500`,
        { signal },
      ),
  });
}

const path = (id: string) => `/api/v1/break-glass/${encodeURIComponent(id)}`;

export function glassQuery(id: string) {
  return queryOptions({
    queryKey: ["break-glass", id],
    queryFn: ({ signal }) => call<BreakGlassView>(path(id), { signal }),
  });
}

export function glassMineQuery(id: string) {
  return queryOptions({
    queryKey: ["break-glass", id, "mine"],
    queryFn: ({ signal }) => call<SignerView>(`${path(id)}/mine`, { signal }),
  });
}

export async function signGlass(id: string, signed: string): Promise<BreakGlassView> {
  return call(`${path(id)}/signatures`, { method: "POST", body: { signed } });
}

export async function reviewGlass(id: string, signed: string): Promise<BreakGlassView> {
  return call(`${path(id)}/review`, { method: "POST", body: { signed } });
}
