import { digestOf } from "../model/canonical.ts";
import type { CheckDemand } from "../model/pipeline.ts";
import type { Colour, Digest } from "../model/primitives.ts";
import type { Exercised, Verdict } from "../model/verdict.ts";
import { compareText, type Ground, ground } from "./decide.ts";

/** Exactly what is to go live: evidence counts only for this. */
export interface Subject {
  readonly service: string;
  readonly environment: string;
  readonly release: Digest;
  readonly configuration: Digest;
  readonly colour: Colour;
}

/** One finished run of one check, with its address and its age (law 3). */
export interface Evidence {
  /** Which run, for people; absent in older inputs. No rule reads it. */
  readonly run?: string;
  readonly check: string;
  /** `demandDigest` of what was run: a weaker check of the same name is another check. */
  readonly demand: Digest;
  readonly service: string;
  readonly environment: string;
  readonly release: Digest;
  /** Null for a static check, which runs before anything is deployed. */
  readonly configuration: Digest | null;
  readonly colour: Colour | null;
  readonly verdict: Verdict;
  readonly exercised: Exercised;
  readonly summary: string;
  /** RFC 3339. */
  readonly at: string;
  /** RFC 3339, of what looks for published flaws: one that came while it ran it may not have read. */
  readonly begunAt?: string | undefined;
  /** RFC 3339; null for one that does not expire within its promotion. */
  readonly expiresAt: string | null;
  /** Names of what fails, where somebody accepted that; null: more than can be told. */
  readonly failing?: readonly string[] | null | undefined;
  /** Waivers without which it would say something worse. */
  readonly leansOn?: readonly string[] | undefined;
}

/** What a rule reads of a demanded check; the whole demand stands in the inputs. */
export type DemandedCheck = Pick<CheckDemand, "name" | "uses" | "with" | "phase" | "allowWarn"> & {
  readonly minimum?: CheckDemand["minimum"] | undefined;
  readonly maxDataAge?: number | undefined;
  readonly outOfBand?: boolean | undefined;
};

/** What identifies a check: its adapter and what it was told, never its label. What is undefined is not part of it. */
export function demandDigest(
  demand: Pick<DemandedCheck, "uses" | "with" | "minimum" | "maxDataAge">,
): Digest {
  const known = demands.get(demand);
  if (known !== undefined) return known;
  const { uses, with: configuration, minimum, maxDataAge } = demand;
  const digest = digestOf({ uses, with: configuration, minimum, maxDataAge });
  demands.set(demand, digest);
  return digest;
}

/** Every part of a decision asks again; what is demanded is never changed in place. */
const demands = new WeakMap<object, Digest>();

/** What the evidence says about one demanded check, and what that follows from. */
export interface Judged {
  readonly ground: Ground;
  readonly verdict: Verdict;
  /** The run that decides; undefined where there is none. */
  readonly run: Evidence | undefined;
  /** Names of what fails in it; null: not known. */
  readonly failing: readonly string[] | null;
  /** What other runs say since the last that passed: whoever accepts one bad answer has not accepted another. */
  readonly besides: readonly Verdict[];
}

/**
 * What the evidence says about one demanded check. Only runs bound to the subject count. A `fail` stays
 * whatever is run afterwards; of the rest the newest decides, and of two at one moment the worse.
 */
export function judgeCheck(
  demand: DemandedCheck,
  subject: Subject,
  evidence: readonly Evidence[],
  now: string,
  standing: ReadonlySet<string> = new Set(),
): Judged {
  const bound = boundTo(demand, subject, evidence);
  const decisive = decisiveOf(bound, now, standing);
  if (decisive === undefined) {
    const named = evidence.some((item) => item.check === demand.name);
    const other = named ? "it ran for something else" : "it did not run";
    const message = `check ${demand.name}: no verdict for this; ${other}`;
    const none = { verdict: "missing", run: undefined, failing: null, besides: [] } as const;
    return { ground: ground("deny", "check.missing", message), ...none };
  }
  const { verdict, evidence: run } = decisive;
  const gone = run.verdict === "fail" ? undefined : fallen(run, standing);
  const why = gone === undefined ? "" : `it leaned on ${gone}, which holds no more; `;
  const text = `check ${demand.name}: ${verdict}: ${why}${run.summary}`;
  const besides = sinceLastPass(bound, now, standing);
  const failing = everyFailing(bound.filter((item) => item.verdict === "fail"));
  return { ground: groundOf(verdict, text, demand), verdict, run, failing, besides };
}

function sinceLastPass(
  bound: readonly Evidence[],
  now: string,
  standing: ReadonlySet<string>,
): readonly Verdict[] {
  const judged = bound.flatMap((item) => {
    const said = { at: time(item), verdict: verdictAt(item, now, standing) };
    // It may be stale as well: that nothing was exercised is not hidden behind its age.
    return exercisedNothing(item) ? [said, { ...said, verdict: "inconclusive" as const }] : [said];
  });
  const last = Math.max(...judged.filter((one) => one.verdict === "pass").map(({ at }) => at));
  const bad = judged.filter(({ at, verdict }) => verdict !== "pass" && at >= last);
  return worstFirst.filter((verdict) => bad.some((one) => one.verdict === verdict));
}

