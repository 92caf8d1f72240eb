import type { FactFinding, GateFacts } from "../model/gate-facts.ts";
import { isAtLeast, Severity } from "../model/observation.ts";
import { breakable } from "./break-glass.ts";
import { type Ground, ground } from "./decide.ts";
import {
  type DemandedCheck,
  decisiveEvidence,
  demandDigest,
  type Evidence,
  type Subject,
} from "./evidence.ts";

/** A flaw that was published of something that the release is made of. */
export interface KnownFlaw {
  readonly advisory: string;
  /** Other names of the same flaw. */
  readonly aliases: readonly string[];
  readonly severity: Severity;
  /** `npm lodash`, as advisories name it. */
  readonly package: string;
  readonly version: string;
  /** The first version without it; null: there is none yet. */
  readonly fixedIn: string | null;
  /** RFC 3339: since when it is known here as this bad. */
  readonly since: string;
}

/** What advisories say of the release's components, beside what scans of it have seen. */
export interface FlawsInput {
  readonly known: readonly KnownFlaw[];
  /** Names of the demanded checks that look for such. */
  readonly lookedFor: readonly string[];
}

interface Place {
  readonly subject: Subject;
  readonly evidence: readonly Evidence[];
  readonly checks: readonly DemandedCheck[];
  readonly now: string;
  readonly flaws?: FlawsInput | undefined;
}

/** As every scanning adapter has it where its demand says nothing. */
const failOnByDefault: Severity = "high";
const mostNamed = 3;

/** Said by what was published since, and by nothing else. */
export const contradictedRule = "check.contradicted";

/**
 * A check that looked for flaws before one was known has said nothing about it: where it would fail for one as bad, its
 * answer is contradicted until it has looked again. Nobody's waiver of what it said then is about this.
 */
export function flawGrounds({ flaws, checks, subject, evidence, now }: Place): readonly Ground[] {
  if (flaws === undefined || flaws.known.length === 0) return [];
  const against = checks.flatMap((check) => {
    if (check.phase === "live" || !flaws.lookedFor.includes(check.name)) return [];
    const shown = decisiveEvidence(check, subject, evidence, now);
    // It has not run, or nothing of it counts: the check itself denies.
    if (shown === undefined) return [];
    const failOn = Severity.safeParse(check.with["failOn"] ?? failOnByDefault);
    const at = Date.parse(shown.evidence.begunAt ?? shown.evidence.at);
    const later = flaws.known.filter(
      ({ since, severity }) =>
        // An unreadable time is no proof that it was known then.
        !(Date.parse(since) <= at) && (!failOn.success || isAtLeast(severity, failOn.data)),
    );
    if (later.length === 0) return [];
    const message = `check ${check.name}: its ${shown.evidence.verdict} of ${shown.evidence.at} is contradicted: ${named(later)}`;
    const said = ground("deny", contradictedRule, message);
    const failing = [...new Set(later.map(({ advisory }) => advisory))].sort();
    const seen = { demand: demandDigest(check), verdict: "fail" as const, failing };
    return [breakable(said, { of: `contradicted ${check.name}`, check: seen })];
  });
  if (against.length > 0) return against;
  const message = `of what it is made of is published, and no check here stands against it: ${named(flaws.known)}`;
  return [ground("allow", "flaws", message)];
}

function named(flaws: readonly KnownFlaw[]): string {
  const first = flaws.slice(0, mostNamed).map((flaw) => {
    const fix = flaw.fixedIn === null ? "no version repairs it yet" : `repaired in ${flaw.fixedIn}`;
    return `${flaw.advisory} (${flaw.severity}) in ${flaw.package} ${flaw.version}, known since ${flaw.since} (${fix})`;
  });
  const more = flaws.length > mostNamed ? `; and ${flaws.length - mostNamed} more` : "";
  return `${first.join("; ")}${more}`;
}

/**
 * Facts in which published flaws that no scan has seen yet count as findings, so that rules see them: under the
 * advisory's own id, because nobody has given them a number yet. Pure.
 *
 * @param inLive names of flaws that what is live has as well
 * @param count as findings are counted
 */
export function withFlaws(
  facts: GateFacts,
  known: readonly KnownFlaw[],
  inLive: ReadonlySet<string>,
  count: (items: readonly FactFinding[]) => Pick<Found, "open" | "new" | "byKind" | "items">,
): GateFacts {
  const { findings } = facts;
  if (findings === null || findings.items === null || known.length === 0) return facts;
  const seen = new Set(findings.items.flatMap(({ rule, aliases }) => [rule, ...aliases]));
  const fresh = known.filter(({ advisory, aliases }) => {
    return ![advisory, ...aliases].some((name) => seen.has(name));
  });
  if (fresh.length === 0) return facts;
  const now = Date.parse(facts.now);
  const listed = findings.items.some(({ knownExploited }) => knownExploited !== null);
  const items = fresh.map((flaw): FactFinding => {
    const age = Math.floor((now - Date.parse(flaw.since)) / 1_000);
    return {
      ageSeconds: age > 0 ? age : 0,
      aliases: [...flaw.aliases],
      fixable: flaw.fixedIn !== null,
      id: flaw.advisory,
      kind: "dependency",
      // Nobody has held it against a list of what is exploited.
      knownExploited: listed ? false : null,
      new: ![flaw.advisory, ...flaw.aliases].some((name) => inLive.has(name)),
      overdue: false,
      rule: flaw.advisory,
      severity: flaw.severity,
      waived: false,
    };
  });
  const all = [...findings.items, ...items].sort(
    (a, b) => Severity.options.indexOf(a.severity) - Severity.options.indexOf(b.severity),
  );
  return { ...facts, findings: { ...findings, ...count(all) } };
}

type Found = NonNullable<GateFacts["findings"]>;
