import { z } from "zod";
import { canonicalJson, digestOf } from "../../model/canonical.ts";
import { ApprovalAnswer, ApprovalAsked, type ApprovalBasis } from "../../model/approval.ts";
import { Digest } from "../../model/primitives.ts";
import { digestBytes, utf8 } from "../../evidence/bytes.ts";
import type { PredicateKind } from "../../evidence/predicates/predicate.ts";
import { checkShape } from "../../evidence/read-json.ts";
import { bad, good, type Result } from "../../evidence/result.ts";
import {
  encodeStatement,
  makeStatement,
  readStatement,
  type Statement,
  subjectDigests,
} from "../../evidence/statement.ts";
import { approvalText } from "./text.ts";

/** What a person signs when they approve or reject a promotion. */
export const Approval = z.strictObject({
  asked: ApprovalAsked,
  answer: ApprovalAnswer,
  /** Of the text that was shown before it was signed (`approvalText`). */
  text: Digest,
});
export type Approval = z.infer<typeof Approval>;

export const approvalPredicate = {
  type: "https://tidelock.dev/predicate/approval/v1",
  schema: Approval,
} as const satisfies PredicateKind<typeof Approval>;

/** Of the verdicts and findings that a signature leans on. */
export function basisDigest(basis: ApprovalBasis): Digest {
  return digestOf(basis);
}

/** A request and what it leans on: all that a text is made from. */
export interface ToApprove {
  readonly asked: ApprovalAsked;
  readonly basis: ApprovalBasis;
}

/** The statement that a person signs; its subject is the release. */
export function approvalStatement(to: ToApprove, answer: ApprovalAnswer): Statement {
  const { asked } = to;
  const predicate: Approval = { asked, answer, text: textDigest(to, answer) };
  return makeStatement(
    [{ name: `${asked.service} in ${asked.environment}`, digest: asked.release }],
    approvalPredicate.type,
    predicate as unknown as Record<string, unknown>,
  );
}

function textDigest(to: ToApprove, answer: ApprovalAnswer): Digest {
  return digestBytes(utf8(`${approvalText(to, answer).join("\n")}\n`));
}

/** What a payload says, whoever signed it. */
export function readApprovalPayload(payload: Uint8Array): Result<Approval> {
  const statement = readStatement(payload);
  return statement.ok ? approvalIn(statement.value) : statement;
}

function approvalIn({ predicateType, predicate }: Statement): Result<Approval> {
  if (predicateType !== approvalPredicate.type) {
    return bad(`it states ${predicateType}, and ${approvalPredicate.type} is expected`);
  }
  return checkShape(predicate, Approval, "the approval");
}

/**
 * Whether a payload, whose signature is verified, is an answer of this person to exactly this request: every difference is
 * named, and the bytes are those that anybody makes of it again.
 */
export function approvalOf(
  payload: Uint8Array,
  expected: ToApprove & { readonly person: string },
): Result<ApprovalAnswer> {
  const statement = readStatement(payload);
  if (!statement.ok) return statement;
  const read = approvalIn(statement.value);
  if (!read.ok) return read;
  const { asked, answer } = read.value;
  const differing = (Object.keys(expected.asked) as (keyof ApprovalAsked)[]).filter(
    (field) => canonicalJson(asked[field]) !== canonicalJson(expected.asked[field]),
  );
  if (differing.length > 0) return bad(`it was signed for another ${differing.join(", ")}`);
  if (basisDigest(expected.basis) !== asked.decision) {
    return bad("the verdicts and findings are not those that were signed");
  }
  if (answer.person !== expected.person) return bad("it is another person's");
  if (!asked.asks.some(({ roles }) => roles.includes(answer.role))) {
    return bad(`nobody is asked as ${answer.role}`);
  }
  if (!subjectDigests(statement.value).includes(asked.release)) {
    return bad(`none of its subjects is the release ${asked.release}`);
  }
  const again = approvalStatement(expected, answer);
  if (read.value.text !== textDigest(expected, answer)) {
    return bad("the text that was shown is not the one that belongs to this request");
  }
  // Nothing besides: a second subject or a further field could be read by somebody else as something else.
  if (digestBytes(encodeStatement(again)) !== digestBytes(payload)) {
    return bad("its bytes are not those of this approval in canonical form");
  }
  return good(answer);
}
