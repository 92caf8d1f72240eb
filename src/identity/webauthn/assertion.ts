import { z } from "zod";
import { concat, decodeBase64, sameBytes, utf8 } from "../../evidence/bytes.ts";
import { readJson } from "../../evidence/read-json.ts";
import { bad, good, type Result } from "../../evidence/result.ts";
import type { Assertion, Credential } from "../../model/webauthn.ts";
import { sha256 } from "../../ledger/crypto.ts";
import { algorithmNames, type CoseAlgorithm, readCoseKey } from "./cose-key.ts";

/**
 * Offline verification of a WebAuthn assertion (W3C Web Authentication Level 3, §7.2), in Node and browsers. An assertion
 * signs `authenticatorData || SHA-256(clientDataJSON)`; what it is about stands in the challenge.
 */

const ClientData = z.looseObject({
  type: z.string(),
  challenge: z.string(),
  origin: z.string(),
  crossOrigin: z.boolean().optional(),
  topOrigin: z.string().optional(),
});

export const flag = {
  present: 0x01,
  verified: 0x04,
  backupEligible: 0x08,
  backedUp: 0x10,
  attested: 0x40,
  extensions: 0x80,
} as const;

/** What an assertion that verified says of its authenticator. */
export interface Asserted {
  readonly algorithm: string;
  readonly signCount: number;
  /** Whether the key can be copied to other devices, and whether it was. */
  readonly backupEligible: boolean;
  readonly backedUp: boolean;
}

/** @param challenge the bytes that were to be signed: SHA-256 of a statement's PAE */
export function verifyAssertion(
  assertion: Assertion,
  credential: Credential,
  challenge: Uint8Array,
): Result<Asserted> {
  if (assertion.credentialId !== credential.credentialId) return bad("it is another credential's");
  const clientData = decodeBase64(assertion.clientDataJSON);
  const data = decodeBase64(assertion.authenticatorData);
  const signature = decodeBase64(assertion.signature);
  const cose = decodeBase64(credential.coseKey);
  if (!clientData || !data || !signature || !cose) return bad("the assertion is not base64url");
  const problem = clientProblem(clientData, credential.origins, challenge);
  if (problem !== null) return bad(problem);
  const seen = readAuthenticatorData(data, credential.rpId);
  if (!seen.ok) return seen;
  if ((seen.value.flags & flag.attested) !== 0) return bad("it is an enrolment, and no signature");
  if (seen.value.backupEligible !== (credential.backupEligible ?? seen.value.backupEligible)) {
    return bad("it says something else of whether its key can be copied than when it was enrolled");
  }
  const key = readCoseKey(cose);
  if (!key.ok) return key;
  if (!key.value.verify(concat(data, sha256(clientData)), signature)) {
    return bad("the signature is not the credential's");
  }
  return good({ algorithm: nameOf(key.value.algorithm), ...seen.value });
}

export function nameOf(algorithm: CoseAlgorithm): string {
  return algorithmNames[algorithm];
}

function clientProblem(
  bytes: Uint8Array,
  origins: readonly string[],
  challenge: Uint8Array,
): string | null {
  const read = readJson(bytes, ClientData, "the client data");
  if (!read.ok) return read.problem;
  const { type, challenge: given, origin, crossOrigin, topOrigin } = read.value;
  if (type !== "webauthn.get") return `it is of type ${JSON.stringify(type)}, and no assertion`;
  const decoded = /[+/=]/.test(given) ? null : decodeBase64(given);
  if (decoded === null || !sameBytes(decoded, challenge)) {
    return "its challenge is that of something else";
  }
  if (!origins.includes(origin)) return `it was made at ${JSON.stringify(origin)}`;
  if (crossOrigin === true || topOrigin !== undefined) {
    return "it was made inside a page of somebody else";
  }
  return null;
}

export interface AuthenticatorData {
  readonly flags: number;
  readonly signCount: number;
  readonly backupEligible: boolean;
  readonly backedUp: boolean;
  /** Behind the fixed part. */
  readonly rest: Uint8Array;
}

/** How often the authenticator says that it has signed; 0: it does not count (§6.1.1), or there is no such number. */
export function signCountOf(data: Uint8Array): number {
  return data.length < 37 ? 0 : new DataView(data.buffer, data.byteOffset + 33, 4).getUint32(0);
}

/** Whom it is for, that somebody was there and was verified, and what the flags say (§6.1). */
export function readAuthenticatorData(data: Uint8Array, rpId: string): Result<AuthenticatorData> {
  if (data.length < 37) return bad("the authenticator data is too short");
  if (!sameBytes(data.subarray(0, 32), sha256(utf8(rpId)))) {
    return bad(`it is for another site than ${rpId}`);
  }
  const flags = data[32] ?? 0;
  if ((flags & flag.present) === 0) return bad("nobody was present");
  if ((flags & flag.verified) === 0) return bad("whoever was there was not verified");
  const backupEligible = (flags & flag.backupEligible) !== 0;
  const backedUp = (flags & flag.backedUp) !== 0;
  if (backedUp && !backupEligible) return bad("it claims a backup of a key that has none");
  const rest = data.subarray(37);
  const further = (flags & (flag.attested | flag.extensions)) !== 0;
  if (!further && rest.length > 0) return bad("the authenticator data has bytes too many");
  return good({ flags, signCount: signCountOf(data), backupEligible, backedUp, rest });
}
