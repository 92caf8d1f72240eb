import { z } from "zod";
import type { ApprovalAnswer } from "../../model/approval.ts";
import { decodeBase64 } from "../../evidence/bytes.ts";
import { readEnvelope, statementPayloadType, verifyEnvelope } from "../../evidence/dsse.ts";
import type { PublicKey } from "../../evidence/keys.ts";
import { readJson } from "../../evidence/read-json.ts";
import { bad, good, type Result } from "../../evidence/result.ts";
import { Assertion, type Credential } from "../../model/webauthn.ts";
import { type Asserted, verifyAssertion } from "../webauthn/assertion.ts";
import {
  type Approval,
  approvalChallenge,
  approvalOf,
  readApprovalPayload,
  type ToApprove,
} from "./statement.ts";

/** A signed approval as it is kept: an envelope signed by a key file, or a payload with a passkey's assertion beside it. */

/** Not a DSSE envelope: what an authenticator signs is no PAE, and a verifier of envelopes has to refuse it. */
export const AssertedApproval = z.strictObject({
  payloadType: z.literal(statementPayloadType),
  /** The statement in base64. */
  payload: z.string().max(2_000_000),
  webauthn: Assertion,
});
export type AssertedApproval = z.infer<typeof AssertedApproval>;

/** Keys that count as one person's. */
export interface PersonKeys {
  readonly keys: readonly PublicKey[];
  readonly credentials: readonly (Credential & { readonly id: string })[];
}

export interface VerifiedApproval {
  readonly answer: ApprovalAnswer;
  /** Id of the key that signed. */
  readonly key: string;
  /** Of a passkey: what it said of itself. */
  readonly asserted: Asserted | null;
}

function payloadOf(bytes: Uint8Array): Result<{
  readonly payload: Uint8Array;
  readonly assertion: Assertion | null;
}> {
  const asserted = readJson(bytes, AssertedApproval, "the approval");
  const envelope = asserted.ok ? null : readEnvelope(bytes);
  if (envelope !== null && !envelope.ok) return envelope;
  const text = asserted.ok ? asserted.value.payload : (envelope?.value.payload ?? "");
  const payload = decodeBase64(text);
  if (payload === null) return bad("the approval's payload is not base64");
  return good({ payload, assertion: asserted.ok ? asserted.value.webauthn : null });
}

/** What it says, whoever signed it: to look for the request and the person's keys, and nothing else. */
export function readApproval(bytes: Uint8Array): Result<Approval> {
  const read = payloadOf(bytes);
  return read.ok ? readApprovalPayload(read.value.payload) : read;
}

/** The payload of whatever a person signed, unverified. */
export function readSignedPayload(bytes: Uint8Array): Result<Uint8Array> {
  const read = payloadOf(bytes);
  return read.ok ? good(read.value.payload) : read;
}

export interface SignedPayload {
  readonly payload: Uint8Array;
  /** Id of the key that signed. */
  readonly key: string;
  readonly asserted: Asserted | null;
}

/** The payload that one of these keys signed, as a DSSE envelope or by a passkey; what it says is another question. */
export function verifySignedPayload(
  bytes: Uint8Array,
  { keys, credentials }: PersonKeys,
): Result<SignedPayload> {
  const read = payloadOf(bytes);
  if (!read.ok) return read;
  const { payload, assertion } = read.value;
  if (assertion === null) {
    const envelope = readEnvelope(bytes);
    if (!envelope.ok) return envelope;
    const verified = verifyEnvelope(envelope.value, { keys, payloadType: statementPayloadType });
    if (!verified.ok) return verified;
    const { payload: signed, keys: signers } = verified.value;
    return good({ payload: signed, key: signers[0] ?? "", asserted: null });
  }
  const credential = credentials.find((one) => one.credentialId === assertion.credentialId);
  if (!credential) return bad("this credential is none of the person's");
  const { id, ...enrolled } = credential;
  const asserted = verifyAssertion(assertion, enrolled, approvalChallenge(payload));
  return asserted.ok ? good({ payload, key: id, asserted: asserted.value }) : asserted;
}

/** Whether it is this person's signed answer to exactly this request. Offline, and in browsers too. */
export function verifyApproval(
  bytes: Uint8Array,
  keys: PersonKeys,
  expected: ToApprove & { readonly person: string },
): Result<VerifiedApproval> {
  const signed = verifySignedPayload(bytes, keys);
  if (!signed.ok) return signed;
  const { payload, key, asserted } = signed.value;
  const answer = approvalOf(payload, expected);
  return answer.ok ? good({ answer: answer.value, key, asserted }) : answer;
}
