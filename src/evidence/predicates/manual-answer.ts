import canonicalize from "canonicalize";
import { z } from "zod";
import { answerProblems, ManualAnswers, type ManualForm, Role } from "../../model/manual-check.ts";
import { Colour, Digest, Name } from "../../model/primitives.ts";
import { digestBytes, utf8 } from "../bytes.ts";
import { readSignedPayload } from "../person-signature.ts";
import { checkShape } from "../read-json.ts";
import { bad, type Result } from "../result.ts";
import { makeStatement, readStatement, type Statement, subjectDigests } from "../statement.ts";
import type { PredicateKind } from "./predicate.ts";

/** All that an answer is about; whatever differs makes it an answer to something else. */
export const AskedOf = z.strictObject({
  /** Single use: made when somebody was asked. */
  request: z.string().min(1).max(64),
  /** Of the log in which the answer counts. */
  ledger: z.string().min(1).max(512),
  /** By pseudonym, so that a person can be erased and the signature stays. */
  person: z.string().regex(/^person:[0-9a-f]{32}$/),
  role: Role,
  check: Name,
  service: Name,
  environment: Name,
  /** Null where nothing is deployed yet. */
  colour: Colour.nullable(),
  promotion: z.string().min(1).max(64),
  release: Digest,
  configuration: Digest,
  plan: Digest,
  /** Of the questions (`formDigest`). */
  form: Digest,
});
export type AskedOf = z.infer<typeof AskedOf>;

/** A person's signed answer to a manual check. */
export const ManualAnswer = z.strictObject({
  purpose: z.literal("answer-check"),
  asked: AskedOf,
  answers: ManualAnswers,
  /** Of the text that was shown before it was signed (`answerText`). */
  text: Digest,
});
export type ManualAnswer = z.infer<typeof ManualAnswer>;

export const manualAnswer = {
  type: "https://tidelock.dev/predicate/manual-answer/v1",
  schema: ManualAnswer,
} as const satisfies PredicateKind<typeof ManualAnswer>;

/** SHA-256 over the canonical JSON of the questions. */
export function formDigest(form: ManualForm): Digest {
  const content = { kind: "ManualForm", formatVersion: 1, form };
  return digestBytes(utf8(canonicalize(content) ?? ""));
}

/** What is signed, in words: whoever has form and answer makes the same text again. */
export function answerText(
  asked: AskedOf,
  form: ManualForm,
  answers: ManualAnswers,
): readonly string[] {
  const where = asked.colour === null ? "" : ` on ${asked.colour}`;
  return [
    `I answer the check ${asked.check} as ${asked.role}, once, for ${asked.service} in ${asked.environment}${where}.`,
    `  request        ${asked.request}`,
    `  promotion      ${asked.promotion}`,
    `  release        ${asked.release}`,
    `  configuration  ${asked.configuration}`,
    `  plan           ${asked.plan}`,
    `  questions      ${asked.form}`,
    `  ledger         ${asked.ledger}`,
    `  I am           ${asked.person}`,
    `  it counts for  ${form.validFor / 60_000} minutes from its arrival, ${form.reuse === "same" ? "also for a later promotion of exactly the same" : "for this promotion only"}`,
    ...(form.kind === "checklist" ? checklistText(form, answers) : sessionText(form, answers)),
  ];
}

function checklistText(
  form: Extract<ManualForm, { kind: "checklist" }>,
  answers: ManualAnswers,
): readonly string[] {
  if (answers.kind !== "checklist") return [];
  const lines = form.items.flatMap((item) => {
    const answer = answers.items.find(({ id }) => id === item.id);
    return [
      `${(answer?.result ?? "no answer").toUpperCase()}  ${item.id}: ${item.text}`,
      ...indented("comment", answer?.comment),
      ...(answer?.evidence ?? []).map((one) => `  evidence: ${one}`),
    ];
  });
  return [...lines, ...indented("comment on all", answers.comment)];
}

function sessionText(
  form: Extract<ManualForm, { kind: "session" }>,
  answers: ManualAnswers,
): readonly string[] {
  if (answers.kind !== "session") return [];
  return [
    `Charter: ${form.charter}`,
    `I spent ${answers.minutes} minutes of at most ${form.timeBox / 60_000}, and looked at:`,
    ...answers.covered.map((area) => `  ${area}`),
    answers.findings.length === 0 ? "I found nothing." : `I found ${answers.findings.length}:`,
    ...answers.findings.flatMap((finding) => [
      `${finding.severity.toUpperCase()}  ${finding.title} (${finding.place})`,
      ...indented("what", finding.description),
      ...indented("replay", finding.replay),
    ]),
    ...indented("notes", answers.notes),
  ];
}

function indented(label: string, words: string | undefined): readonly string[] {
  if (words === undefined || words === "") return [];
  const [first = "", ...rest] = words.split("\n");
  return [`  ${label}: ${first}`, ...rest.map((line) => `    ${line}`)];
}

/** The statement that a person signs. */
export function answerStatement(
  asked: AskedOf,
  form: ManualForm,
  answers: ManualAnswers,
): Statement {
  const text = textDigest(asked, form, answers);
  const about = { name: `${asked.service} in ${asked.environment}`, digest: asked.release };
  const predicate: ManualAnswer = { purpose: "answer-check", asked, answers, text };
  return makeStatement([about], manualAnswer.type, predicate);
}

function textDigest(asked: AskedOf, form: ManualForm, answers: ManualAnswers): Digest {
  return digestBytes(utf8(`${answerText(asked, form, answers).join("\n")}\n`));
}

/** What was signed, whoever signed it: to find the request that it answers. */
export function readAnswer(bytes: Uint8Array): Result<ManualAnswer> {
  // Nothing is believed here but which request to look for.
  const payload = readSignedPayload(bytes);
  if (!payload.ok) return payload;
  const statement = readStatement(payload.value);
  return statement.ok ? answerIn(statement.value) : statement;
}

function answerIn(statement: Statement): Result<ManualAnswer> {
  if (statement.predicateType !== manualAnswer.type) {
    return bad(`it states ${statement.predicateType}, and ${manualAnswer.type} is expected`);
  }
  return checkShape(statement.predicate, ManualAnswer, "the answer");
}

/**
 * Whether a payload, whose signature is verified, is the answer to exactly `asked`: about this release, for this request,
 * these questions, and with the text that belongs to them. Every difference is named.
 */
export function answerOf(
  payload: Uint8Array,
  expected: { readonly asked: AskedOf; readonly form: ManualForm },
): Result<ManualAnswer> {
  const statement = readStatement(payload);
  if (!statement.ok) return statement;
  const answer = answerIn(statement.value);
  if (!answer.ok) return answer;
  const { asked, form } = expected;
  if (!subjectDigests(statement.value).includes(asked.release)) {
    return bad(`none of its subjects is the release ${asked.release}`);
  }
  const given = answer.value.asked;
  const differences = (Object.keys(asked) as (keyof AskedOf)[])
    .filter((field) => given[field] !== asked[field])
    .map((field) => `${field} is ${String(given[field])} and not ${String(asked[field])}`);
  if (differences.length > 0) return bad(`it answers something else: ${differences.join("; ")}`);
  if (formDigest(form) !== asked.form) return bad("the questions are not those that were asked");
  const problems = answerProblems(form, answer.value.answers);
  if (problems.length > 0) return bad(problems.join("; "));
  if (answer.value.text !== textDigest(asked, form, answer.value.answers)) {
    return bad("the text that was shown is not the one that belongs to these answers");
  }
  return answer;
}
