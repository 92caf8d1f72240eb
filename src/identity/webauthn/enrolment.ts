import { z } from "zod";
import { decodeBase64, encodeBase64, sameBytes } from "../../evidence/bytes.ts";
import { readJson } from "../../evidence/read-json.ts";
import { bad, good, type Result } from "../../evidence/result.ts";
import { toHex } from "../../ledger/bytes.ts";
import type { Credential, NewCredential } from "../../model/webauthn.ts";
import { flag, nameOf, readAuthenticatorData } from "./assertion.ts";
import { readCborMap } from "./cbor.ts";
import { readCoseKey } from "./cose-key.ts";

const ClientData = z.looseObject({
  type: z.literal("webauthn.create"),
  challenge: z.string(),
  origin: z.string(),
  crossOrigin: z.boolean().optional(),
});

export interface Enrolled {
  /** With `aaguid` (many say nothing but zeros) and `backupEligible`. */
  readonly credential: Credential;
  readonly algorithm: string;
  readonly backupEligible: boolean;
  readonly backedUp: boolean;
  readonly signCount: number;
}

/** The credential in what a browser answered to a challenge of ours. */
export function readNewCredential(
  made: NewCredential,
  expected: { readonly challenge: Uint8Array; readonly rpId: string; readonly origin: string },
): Result<Enrolled> {
  const data = decodeBase64(made.authenticatorData);
  const client = decodeBase64(made.clientDataJSON);
  if (!data || !client) return bad("the credential is not base64url");
  const said = readJson(client, ClientData, "the client data");
  if (!said.ok) return said;
  const challenge = decodeBase64(said.value.challenge);
  if (challenge === null || !sameBytes(challenge, expected.challenge)) {
    return bad("its challenge is that of something else");
  }
  if (said.value.origin !== expected.origin || said.value.crossOrigin === true) {
    return bad(`it was made at ${JSON.stringify(said.value.origin)}`);
  }
  const seen = readAuthenticatorData(data, expected.rpId);
  if (!seen.ok) return seen;
  if ((seen.value.flags & flag.attested) === 0) return bad("it holds no new credential");
  const { rest, backedUp, backupEligible, signCount } = seen.value;
  // aaguid (16), length of the id (2), the id, and the key.
  const length = ((rest[16] ?? 0) << 8) | (rest[17] ?? 0);
  const id = rest.subarray(18, 18 + length);
  const key = readCborMap(rest, 18 + length);
  if (length === 0 || length > 1_023 || id.length !== length || key === null) {
    return bad("the new credential cannot be read");
  }
  const cose = rest.subarray(18 + length, key.end);
  const readable = readCoseKey(cose);
  if (!readable.ok) return readable;
  return good({
    credential: {
      credentialId: encodeBase64url(id),
      coseKey: encodeBase64url(cose),
      rpId: expected.rpId,
      origins: [expected.origin],
      aaguid: uuidOf(rest.subarray(0, 16)),
      backupEligible,
    },
    algorithm: nameOf(readable.value.algorithm),
    backupEligible,
    backedUp,
    signCount,
  });
}

function uuidOf(bytes: Uint8Array): string {
  return toHex(bytes).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

export function encodeBase64url(bytes: Uint8Array): string {
  return encodeBase64(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
