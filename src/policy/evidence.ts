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
  /** RFC 3339; null for one that does not expire within its promotion. */
  readonly expiresAt: string | null;
}

/** What a rule reads of a demanded check; the whole demand stands in the inputs. */
export type DemandedCheck = Pick<CheckDemand, "name" | "uses" | "with" | "phase" | "allowWarn"> & {
  readonly minimum?: CheckDemand["minimum"] | undefined;
  readonly maxDataAge?: number | undefined;
  readonly outOfBand?: boolean | undefined;
};

/** What identifies a check: its adapter and what it was told, never its label. */
export function demandDigest(
  demand: Pick<DemandedCheck, "uses" | "with" | "minimum" | "maxDataAge">,
): Digest {
  const { uses, with: configuration, minimum, maxDataAge } = demand;
  return digestOf({
    uses,
    with: configuration,
    ...(minimum === undefined ? {} : { minimum }),
    ...(maxDataAge === undefined ? {} : { maxDataAge }),
  });
}

/**
 * What the evidence says about one demanded check. Only runs bound to the subject count. A `fail` stays
 * whatever is run afterwards; of the rest the newest decides, and of two at one moment the worse.
 */
export function checkGround(
  demand: DemandedCheck,
  subject: Subject,
  evidence: readonly Evidence[],
  now: string,
): Ground {
  const decisive = decisiveEvidence(demand, subject, evidence, now);
  if (decisive === undefined) {
    const named = evidence.some((item) => item.check === demand.name);
    const other = named ? "it ran for something else" : "it did not run";
    return ground("deny", "check.missing", `check ${demand.name}: no verdict for this; ${other}`);
  }
  const { verdict, evidence: shown } = decisive;
  const text = `check ${demand.name}: ${verdict}: ${shown.summary}`;
  if (verdict === "pass") return ground("allow", "check.pass", text);
  if (verdict === "warn" && demand.allowWarn) {
    return ground("allow", "check.warn", `${text} (this check may warn)`);
  }
  return ground("deny", `check.${verdict}`, text);
}

/** The run that decides about one demanded check, and what it is worth now; undefined when none counts. */
export function decisiveEvidence(
  demand: DemandedCheck,
  subject: Subject,
  evidence: readonly Evidence[],
  now: string,
): { readonly evidence: Evidence; readonly verdict: Verdict } | undefined {
  const bound = evidence.filter(
    (item) => item.check === demand.name && isBound(item, demand, subject),
  );
  const failed = bound.filter((item) => item.verdict === "fail");
  const decisive = newest(failed, now) ?? newest(bound, now);
  return decisive && { evidence: decisive, verdict: verdictAt(decisive, now) };
}

/** Whether any run of it has said anything about the subject, however bad. */
export function hasAnswered(
  demand: DemandedCheck,
  subject: Subject,
  evidence: readonly Evidence[],
): boolean {
  return evidence.some((item) => item.check === demand.name && isBound(item, demand, subject));
}

function isBound(item: Evidence, demand: DemandedCheck, subject: Subject): boolean {
  const same =
    item.demand === demandDigest(demand) &&
    item.service === subject.service &&
    item.environment === subject.environment &&
    item.release === subject.release;
  if (demand.phase === "static") return same;
  return same && item.configuration === subject.configuration && item.colour === subject.colour;
}

/** What a run is worth now: expired is stale, and a pass that exercised nothing is inconclusive (law 2). */
function verdictAt(item: Evidence, now: string): Verdict {
  if (item.verdict === "fail") return "fail";
  if (item.expiresAt !== null && !(Date.parse(item.expiresAt) > Date.parse(now))) return "stale";
  const { requests, assertions, files } = item.exercised;
  const nothing = requests + assertions + files === 0;
  return nothing && (item.verdict === "pass" || item.verdict === "warn")
    ? "inconclusive"
    : item.verdict;
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

function newest(items: readonly Evidence[], now: string): Evidence | undefined {
  return [...items].sort(
    (a, b) =>
      time(b) - time(a) ||
      worstFirst.indexOf(verdictAt(a, now)) - worstFirst.indexOf(verdictAt(b, now)) ||
      compareText(a.summary, b.summary),
  )[0];
}

/** An unreadable time counts as newest, and its verdict cannot be hidden by another. */
function time(item: Evidence): number {
  const at = Date.parse(item.at);
  return Number.isNaN(at) ? Number.MAX_SAFE_INTEGER : at;
}
