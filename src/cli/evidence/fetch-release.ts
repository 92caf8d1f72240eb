import type { Client } from "../../api/client.ts";
import type { AttestationView } from "../../api/views.ts";
import { decodeBase64, digestBytes } from "../../evidence/bytes.ts";
import { type Release, releaseId } from "../../model/release.ts";
import type { Digest } from "../../model/primitives.ts";

/** A release with what is stated about it, as a server has it. Nothing of it is believed yet. */
export interface FetchedRelease {
  readonly release: Release;
  /** Computed here, from what the server sent. */
  readonly id: Digest;
  /** What the server calls it. */
  readonly claimedId: Digest;
  readonly attestations: readonly {
    readonly view: AttestationView;
    readonly bytes: Uint8Array;
    /** False when the bytes have another digest than the server said. */
    readonly intact: boolean;
  }[];
}

export async function fetchRelease(
  client: Client,
  params: { readonly service: string; readonly release: string },
): Promise<FetchedRelease> {
  const { id, release, attestations } = await client.call("releaseEvidence", { params });
  const wanted = attestations.filter(({ origin, erased }) => origin !== "own" && !erased);
  const fetched = [];
  for (const view of wanted) {
    const { digest } = view;
    const { content } = await client.call("attestationContent", { params: { ...params, digest } });
    const bytes = decodeBase64(content) ?? new Uint8Array();
    fetched.push({ view, bytes, intact: digestBytes(bytes) === digest });
  }
  return { release, id: releaseId(release), claimedId: id, attestations: fetched };
}
