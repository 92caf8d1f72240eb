import { enrolmentOf } from "../../identity/enrolment/used.ts";
import type { Enrolment } from "../../identity/approval/given.ts";
import { type ReviewLine, reviewRight } from "../../model/access-review.ts";
import type { Scope } from "../../model/principal.ts";
import type { SignedDecision } from "../checks/review.ts";
import type { LogEntry } from "../log-entry.ts";
import type { ReviewRecorded } from "../payloads-people.ts";
import { actsFor, modeAt, scopesOf } from "../people/standing.ts";
import { lineOf, type Population } from "./population.ts";

/** What a pack about a review tells. Every number is an entry of the log, which stands in the pack with its proof. */
export interface ReviewStory {
  readonly id: string;
  readonly service: string | null;
  readonly due: string;
  readonly report: string;
  readonly began: At;
  /** Null: it is not done. */
  readonly done: At | null;
  readonly governance: "solo" | "team";
  readonly lines: readonly ReviewedLine[];
  readonly reviewers: readonly ReviewerStory[];
}

interface At {
  readonly entry: number;
  readonly at: string;
  /** By pseudonym. */
  readonly by: string;
}

interface ReviewedLine {
  readonly line: ReviewLine;
  /** What gave it; null: the log cannot say it any more. */
  readonly given: At | null;
  readonly word:
    | (At & {
        readonly answer: "keep" | "remove";
        readonly reason: string;
        readonly gone: At | null;
      })
    | null;
  /** What gives the same to the same again, later: entries. */
  readonly again: readonly number[];
}

/** Somebody who signed: what let them, and who made them. */
export interface ReviewerStory {
  readonly person: string;
  readonly words: readonly number[];
  readonly may: readonly Pick<Scope, "service" | "environment">[];
  readonly acts: readonly (Enrolment & { readonly operation: string; readonly entry: number })[];
}

interface Told {
  readonly start: LogEntry;
  readonly started: ReviewRecorded;
  readonly lines: readonly ReviewLine[];
  readonly population: Population;
  readonly decided: readonly SignedDecision[];
  readonly closed: LogEntry | undefined;
  readonly entries: readonly LogEntry[];
}

export function tellReview(
  { start, started, lines, population, decided, closed, entries }: Told,
  {
    shared,
    files,
  }: { readonly shared: ReadonlySet<string>; readonly files: ReadonlyMap<string, Uint8Array> },
): ReviewStory {
  const words = new Map(decided.map((decision) => [decision.line, decision]));
  const before = entries.filter(({ index }) => index <= (closed ?? entries.at(-1) ?? start).index);
  return {
    id: started.review,
    service: started.service,
    due: started.due,
    report: started.report,
    began: at(start),
    done: closed === undefined ? null : at(closed),
    governance: modeAt(before),
    lines: lines.map((line) => {
      const word = words.get(line.id);
      const given = population.stood.get(line.id)?.entry;
      return {
        line,
        given: given === undefined ? null : at(given),
        word: word === undefined ? null : wordOf(word),
        again: word?.gone ? givenAgain(line, word.gone, entries) : [],
      };
    }),
    reviewers: [...new Set(decided.map(({ by }) => by))].sort().map((person) => ({
      person,
      words: [...new Set(decided.flatMap(({ by, entry }) => (by === person ? [entry.index] : [])))],
      may: scopesOf(before, person, reviewRight).map(({ service, environment }) => ({
        service,
        environment,
      })),
      acts: actsFor({ before, shared, files }, person).map(({ entry, ...one }) => ({
        ...enrolmentOf(one),
        operation: one.act.operation,
        entry,
      })),
    })),
  };
}

function at({ index, leaf }: LogEntry): At {
  return { entry: index, at: leaf.time, by: leaf.actor };
}

function wordOf({ by, entry, answer, reason, gone }: SignedDecision) {
  return {
    entry: entry.index,
    at: entry.leaf.time,
    by,
    answer,
    reason,
    gone: gone === null ? null : at(gone),
  };
}

/** The same role or right, for the same person or machine, at the same place, under another id. */
function givenAgain(
  line: ReviewLine,
  gone: LogEntry,
  entries: readonly LogEntry[],
): readonly number[] {
  return entries.flatMap((entry) => {
    const { index, payload } = entry;
    const id = index > gone.index && payload?.["removed"] === false ? lineOf(entry) : null;
    if (id === null || !id.startsWith(`${line.kind}:`) || payload === null) return [];
    const same =
      (payload["person"] ?? null) === line.person &&
      (payload["service"] ?? null) === line.service &&
      (payload["environment"] ?? null) === line.environment &&
      (payload["role"] ?? payload["right"] ?? null) === line.has;
    return same ? [index] : [];
  });
}
