import { z } from "zod";
import type { Signer } from "../ports/signer.ts";
import { concat, decodeBase64, encodeBase64, utf8 } from "./bytes.ts";
import type { PublicKey } from "./keys.ts";
import { readJson } from "./read-json.ts";
import { bad, good, type Result } from "./result.ts";

/** DSSE: signed envelopes (github.com/secure-systems-lab/dsse, protocol.md and envelope.md). */

/** What an envelope with an in-toto Statement says of its payload. */
export const statementPayloadType = "application/vnd.in-toto+json";

export const Envelope = z.object({
  payload: z.string(),
  payloadType: z.string().min(1).max(1_024),
  signatures: z
    .array(z.object({ sig: z.string(), keyid: z.string().nullish() }))
    .min(1)
    .max(64),
});
export type Envelope = z.infer<typeof Envelope>;

/** Pre-authentication encoding: the bytes that are signed. */
export function preAuthEncoding(payloadType: string, payload: Uint8Array): Uint8Array {
  const type = utf8(payloadType);
  return concat(utf8(`DSSEv1 ${type.length} `), type, utf8(` ${payload.length} `), payload);
}

/** One envelope with one signature. `keyid` is only a hint for whoever looks for the key. */
export async function signEnvelope(
  signer: Signer,
  payloadType: string,
  payload: Uint8Array,
): Promise<Envelope> {
  const signature = await signer.sign(preAuthEncoding(payloadType, payload));
  return {
    payload: encodeBase64(payload),
    payloadType,
    signatures: [{ keyid: signer.name, sig: encodeBase64(signature) }],
  };
}

export function encodeEnvelope(envelope: Envelope): Uint8Array {
  return utf8(`${JSON.stringify(envelope)}\n`);
}

export function readEnvelope(bytes: Uint8Array): Result<Envelope> {
  return readJson(bytes, Envelope, "the envelope");
}

/** The bytes that were verified, and whose keys signed them. */
export interface Verified {
  readonly payload: Uint8Array;
  /** `id` of each key, once. */
  readonly keys: readonly string[];
}

/**
 * Verifies an envelope and hands out exactly the bytes that were verified.
 *
 * The threshold counts *keys*: two signatures of one key, or one key under two names, are one. `keyid` is
 * not authenticated, so it decides nothing. The payload type is part of what is signed and has to be the
 * one that the caller is about to parse.
 */
export function verifyEnvelope(
  envelope: Envelope,
  trust: {
    readonly keys: readonly PublicKey[];
    readonly threshold?: number;
    readonly payloadType: string;
  },
): Result<Verified> {
  const threshold = trust.threshold ?? 1;
  if (!Number.isInteger(threshold) || threshold < 1) {
    return bad(`a threshold of ${threshold} would accept anything`);
  }
  if (envelope.payloadType !== trust.payloadType) {
    return bad(`the payload is ${envelope.payloadType}, and ${trust.payloadType} is expected`);
  }
  const payload = decodeBase64(envelope.payload);
  if (payload === null) return bad("the envelope's payload is not base64");
  const signed = preAuthEncoding(envelope.payloadType, payload);
  const signatures = envelope.signatures.map(({ sig }) => decodeBase64(sig));
  const keys = new Set<string>();
  for (const key of trust.keys) {
    if (keys.has(key.id)) continue;
    if (signatures.some((signature) => signature !== null && key.verify(signed, signature))) {
      keys.add(key.id);
    }
  }
  if (keys.size < threshold) {
    const count = `${keys.size} of ${threshold} trusted ${threshold === 1 ? "key" : "keys"}`;
    return bad(`the envelope is signed by ${count}`);
  }
  return good({ payload, keys: [...keys] });
}
