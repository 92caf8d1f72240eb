import { isAtLeast, type Severity } from "../model/observation.ts";
import type { Digest } from "../model/primitives.ts";
import type { Verdict } from "../model/verdict.ts";
import { neverWaived, type Waived, type WaiverPolicy } from "../model/waiver.ts";

/**
 * Whether an accepted risk counts: the one place that says so, for gates, checks, lists and the scheduler. Pure, total,
 * and narrow: what is not exactly what two people signed is not accepted.
 */

/** A waiver that two people have signed and nobody has ended. */
export interface SignedWaiver {
  readonly waived: Waived;
  /** RFC 3339, by the database's clock: the second signature. */
  readonly since: string;
  /** By pseudonym: who signed first, and who second. */
  readonly people: readonly [string, string];
}

/** A finding as it is now. */
export interface FindingNow {
  readonly kind: "finding";
  readonly finding: string;
  readonly fingerprints: Digest;
  /** As gates count it. */
  readonly severity: Severity;
  /** Null: no list of what is exploited is here. */
  readonly knownExploited: boolean | null;
}

/** What the runs of a demanded check say now. */
export interface CheckNow {
  readonly kind: "check";
  readonly check: string;
  readonly uses: string;
  readonly demand: Digest;
  readonly verdict: Verdict;
  /** It ran, and nothing was exercised. */
  readonly empty: boolean;
  /** Names of what fails; null: more than can be told, or not known. */
  readonly failing: readonly string[] | null;
}

/** What is to be let through, and where. */
export interface WaiverSubject {
  readonly service: string;
  readonly environment: string;
  readonly release: Digest;
  /** Of the environment's owners, as it is now; null: nobody can say what they allow. */
  readonly policy: WaiverPolicy | null;
  readonly of: FindingNow | CheckNow;
}

export type Holding =
  | { readonly holds: true; /** RFC 3339. */ readonly until: string }
  /** `why` in a sentence; `void`: it can never hold again for what it was signed for. */
  | { readonly holds: false; readonly why: string; readonly void: boolean };

/** @param now RFC 3339, by the database's clock */
export function holds(waiver: SignedWaiver, subject: WaiverSubject, now: string): Holding {
  const { waived } = waiver;
  const place = otherPlace(waived, subject);
  if (place !== null) return not(place);
  const time = otherTime(waiver, subject.policy, now);
  if (time !== null) return time;
  const thing =
    waived.of.kind === "finding"
      ? otherFinding(waived.of, subject.of)
      : otherCheck(waived.of, subject.of);
  if (thing !== null) return thing;
  return { holds: true, until: endOf(waiver, subject.policy) ?? waived.until };
}

/**
 * When it ends, RFC 3339: on its day, or earlier where the environment's owners came to allow less. Null: they allow
 * it not at all, or a time is none.
 */
export function endOf({ waived, since }: SignedWaiver, policy: WaiverPolicy | null): string | null {
  if (policy === null || !allows(policy, waived.of.kind)) return null;
  const latest = Date.parse(since) + policy.longest;
  const end = Math.min(Date.parse(waived.until), latest);
  return Number.isFinite(end) ? new Date(end).toISOString() : null;
}

export function allows({ allowed }: WaiverPolicy, kind: Waived["of"]["kind"]): boolean {
  return allowed === "both" || allowed === `${kind}s`;
}

function not(why: string): Holding {
  return { holds: false, why, void: false };
}

function never(why: string): Holding {
  return { holds: false, why, void: true };
}

function otherPlace(waived: Waived, { service, environment, release }: WaiverSubject) {
  if (waived.service !== service) return `it is about ${waived.service}`;
  if (waived.environment !== environment) return `it is about ${waived.environment}`;
  if (waived.release !== null && waived.release !== release) return "it is about another release";
  return null;
}

function otherTime(waiver: SignedWaiver, policy: WaiverPolicy | null, now: string): Holding | null {
  const { waived, since } = waiver;
  if (policy === null) return not(`${waived.environment} is not registered any more`);
  const end = endOf(waiver, policy);
  if (end === null) {
    return never(`the owners of ${waived.environment} allow no waivers of ${waived.of.kind}s`);
  }
  // A comparison with what is no time is false: then it does not hold.
  if (!(Date.parse(now) < Date.parse(end))) {
    const why = end === waived.until ? "" : `, the longest that ${waived.environment} allows`;
    return never(`it ended on ${end}${why}`);
  }
  // Signed later than now: a clock was set back, and would make it last longer.
  if (!(Date.parse(since) <= Date.parse(now))) return not(`it holds from ${since} on`);
  return null;
}

type Accepted<K extends Waived["of"]["kind"]> = Extract<Waived["of"], { readonly kind: K }>;

function otherFinding(signed: Accepted<"finding">, now: WaiverSubject["of"]): Holding | null {
  if (now.kind !== "finding" || now.finding !== signed.finding) {
    return not(`it is about ${signed.finding}`);
  }
  if (now.fingerprints !== signed.fingerprints) {
    return never("what makes it this finding has changed since it was signed");
  }
  if (!isAtLeast(signed.severity, now.severity)) {
    return never(`it is ${now.severity} now, and was ${signed.severity} when it was signed`);
  }
  if (now.knownExploited === true && signed.knownExploited !== true) {
    return never("it is known to be exploited, which it was not when it was signed");
  }
  return null;
}

function otherCheck(signed: Accepted<"check">, now: WaiverSubject["of"]): Holding | null {
  if (now.kind !== "check" || now.check !== signed.check) {
    return not(`it is about the check ${signed.check}`);
  }
  if (neverWaived.has(now.uses)) return never(`nobody can accept that ${now.uses} does not pass`);
  if (now.uses !== signed.uses || now.demand !== signed.demand) {
    return not(`it is about another configuration of ${signed.check}`);
  }
  const accepted: ReadonlySet<Verdict> = new Set(signed.verdicts);
  if (!accepted.has(now.verdict)) return not(`it does not accept the verdict ${now.verdict}`);
  if (now.empty && !accepted.has("inconclusive")) {
    return not("the run exercised nothing, which it does not accept (inconclusive)");
  }
  return now.verdict === "fail" ? moreFails(signed, now) : null;
}

function moreFails(signed: Accepted<"check">, now: CheckNow): Holding | null {
  // Whatever is open would be accepted at once: a finding is accepted one by one.
  if (now.uses === "findings") return never("findings are accepted one by one");
  if (now.failing === null) return not("more fails than can be compared with what was accepted");
  const accepted = new Set(signed.failing);
  const [first] = now.failing.filter((name) => !accepted.has(name));
  return first === undefined ? null : not(`something else fails as well: ${first}`);
}