/** Of all runs that failed: a later one that shows less takes nothing back. */
function everyFailing(failed: readonly Evidence[]): readonly string[] | null {
  const lists = failed.map(({ failing }) => failing ?? null);
  if (lists.length === 0 || lists.includes(null)) return null;
  return [...new Set(lists.flatMap((list) => list ?? []))].sort(compareText);
}

/** A waiver that it leaned on and that does not hold: what it overlooked counts again. */
function fallen(item: Evidence, standing: ReadonlySet<string>): string | undefined {
  return item.leansOn?.find((id) => !standing.has(id));
}

function groundOf(verdict: Verdict, text: string, demand: DemandedCheck): Ground {
  if (verdict === "pass") return ground("allow", "check.pass", text);
  if (verdict === "warn" && demand.allowWarn) {
    return ground("allow", "check.warn", `${text} (this check may warn)`);
  }
  return ground("deny", `check.${verdict}`, text);
}

/**
 * The run that decides about one demanded check, and what it is worth now; undefined when none counts.
 *
 * @param standing ids of waivers of findings that hold
 */
export function decisiveEvidence(
  demand: DemandedCheck,
  subject: Subject,
  evidence: readonly Evidence[],
  now: string,
  standing: ReadonlySet<string> = new Set(),
): { readonly evidence: Evidence; readonly verdict: Verdict } | undefined {
  return decisiveOf(boundTo(demand, subject, evidence), now, standing);
}

function decisiveOf(bound: readonly Evidence[], now: string, standing: ReadonlySet<string>) {
  const failed = bound.filter((item) => item.verdict === "fail");
  const decisive = newest(failed, now, standing) ?? newest(bound, now, standing);
  return decisive && { evidence: decisive, verdict: verdictAt(decisive, now, standing) };
}

/** Whether any run of it has said anything about the subject, however bad. */
export function hasAnswered(
  demand: DemandedCheck,
  subject: Subject,
  evidence: readonly Evidence[],
): boolean {
  return boundTo(demand, subject, evidence).length > 0;
}

function boundTo(
  demand: DemandedCheck,
  subject: Subject,
  evidence: readonly Evidence[],
): readonly Evidence[] {
  const named = evidence.filter((item) => item.check === demand.name);
  if (named.length === 0) return named;
  // Once for all of them: it is hashed.
  const asked = demandDigest(demand);
  return named.filter((item) => item.demand === asked && isBound(item, demand, subject));
}

function isBound(item: Evidence, demand: DemandedCheck, subject: Subject): boolean {
  const same =
    item.service === subject.service &&
    item.environment === subject.environment &&
    item.release === subject.release;
  if (demand.phase === "static") return same;
  return same && item.configuration === subject.configuration && item.colour === subject.colour;
}

/** What a run is worth now: expired is stale, and a pass that exercised nothing is inconclusive (law 2). */
function verdictAt(item: Evidence, now: string, standing: ReadonlySet<string>): Verdict {
  if (item.verdict === "fail" || fallen(item, standing) !== undefined) return "fail";
  // Of what ran at a time that nobody can read nobody can say that it is fresh.
  if (Number.isNaN(Date.parse(item.at))) return "stale";
  if (item.expiresAt !== null && !(Date.parse(item.expiresAt) > Date.parse(now))) return "stale";
  return exercisedNothing(item) && (item.verdict === "pass" || item.verdict === "warn")
    ? "inconclusive"
    : item.verdict;
}

export function exercisedNothing({ exercised }: Evidence): boolean {
  return exercised.requests + exercised.assertions + exercised.files === 0;
}

const worstFirst: readonly Verdict[] = [
  "fail",
  "error",
  "missing",
  "stale",
  "partial",
  "inconclusive",
  "warn",
  "pass",
];

function newest(
  items: readonly Evidence[],
  now: string,
  standing: ReadonlySet<string>,
): Evidence | undefined {
  const rank = (item: Evidence) => worstFirst.indexOf(verdictAt(item, now, standing));
  return [...items].sort(
    (a, b) =>
      time(b) - time(a) ||
      rank(a) - rank(b) ||
      compareText(a.summary, b.summary) ||
      compareText(JSON.stringify(a.leansOn ?? []), JSON.stringify(b.leansOn ?? [])),
  )[0];
}

/** An unreadable time counts as newest, and its verdict cannot be hidden by another. */
function time(item: Evidence): number {
  const at = Date.parse(item.at);
  return Number.isNaN(at) ? Number.MAX_SAFE_INTEGER : at;
}
