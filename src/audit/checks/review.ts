import canonicalize from "canonicalize";
import { accessReviewOf } from "../../evidence/predicates/access-review.ts";
import { personKeysOf } from "../../identity/signing/person-keys.ts";
import { verifySigned } from "../../identity/signing/signed.ts";
import { openLines, whyNotKeep, whyNotReview } from "../../identity/recertification/rules.ts";
import { type ReviewDecision, ReviewLine, reviewRight } from "../../model/access-review.ts";
import type { Scope } from "../../model/principal.ts";
import type { Subject } from "../format.ts";
import type { LogEntry } from "../log-entry.ts";
import { ReviewRecorded, ReviewWord } from "../payloads-people.ts";
import { type ReviewStory, tellReview } from "../review/story.ts";
import { linesNotOnRecord, lineOf, whatStood } from "../review/population.ts";
import { absentAt, alsoOf, modeAt, scopesOf, sponsorsOf } from "../people/standing.ts";
import type { Findings } from "../report.ts";
import { earlier, type Material, standingKey, wordsIn } from "./people.ts";

/** One line's answer, as it was signed. */
export interface SignedDecision extends ReviewDecision {
  readonly by: string;
  /** Of the word. */
  readonly entry: LogEntry;
  /** What took it away; null: it stays, or could not be taken. */
  readonly gone: LogEntry | null;
}

