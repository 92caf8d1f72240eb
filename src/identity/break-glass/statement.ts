import { z } from "zod";
import { canonicalJson, digestOf } from "../../model/canonical.ts";
import { GlassAnswer, GlassAsked, type GlassBasis } from "../../model/break-glass.ts";
import { Digest } from "../../model/primitives.ts";
import { digestBytes, utf8 } from "../../evidence/bytes.ts";
import type { PredicateKind } from "../../evidence/predicates/predicate.ts";
import { readSignedPayload } from "../../evidence/person-signature.ts";
import { checkShape } from "../../evidence/read-json.ts";
import { bad, good, type Result } from "../../evidence/result.ts";
import {
  encodeStatement,
  makeStatement,
  readStatement,
  type Statement,
  subjectDigests,
} from "../../evidence/statement.ts";
import { type PersonKeys, type Signed, verifySigned } from "../signing/signed.ts";
import { glassText } from "./text.ts";

/** What a person signs when the glass is broken, and who reviews it afterwards. */
export const BrokenGlass = z.strictObject({
  asked: GlassAsked,
  answer: GlassAnswer,
  /** Of the text that was shown before it was signed (`glassText`). */
  text: Digest,
});
export type BrokenGlass = z.infer<typeof BrokenGlass>;

export const glassPredicate = {
  type: "https://tidelock.dev/predicate/break-glass/v1",
  schema: BrokenGlass,
} as const satisfies PredicateKind<typeof BrokenGlass>;

/** Of what is set aside, and of what is open. */
export function glassDigest(basis: GlassBasis): Digest {
  return digestOf(basis);
}

/** A request and what it leans on: all that a text is made from. */
export interface ToBreak {
  readonly asked: GlassAsked;
  readonly basis: GlassBasis;
}

/** The statement that a person signs; its subject is the release. */
export function glassStatement(to: ToBreak, answer: GlassAnswer): Statement {
  const { asked } = to;
  const predicate: BrokenGlass = { asked, answer, text: textDigest(to, answer) };
  return makeStatement(
    [{ name: `${asked.service} in ${asked.environment}`, digest: asked.release }],
    glassPredicate.type,
    predicate as unknown as Record<string, unknown>,
  );
}

function textDigest(to: ToBreak, answer: GlassAnswer): Digest {
  return digestBytes(utf8(`${glassText(to, answer).join("\n")}\n`));
}

function glassIn({ predicateType, predicate }: Statement): Result<BrokenGlass> {
  if (predicateType !== glassPredicate.type) {
    return bad(`it states ${predicateType}, and ${glassPredicate.type} is expected`);
  }
  return checkShape(predicate, BrokenGlass, "the signature");
}

/** What it says, whoever signed it: to look for the request and the person's keys, and nothing else. */
export function readGlass(bytes: Uint8Array): Result<BrokenGlass> {
  const payload = readSignedPayload(bytes);
  if (!payload.ok) return payload;
  const statement = readStatement(payload.value);
  return statement.ok ? glassIn(statement.value) : statement;
}

/**
 * Whether a payload, whose signature is verified, is this person's word on exactly this request: every difference is
 * named, and the bytes are those that anybody makes of it again.
 */
export function glassOf(
  payload: Uint8Array,
  expected: ToBreak & { readonly person: string },
): Result<GlassAnswer> {
  const statement = readStatement(payload);
  if (!statement.ok) return statement;
  const read = glassIn(statement.value);
  if (!read.ok) return read;
  const { asked, answer, text } = read.value;
  const differing = (Object.keys(expected.asked) as (keyof GlassAsked)[]).filter(
    (field) => canonicalJson(asked[field]) !== canonicalJson(expected.asked[field]),
  );
  if (differing.length > 0) return bad(`it was signed for another ${differing.join(", ")}`);
  if (glassDigest(expected.basis) !== asked.decision) {
    return bad("what is set aside is not what was signed");
  }
  if (answer.person !== expected.person) return bad("it is another person's");
  if (!subjectDigests(statement.value).includes(asked.release)) {
    return bad(`none of its subjects is the release ${asked.release}`);
  }
  if (text !== textDigest(expected, answer)) {
    return bad("the text that was shown is not the one that belongs to this request");
  }
  // Nothing besides: a second subject or a further field could be read by somebody else as something else.
  if (digestBytes(encodeStatement(glassStatement(expected, answer))) !== digestBytes(payload)) {
    return bad("its bytes are not those of this request in canonical form");
  }
  return good(answer);
}

/** Whether it is this person's signature under exactly this request. Offline too. */
export function verifyGlass(
  bytes: Uint8Array,
  keys: PersonKeys,
  expected: ToBreak & { readonly person: string },
): Result<Signed<GlassAnswer>> {
  return verifySigned(bytes, keys, (payload) => glassOf(payload, expected));
}
