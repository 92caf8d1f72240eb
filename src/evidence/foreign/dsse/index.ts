import type { Producer } from "../../../model/producers.ts";
import { Envelope, statementPayloadType, verifyEnvelope } from "../../dsse.ts";
import { type PublicKey, readPublicKey } from "../../keys.ts";
import { readJson } from "../../read-json.ts";
import { readStatement } from "../../statement.ts";
import { type ForeignResult, notMine, refused } from "../result.ts";

type KeyProducer = Extract<Producer, { type: "key" }>;

/** A DSSE envelope with an in-toto Statement, signed with given keys. Runs in a browser too. */
export function verifyDsse(bytes: Uint8Array, producer: KeyProducer): ForeignResult {
  const envelope = readJson(bytes, Envelope, "the envelope");
  if (!envelope.ok) return notMine;
  const keys: PublicKey[] = [];
  for (const pem of producer.keys) {
    const key = readPublicKey(pem);
    if (!key.ok) return refused(key.problem);
    keys.push(key.value);
  }
  const verified = verifyEnvelope(envelope.value, {
    keys,
    threshold: producer.threshold,
    payloadType: statementPayloadType,
  });
  if (!verified.ok) return refused(verified.problem);
  const statement = readStatement(verified.value.payload);
  if (!statement.ok) return refused(statement.problem);
  const names = verified.value.keys.map((id) => id.slice(0, "sha256:".length + 12));
  return {
    kind: "verified",
    signed: { kind: "statement", statement: statement.value },
    signer: names.length === 1 ? `key ${names[0]}` : `keys ${names.join(", ")}`,
  };
}