interface ReviewMaterial extends Omit<Material, "before"> {
  readonly entries: readonly LogEntry[];
  readonly shared: ReadonlySet<string>;
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/**
 * One review of who can do what: its lines are all that stood when it began and nothing else; each word is signed by
 * somebody who may say it (not of themselves, not beyond their own right, and not that something stays of whoever made
 * them), over exactly these lines, each line once; and of what was to go an entry says that it is gone.
 *
 * @returns what it tells; null when the pack is about something else, or does not have the review
 */
export function checkReview(
  subject: Subject,
  material: ReviewMaterial,
  findings: Findings,
): ReviewStory | null {
  if (subject.kind !== "access-review") return null;
  const { entries, blobs } = material;
  const at = { stream: "system" };
  const start = entries.find(
    ({ leaf }) =>
      leaf.kind === "access.review-started" &&
      leaf.operation === `access-review/${subject.review}/1`,
  );
  const started = ReviewRecorded.safeParse(start?.payload).data;
  if (start === undefined || started?.review !== subject.review) {
    findings.problem("review", at, `no entry says that the review ${subject.review} began`);
    return null;
  }
  const where = { entry: start.index, ...at };
  const report = blobs.needJson(started.report, "the report that was frozen", start);
  const lines = ReviewLine.array().safeParse(report).data;
  if (lines === undefined) {
    findings.problem("review", where, "its report is not one that this program can read");
    return null;
  }
  const population = whatStood(earlier(entries, start), {
    at: start.leaf.time,
    service: started.service,
  });
  findings.seen("review", lines.length);
  for (const wrong of linesNotOnRecord(lines, population)) {
    findings.problem("review", where, wrong);
  }
  for (const id of population.unsure) {
    findings.note(
      "review",
      `${id}: whether it stood when the review began, the log cannot say any more`,
    );
  }
  const decided = readWords({ start, started, lines }, material, findings);
  const closed = entries.find(
    ({ leaf }) =>
      leaf.kind === "access.review-closed" &&
      leaf.operation.startsWith(`access-review/${subject.review}/`),
  );
  checkEnd({ start, started, lines }, decided, closed, findings);
  return tellReview({ start, started, lines, population, decided, closed, entries }, material);
}

interface Begun {
  readonly start: LogEntry;
  readonly started: ReviewRecorded;
  readonly lines: readonly ReviewLine[];
}

function readWords(
  begun: Begun,
  material: ReviewMaterial,
  findings: Findings,
): readonly SignedDecision[] {
  const { entries } = material;
  const decided: SignedDecision[] = [];
  for (const { entry, payload, report } of wordsIn(
    entries,
    "access.reviewed",
    "review",
    findings,
  )) {
    const said = ReviewWord.safeParse(payload).data;
    if (said === undefined) report("it does not say who reviewed what");
    if (said?.review !== begun.started.review) continue;
    findings.seen("review");
    const before = earlier(entries, entry);
    const read = signedWord(entry, said, begun, { ...material, before });
    if (typeof read === "string") {
      report(read);
      continue;
    }
    const reviewer = reviewerAt(before, said, material);
    for (const decision of read) {
      const gone = said.removed.includes(decision.line)
        ? takenBy(decision.line, begun.start, before)
        : null;
      for (const wrong of wrongWith(decision, said, begun, { reviewer, decided, gone })) {
        report(wrong);
      }
      decided.push({ ...decision, by: said.reviewer, entry, gone });
    }
  }
  return decided;
}

/** The decisions that were signed; a string says what is wrong. No decision: what is missing is a problem already. */
function signedWord(
  entry: LogEntry,
  said: ReviewWord,
  { start, started, lines }: Begun,
  { before, origins, blobs }: Material,
): readonly ReviewDecision[] | string {
  if (entry.index < start.index) return "it was signed before the review began";
  const done = before.some(
    ({ leaf }) =>
      leaf.kind === "access.review-closed" &&
      leaf.operation.startsWith(`access-review/${started.review}/`),
  );
  if (done) return "the review was done by then";
  const key = standingKey(before, { key: said.key, person: said.reviewer });
  if (typeof key === "string") return key;
  const absent = absentAt(before, said.reviewer, { now: entry.leaf.time, signedAt: null });
  if (absent !== null) return `${said.reviewer}: ${absent}`;
  const bytes = blobs.need(said.word, "the signed review", entry);
  if (bytes === null) return [];
  const verified = verifySigned(bytes, personKeysOf([key]), (payload) =>
    accessReviewOf(payload, lines),
  );
  if (!verified.ok) return verified.problem;
  const { of, person } = verified.value.said;
  if (of.review !== started.review) return "it was signed for another review";
  if (!origins.has(of.ledger)) return `it is for the log ${of.ledger}, which is not this one`;
  if (person !== said.reviewer) return "it was signed as somebody else";
  const kept = of.decisions.filter(({ answer }) => answer === "keep").length;
  const gone = of.decisions.flatMap(({ line, answer }) => (answer === "remove" ? [line] : []));
  const named = [...said.removed, ...said.notRemoved];
  return kept === said.keep && canonicalize(gone.toSorted()) === canonicalize(named.toSorted())
    ? of.decisions
    : "the entry says something else than what was signed";
}

/** What took a line away between the review's beginning and the word; null: no entry says that it is gone. */
function takenBy(line: string, start: LogEntry, before: readonly LogEntry[]): LogEntry | null {
  const after = before.filter((one) => one.index > start.index && lineOf(one) === line);
  return after.findLast(({ payload }) => payload?.["removed"] === true) ?? null;
}

interface Deciding {
  readonly reviewer: Reviewer;
  readonly decided: readonly SignedDecision[];
  readonly gone: LogEntry | null;
}

function wrongWith(
  { line: id, answer }: ReviewDecision,
  { removed }: ReviewWord,
  { lines }: Begun,
  { reviewer, decided, gone }: Deciding,
): readonly string[] {
  const line = lines.find((one) => one.id === id);
  if (line === undefined) return [`it is about ${id}, which is no line of the report`];
  const wrong: string[] = [];
  if (decided.some((one) => one.line === id)) wrong.push(`${id} was reviewed before`);
  const why =
    whyNotReview(line, reviewer) ?? (answer === "keep" ? reviewer.whyNotKeep(line) : null);
  if (why !== null) wrong.push(`${id}: ${why}`);
  if (removed.includes(id) && gone === null) {
    wrong.push(`${id} was to go, and no entry says that it is gone`);
  }
  return wrong;
}

interface Reviewer {
  readonly people: readonly string[];
  readonly scopes: readonly Scope[];
  readonly whyNotKeep: (line: ReviewLine) => string | null;
}

/** Rights, names and sponsors of whoever signed, as they stood then. */
function reviewerAt(
  before: readonly LogEntry[],
  { reviewer: person, key }: ReviewWord,
  { shared, files }: ReviewMaterial,
): Reviewer {
  const also = alsoOf(before, person);
  const sponsors = sponsorsOf({ before, shared, files }, person);
  const mode = modeAt(before);
  return {
    people: [person, ...also],
    scopes: scopesOf(before, person, reviewRight),
    whyNotKeep: (line) => {
      if (line.person === null) return null;
      const owners = [line.person, ...before.flatMap(linkOf(line.person))];
      const enrolments = sponsors({ person, key, right: reviewRight }, line);
      return whyNotKeep(owners, { person, also, enrolments }, mode);
    },
  };
}

/** Whoever this pseudonym is another name of. */
function linkOf(person: string) {
  return ({ leaf, payload }: LogEntry): readonly string[] =>
    leaf.kind === "person.linked" && payload?.["same"] === person
      ? [String(payload["person"])]
      : [];
}

function checkEnd(
  { start, started, lines }: Begun,
  decided: readonly SignedDecision[],
  closed: LogEntry | undefined,
  findings: Findings,
): void {
  const open = openLines(lines, decided);
  if (closed === undefined) {
    findings.note("review", `it is not done: ${open.length} of ${lines.length} lines are open`);
    return;
  }
  const at = { entry: closed.index, stream: "system" };
  const said = ReviewRecorded.safeParse(closed.payload).data;
  const same =
    said?.report === started.report && said.due === started.due && said.service === started.service;
  if (!same || closed.index < start.index) {
    findings.problem("review", at, "it says another review than what began");
  }
  for (const { id } of open) {
    findings.problem("review", at, `it is called done, and nobody has signed anything of ${id}`);
  }
}
