import { z } from "zod";
import { answerOf, type AskedOf } from "../../evidence/predicates/manual-answer.ts";
import { personKeysOf } from "../../identity/signing/person-keys.ts";
import { verifySigned } from "../../identity/signing/signed.ts";
import { ManualForm } from "../../model/manual-check.ts";
import type { LogEntry } from "../log-entry.ts";
import { Answered, Asked, ManualReported } from "../payloads.ts";
import type { Findings } from "../report.ts";
import type { Blobs } from "./blobs.ts";
import { earlier, hadRight, type Material, standingKey } from "./people.ts";

const FormBlob = z.object({ kind: z.literal("ManualForm"), form: ManualForm });

/**
 * Each answer of a person to a check: signed by a key that was theirs, under a right that stood when the log took it
 * in, to exactly what was asked; and each manual check that passed has one. That its verdict follows from the answers is
 * not computed anew here.
 *
 * @param origins names of this log, and of those that it succeeds
 */
export function checkAnswers(
  entries: readonly LogEntry[],
  origins: ReadonlySet<string>,
  blobs: Blobs,
  findings: Findings,
): void {
  const answers = new Map<string, Answered>();
  // Runs whose answer was erased; where the question was erased too, nobody can say which run that was.
  const erased = new Set<string>();
  const unreadable = new Set<string>();
  const runs = new Map<string, string>();
  for (const entry of entries) {
    const { leaf, payload } = entry;
    if (leaf.kind === "check.asked") {
      const read = Asked.safeParse(payload).data;
      if (read !== undefined) runs.set(read.request, read.run);
    }
    if (leaf.kind === "check.answered") {
      findings.seen("answers");
      const read = Answered.safeParse(payload);
      if (payload === null) {
        const run = runs.get(leaf.operation.split("/")[1] ?? "");
        if (run === undefined) unreadable.add(leaf.stream);
        else erased.add(run);
        findings.note("answers", `entry ${entry.index}: an answer was erased and cannot be judged`);
      } else if (read.success) {
        const wrong = problemOf(entry, read.data, answers, {
          before: earlier(entries, entry),
          origins,
          blobs,
        });
        if (wrong !== null) report(findings, entry, wrong);
        answers.set(read.data.request, read.data);
      } else report(findings, entry, "it does not say what was answered");
    }
    const excused = erased.has(leaf.operation) || unreadable.has(leaf.stream);
    if (leaf.kind === "check.reported" && !excused) {
      const wrong = unanswered(entry, answers);
      if (wrong !== null) report(findings, entry, wrong);
    }
  }
}

function problemOf(
  entry: LogEntry,
  said: Answered,
  earlier: ReadonlyMap<string, Answered>,
  { before, origins, blobs }: Material,
): string | null {
  const first = said.reuses === null ? said : earlier.get(said.reuses);
  if (first === undefined) return `it uses the answer to ${said.reuses}, which no entry before has`;
  if (first !== said && !sameSubject(first, said)) {
    return `it uses the answer to ${said.reuses}, which was about something else`;
  }
  // What is signed names promotion and check; the run that it is counted for is one of theirs.
  const [promotion, , check] = said.run.split("/");
  if (promotion !== said.promotion || check !== said.check) {
    return `it is for ${said.check} of ${said.promotion}, and counted for the run ${said.run}`;
  }
  if (!origins.has(said.ledger)) return `it is for the log ${said.ledger}, which is not this one`;
  const key = standingKey(before, said);
  if (typeof key === "string") return key;
  if (!hadRight(before, { ...said, right: `checks.answer:${said.role}` }, said)) {
    return `${said.person} had no right to answer as ${said.role} then`;
  }
  const form = FormBlob.safeParse(blobs.needJson(said.form, "the questions", entry)).data?.form;
  const bytes = blobs.need(said.answer, "the signed answer", entry);
  // What is missing is a problem already, and what was erased can speak for nobody.
  if (form === undefined || bytes === null) return null;
  const lasts = Date.parse(said.validUntil) - Date.parse(said.answeredAt);
  // The database counts microseconds, entries milliseconds.
  if (!(lasts <= form.validFor + 2)) return "it counts for longer than the questions allow";
  const verified = verifySigned(bytes, personKeysOf([key]), (payload) =>
    answerOf(payload, { asked: askedOf(first), form }),
  );
  return verified.ok ? null : verified.problem;
}

function askedOf(of: Answered): AskedOf {
  return {
    request: of.request,
    ledger: of.ledger,
    person: of.person,
    role: of.role,
    check: of.check,
    service: of.service,
    environment: of.environment,
    colour: of.colour,
    promotion: of.promotion,
    release: of.release,
    configuration: of.configuration,
    plan: of.plan,
    form: of.form,
  };
}

function sameSubject(a: Answered, b: Answered): boolean {
  const fields = [
    ...([
      "answer",
      "answeredAt",
      "validUntil",
      "person",
      "key",
      "role",
      "check",
      "service",
    ] as const),
    ...(["environment", "colour", "release", "configuration", "form", "ledger"] as const),
  ];
  return fields.every((field) => a[field] === b[field]);
}

/** A manual check that opened something, and nobody's answer before it. */
function unanswered(
  { leaf, payload }: LogEntry,
  answers: ReadonlyMap<string, Answered>,
): string | null {
  const run = ManualReported.safeParse(payload).data;
  if (run?.uses !== "manual" || !["pass", "warn"].includes(run.verdict)) return null;
  const answer = [...answers.values()].find((one) => one.run === leaf.operation);
  if (answer === undefined) return `the manual check ${leaf.operation} passed without an answer`;
  const other = (["release", "configuration", "colour"] as const).find(
    (field) => run[field] !== answer[field],
  );
  if (other !== undefined) {
    return `the manual check ${leaf.operation} was about another ${other} than its answer`;
  }
  return run.validUntil === answer.validUntil
    ? null
    : `the manual check ${leaf.operation} counts until another time than its answer`;
}

function report(findings: Findings, { index, leaf }: LogEntry, message: string): void {
  findings.problem("answers", { entry: index, stream: leaf.stream }, message);
}
