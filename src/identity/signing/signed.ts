import { decodeUtf8 } from "../../evidence/bytes.ts";
import { statementPayloadType, verifyEnvelope } from "../../evidence/dsse.ts";
import type { PublicKey } from "../../evidence/keys.ts";
import { readPersonSignature } from "../../evidence/person-signature.ts";
import { bad, good, type Result } from "../../evidence/result.ts";
import { canonicalJson } from "../../model/canonical.ts";
import { ambiguity } from "../../model/json-ambiguity.ts";
import type { Credential } from "../../model/webauthn.ts";
import { type Asserted, verifyAssertion } from "../webauthn/assertion.ts";
import { signingChallenge } from "./challenge.ts";

/** One way to verify what a person signed: approvals, answers, consents, reviews. Offline, and in browsers too. */

/** Keys that count as one person's. */
export interface PersonKeys {
  readonly keys: readonly PublicKey[];
  readonly credentials: readonly (Credential & { readonly id: string })[];
}

export interface Signed<T> {
  /** What the statement says. */
  readonly said: T;
  /** Id of the key that signed. */
  readonly key: string;
  /** Of a passkey: what it said of itself; null for a key file. */
  readonly asserted: Asserted | null;
}

/**
 * @param says what of a payload counts here: whether it states exactly what was asked, of the kind that was asked
 */
export function verifySigned<T>(
  bytes: Uint8Array,
  keys: PersonKeys,
  says: (payload: Uint8Array) => Result<T>,
): Result<Signed<T>> {
  const signed = signerOf(bytes, keys);
  if (!signed.ok) return signed;
  const { payload, key, asserted } = signed.value;
  if (!isOneSpelling(payload)) {
    return bad(
      "its payload is not canonical JSON: another program could read something else in it",
    );
  }
  const said = says(payload);
  return said.ok ? good({ said: said.value, key, asserted }) : said;
}

/** A member that stands twice, and whatever else two readers take for two things, is another text than this. */
function isOneSpelling(payload: Uint8Array): boolean {
  const text = decodeUtf8(payload);
  if (text === null || ambiguity(text) !== null) return false;
  try {
    return canonicalJson(JSON.parse(text)) === text;
  } catch {
    return false;
  }
}

interface SignedPayload {
  readonly payload: Uint8Array;
  readonly key: string;
  readonly asserted: Asserted | null;
}

/** The bytes that one of these keys signed. */
function signerOf(bytes: Uint8Array, { keys, credentials }: PersonKeys): Result<SignedPayload> {
  const read = readPersonSignature(bytes);
  if (!read.ok) return read;
  if (read.value.kind === "envelope") {
    const trust = { keys, payloadType: statementPayloadType };
    const verified = verifyEnvelope(read.value.envelope, trust);
    if (!verified.ok) return verified;
    const { payload, keys: signers } = verified.value;
    return good({ payload, key: signers[0] ?? "", asserted: null });
  }
  const { payload, assertion } = read.value;
  const credential = credentials.find((one) => one.credentialId === assertion.credentialId);
  if (!credential) return bad("this credential is none of the person's");
  const { id, ...enrolled } = credential;
  const asserted = verifyAssertion(assertion, enrolled, signingChallenge(payload));
  return asserted.ok ? good({ payload, key: id, asserted: asserted.value }) : asserted;
}
