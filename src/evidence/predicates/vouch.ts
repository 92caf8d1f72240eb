import { z } from "zod";
import { Digest } from "../../model/primitives.ts";
import { Pseudonym, ToVouch } from "../../model/vouch.ts";
import { digestBytes, utf8 } from "../bytes.ts";
import { readSignedPayload } from "../person-signature.ts";
import { checkShape } from "../read-json.ts";
import { bad, type Result } from "../result.ts";
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
  const payload = readSignedPayload(bytes);
  return payload.ok ? vouchIn(payload.value) : payload;
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

/** What a payload says, whose signature is verified, where its bytes are those that anybody makes of it again. */
export function vouchOf(payload: Uint8Array): Result<Vouch> {
  const vouch = vouchIn(payload);
  if (!vouch.ok) return vouch;
  const { of, person } = vouch.value;
  const again = encodeStatement(vouchStatement(of, person));
  if (digestBytes(again) !== digestBytes(payload)) {
    return bad("its bytes, or the text that was shown, are not those of this vouching");
  }
  return vouch;
}
