import { z } from "zod";
import { Digest } from "../../model/primitives.ts";
import { Pseudonym, ToVouch } from "../../model/vouch.ts";
import { decodeBase64, digestBytes, utf8 } from "../bytes.ts";
import { readEnvelope, statementPayloadType, verifyEnvelope } from "../dsse.ts";
import type { PublicKey } from "../keys.ts";
import { checkShape } from "../read-json.ts";
import { bad, good, type Result } from "../result.ts";
import { encodeStatement, makeStatement, readStatement, type Statement } from "../statement.ts";
import type { PredicateKind } from "./predicate.ts";

/** A third person's word that an identity is who it is called, in spite of who made it. */

export const Vouch = z.strictObject({
  purpose: z.literal("vouch"),
  of: ToVouch,
  /** Whose word it is, by pseudonym. */
  person: Pseudonym,
  /** Of the text that was shown before it was signed (`vouchText`). */
  text: Digest,
});
export type Vouch = z.infer<typeof Vouch>;

export const vouchPredicate = {
  type: "https://tidelock.dev/predicate/vouch/v1",
  schema: Vouch,
} as const satisfies PredicateKind<typeof Vouch>;

/** What is signed, in words. One entry a line. */
export function vouchText(of: ToVouch, person: string): readonly string[] {
  return [
    `I vouch for ${of.person}: I know this person, and have made sure that these are theirs.`,
    ...of.acts.map(
      ({ what, at, operation }) => `  ${oneLine(what)}, ${at} (${oneLine(operation)})`,
    ),
    `  ledger         ${oneLine(of.ledger)}`,
    `  I am           ${person}`,
    "From here on their word counts on the work of whoever brought them here. What comes later is not in it.",
  ];
}

/** Words from outside cannot look like a line of the form. */
function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ");
}

function textDigest(of: ToVouch, person: string): Digest {
  return digestBytes(utf8(`${vouchText(of, person).join("\n")}\n`));
}

/** Its subject is the text that was shown: a pseudonym has no digest of its own. */
export function vouchStatement(of: ToVouch, person: string): Statement {
  const text = textDigest(of, person);
  const predicate: Vouch = { purpose: "vouch", of, person, text };
  return makeStatement(
    [{ name: of.person, digest: text }],
    vouchPredicate.type,
    predicate as unknown as Record<string, unknown>,
  );
}

/** What it says, whoever signed it: to look for the keys of that person, and nothing else. */
export function readVouch(bytes: Uint8Array): Result<Vouch> {
  const envelope = readEnvelope(bytes);
  if (!envelope.ok) return envelope;
  const payload = decodeBase64(envelope.value.payload);
  return payload === null ? bad("the envelope's payload is not base64") : vouchIn(payload);
}

function vouchIn(payload: Uint8Array): Result<Vouch> {
  const statement = readStatement(payload);
  if (!statement.ok) return statement;
  const { predicateType, predicate } = statement.value;
  if (predicateType !== vouchPredicate.type) {
    return bad(`it states ${predicateType}, and ${vouchPredicate.type} is expected`);
  }
  return checkShape(predicate, Vouch, "the vouching");
}

/** Whether one of these keys signed it, and its bytes are those that anybody makes of it again. */
export function verifyVouch(
  bytes: Uint8Array,
  keys: readonly PublicKey[],
): Result<{ readonly vouch: Vouch; readonly key: string }> {
  const envelope = readEnvelope(bytes);
  if (!envelope.ok) return envelope;
  const verified = verifyEnvelope(envelope.value, { keys, payloadType: statementPayloadType });
  if (!verified.ok) return verified;
  const vouch = vouchIn(verified.value.payload);
  if (!vouch.ok) return vouch;
  const { of, person } = vouch.value;
  const again = encodeStatement(vouchStatement(of, person));
  if (digestBytes(again) !== digestBytes(verified.value.payload)) {
    return bad("its bytes, or the text that was shown, are not those of this vouching");
  }
  return good({ vouch: vouch.value, key: verified.value.keys[0] ?? "" });
}
