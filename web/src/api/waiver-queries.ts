import { queryOptions } from "@tanstack/react-query";
import type { WaiverView } from "../../../src/api/routes/waivers.ts";
import type { SignerView } from "../../../src/model/signer-view.ts";
import { call } from "./call.ts";
import type { Paged } from "./queries.ts";

/** As it stands in the address. */
export interface WaiverSearch {
  readonly service?: string;
  readonly environment?: string;
  readonly finding?: string;
  readonly state?: string;
  readonly after?: string;
}

export function waiversQuery(filter: WaiverSearch) {
  const search = new URLSearchParams({ limit: "500" });
  for (const [name, value] of Object.entries(filter)) if (value) search.set(name, String(value));
  return queryOptions({
    queryKey: ["waivers", search.toString()],
    queryFn: ({ signal }) => call<Paged<WaiverView>>(`/api/v1/waivers?${search}`, { signal }),
  });
}

export function waiverQuery(id: string) {
  return queryOptions({
    queryKey: ["waiver", id],
    queryFn: ({ signal }) =>
      call<WaiverView>(`/api/v1/waivers/${encodeURIComponent(id)}`, { signal }),
  });
}

export function waiverMineQuery(id: string) {
  return queryOptions({
    queryKey: ["waiver", id, "mine"],
    queryFn: ({ signal }) =>
      call<SignerView>(`/api/v1/waivers/${encodeURIComponent(id)}/mine`, { signal }),
  });
}

export async function signWaiver(id: string, envelope: string): Promise<WaiverView> {
  const path = `/api/v1/waivers/${encodeURIComponent(id)}/signatures`;
  return call(path, { method: "POST", body: { envelope } });
}
