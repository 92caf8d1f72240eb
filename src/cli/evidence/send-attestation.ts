import type { Client } from "../../api/client.ts";
import type { AttestationView } from "../../api/views.ts";
import { digestBytes } from "../../evidence/bytes.ts";

/** Bytes first, then what they are about. */
export async function sendAttestation(
  client: Client,
  params: { readonly service: string; readonly release: string },
  bytes: Uint8Array,
): Promise<AttestationView> {
  const digest = digestBytes(bytes);
  if (!(await client.hasBlob(digest))) await client.putBlob(digest, bytes.length, once(bytes));
  return client.call("releaseAttest", { params, body: { digest } });
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
