import { z } from "zod";
import { Assertion } from "../model/webauthn.ts";
import { decodeBase64 } from "./bytes.ts";
import { type Envelope, readEnvelope, statementPayloadType } from "./dsse.ts";
import { readJson } from "./read-json.ts";
import { bad, good, type Result } from "./result.ts";

/**
 * What a person signed, as it is kept, whatever it is about: a DSSE envelope signed by a key file, or a payload with a
 * passkey's assertion beside it. Whether the signature is theirs, `src/identity/signing/` says.
 */

/** Not a DSSE envelope: what an authenticator signs is no PAE, and a verifier of envelopes has to refuse it. */
export const AssertedPayload = z.strictObject({
  payloadType: z.literal(statementPayloadType),
  /** The statement in base64. */
  payload: z.string().max(2_000_000),
  webauthn: Assertion,
});
export type AssertedPayload = z.infer<typeof AssertedPayload>;

/** Nothing of it is verified. */
export type PersonSignature =
  | { readonly kind: "envelope"; readonly payload: Uint8Array; readonly envelope: Envelope }
  | { readonly kind: "passkey"; readonly payload: Uint8Array; readonly assertion: Assertion };

export function readPersonSignature(bytes: Uint8Array): Result<PersonSignature> {
  const asserted = readJson(bytes, AssertedPayload, "what was signed");
  const envelope = asserted.ok ? null : readEnvelope(bytes);
  if (envelope !== null && !envelope.ok) return envelope;
  const text = asserted.ok ? asserted.value.payload : (envelope?.value.payload ?? "");
  const payload = decodeBase64(text);
  if (payload === null) return bad("its payload is not base64");
  if (asserted.ok) return good({ kind: "passkey", payload, assertion: asserted.value.webauthn });
  return envelope === null
    ? bad("nothing is signed")
    : good({ kind: "envelope", payload, envelope: envelope.value });
}

/** The payload of whatever a person signed, unverified: to look for the person's keys, and nothing else. */
export function readSignedPayload(bytes: Uint8Array): Result<Uint8Array> {
  const read = readPersonSignature(bytes);
  return read.ok ? good(read.value.payload) : read;
}
