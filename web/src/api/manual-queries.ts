import { queryOptions } from "@tanstack/react-query";
import type { ManualRequestView } from "../../../src/api/routes/manual.ts";
import type { SignerView } from "../../../src/model/signer-view.ts";
import { call } from "./call.ts";

const path = "/api/v1/manual-checks";

/** What waits for people now. */
export const openChecksQuery = queryOptions({
  queryKey: ["manual-checks"],
  queryFn: ({ signal }) => call<{ readonly items: readonly ManualRequestView[] }>(path, { signal }),
});

export function manualCheckQuery(request: string) {
  return queryOptions({
    queryKey: ["manual-check", request],
    queryFn: ({ signal }) =>
      call<ManualRequestView>(`${path}/show`, { method: "POST", body: { request }, signal }),
  });
}

export function manualMineQuery(request: string) {
  return queryOptions({
    queryKey: ["manual-check", request, "mine"],
    queryFn: ({ signal }) =>
      call<SignerView>(`${path}/mine`, { method: "POST", body: { request }, signal }),
  });
}

export async function answerCheck(request: string, envelope: string): Promise<ManualRequestView> {
  return call(`${path}/answer`, { method: "POST", body: { request, envelope } });
}

export async function beginSession(request: string): Promise<ManualRequestView> {
  return call(`${path}/begin`, { method: "POST", body: { request } });
}
