// First: schemas ask at once.
import "./no-eval.ts";
import type { ManualRequestView } from "../../../src/api/routes/manual.ts";
import {
  answerStatement,
  answerText,
  type AskedOf,
  formDigest,
} from "../../../src/evidence/predicates/manual-answer.ts";
import { answerProblems, ManualAnswers, sessionProblem } from "../../../src/model/manual-check.ts";
import { type Prepared, prepareStatement } from "./sign.ts";

/** The answer to a manual check as it would be signed. */
export function prepareAnswer(
  view: ManualRequestView,
  person: string,
  answers: ManualAnswers,
): Prepared {
  const asked: AskedOf = {
    request: view.id,
    ledger: view.ledger,
    person,
    role: view.role,
    check: view.check,
    service: view.service,
    environment: view.environment,
    colour: view.colour,
    promotion: view.promotion,
    release: view.release.id,
    configuration: view.configuration,
    plan: view.plan,
    form: view.formDigest,
  };
  return prepareStatement(
    answerText(asked, view.form, answers),
    answerStatement(asked, view.form, answers),
  );
}

/** What is missing before these answers can be signed, in sentences. `ranMs`: of a session, by now. */
export function missingIn(
  { form }: ManualRequestView,
  answers: ManualAnswers,
  ranMs: number | null,
): readonly string[] {
  const parsed = ManualAnswers.safeParse(answers);
  const shape = parsed.success
    ? []
    : parsed.error.issues.map(({ path, message }) => `${path.join(" ")}: ${message}`);
  const minutes = answers.kind === "session" ? answers.minutes : null;
  const short = sessionProblem(form, ranMs, minutes);
  return [
    ...new Set([...answerProblems(form, answers), ...shape, ...(short === null ? [] : [short])]),
  ];
}

/** Why nobody should sign an answer to these questions; null: they are those whose digest would be signed. */
export function otherQuestions({ form, formDigest: said }: ManualRequestView): string | null {
  return formDigest(form) === said
    ? null
    : "the questions that the server sent are not those whose digest would be signed";
}
