import { z } from "zod";
import { type ReviewLine, ToReview } from "../../model/access-review.ts";
import { canonicalJson } from "../../model/canonical.ts";
import { Digest } from "../../model/primitives.ts";
import { Pseudonym } from "../../model/vouch.ts";
import { digestBytes, utf8 } from "../bytes.ts";
import { readSignedPayload } from "../person-signature.ts";
import { checkShape } from "../read-json.ts";
import { bad, type Result } from "../result.ts";
import { encodeStatement, makeStatement, readStatement, type Statement } from "../statement.ts";
import type { PredicateKind } from "./predicate.ts";

/** A reviewer's word on who may go on doing what. */

export const AccessReview = z.strictObject({
  purpose: z.literal("review-access"),
  of: ToReview,
  /** Whose word it is, by pseudonym. */
  person: Pseudonym,
  /** Of the text that was shown before it was signed (`accessReviewText`). */
  text: Digest,
});
export type AccessReview = z.infer<typeof AccessReview>;

export const accessReviewPredicate = {
  type: "https://tidelock.dev/predicate/access-review/v1",
  schema: AccessReview,
} as const satisfies PredicateKind<typeof AccessReview>;

/** Of the lines as they were frozen. */
export function reportDigest(lines: readonly ReviewLine[]): Digest {
  return digestBytes(utf8(canonicalJson(lines)));
}

/** What is signed, in words; whoever has the report makes the same text again. */
export function accessReviewText(
  of: ToReview,
  lines: readonly ReviewLine[],
  person: string,
): readonly string[] {
  const known = new Map<string, Partial<ReviewLine>>(lines.map((line) => [line.id, line]));
  return [
    `I have reviewed who can do what (${of.review}), line by line:`,
    ...of.decisions.map(({ line, answer, reason }) => {
      const { has = "?", service, environment, person: whose, token } = known.get(line) ?? {};
      const who = whose ?? `token ${token ?? "?"}`;
      const where = `${service ?? "every service"}, ${environment ?? "every environment"}`;
      return `  ${answer.toUpperCase().padEnd(6)}  ${who}: ${oneLine(has)} in ${where} (${oneLine(line)}): ${oneLine(reason)}`;
    }),
    `  report         ${of.report}`,
    `  ledger         ${oneLine(of.ledger)}`,
    `  I am           ${person}`,
    "What I remove is taken away at once.",
  ];
}

/** Words from outside cannot look like a line of the form. */
function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ");
}

/** Its subject is the report. */
export function accessReviewStatement(
  of: ToReview,
  lines: readonly ReviewLine[],
  person: string,
): Statement {
  const text = digestBytes(utf8(`${accessReviewText(of, lines, person).join("\n")}\n`));
  const predicate: AccessReview = { purpose: "review-access", of, person, text };
  return makeStatement(
    [{ name: `access review ${of.review}`, digest: of.report }],
    accessReviewPredicate.type,
    predicate as unknown as Record<string, unknown>,
  );
}

/** What it says, whoever signed it: to look for the keys of that person, and nothing else. */
export function readAccessReview(bytes: Uint8Array): Result<AccessReview> {
  const payload = readSignedPayload(bytes);
  return payload.ok ? reviewIn(payload.value) : payload;
}

function reviewIn(payload: Uint8Array): Result<AccessReview> {
  const statement = readStatement(payload);
  if (!statement.ok) return statement;
  const { predicateType, predicate } = statement.value;
  if (predicateType !== accessReviewPredicate.type) {
    return bad(`it states ${predicateType}, and ${accessReviewPredicate.type} is expected`);
  }
  return checkShape(predicate, AccessReview, "the review");
}

/** Whether a payload, whose signature is verified, is about exactly these lines, in the bytes that anybody makes of it again. */
export function accessReviewOf(
  payload: Uint8Array,
  lines: readonly ReviewLine[],
): Result<AccessReview> {
  const review = reviewIn(payload);
  if (!review.ok) return review;
  const { of, person } = review.value;
  if (of.report !== reportDigest(lines)) return bad("it is about another report");
  const again = encodeStatement(accessReviewStatement(of, lines, person));
  if (digestBytes(again) !== digestBytes(payload)) {
    return bad("its bytes, or the text that was shown, are not those of this review");
  }
  return review;
}
