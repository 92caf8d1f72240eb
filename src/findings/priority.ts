import { type Observation, type Severity, severities } from "../model/observation.ts";
import type { Tier } from "../model/primitives.ts";

/** What is known of how urgent a finding is. */
export interface Risk {
  readonly severity: Severity;
  readonly severityStated: boolean;
  readonly cvss: NonNullable<Observation["cvss"]>;
  /** In CISA's catalogue of known exploited vulnerabilities; null: no catalogue was asked. */
  readonly knownExploited: boolean | null;
  /** EPSS: probability of exploitation within 30 days, 0 to 1; null is unknown, not zero. */
  readonly epss: number | null;
  /** Whether the vulnerable code can be reached; null: nobody says. */
  readonly reachable: boolean | null;
  /** Tiers in which a release that has it is live; empty: in none. */
  readonly liveTiers: readonly Tier[];
  /** Whether it is reached from outside: a public route, an open port; null: nobody says. */
  readonly exposed: boolean | null;
}

export interface Priority {
  /** Higher is more urgent. Whole numbers, at most 2^53; compared, and nothing else. */
  readonly rank: number;
  /** In words, the reasons in order of weight. */
  readonly why: string;
}

/**
 * An EPSS that nobody knows stands between: above what is known to be hardly ever exploited, below what is known to be
 * exploited often. About one published CVE in twenty scores higher than this.
 */
const unknownEpss = 0.1;

const reachFactor = (reachable: boolean | null) => (reachable === false ? 0.2 : 1);
const exposureFactor = (exposed: boolean | null) => (exposed === false ? 0.5 : 1);
const tierFactor: Readonly<Record<Tier | "none", number>> = {
  production: 1,
  staging: 0.4,
  testing: 0.25,
  development: 0.15,
  none: 0.1,
};
const tierOrder: readonly Tier[] = ["production", "staging", "testing", "development"];

/**
 * How urgent a finding is: known exploited before everything; then EPSS x reachability x exposure; then severity;
 * then CVSS, of which 4.0 and 3.1 are different scales: a score only orders findings of one severity, and is put
 * into the order as its place within that severity's range of its own version, never beside another version's.
 *
 * What has no CVE (code, secrets, tests) has no EPSS and never will; there the severity stands in its place,
 * so that a critical injection is not behind every library. What nobody knows counts as bad: unknown reachability is
 * reachable, unknown exposure is exposed.
 *
 * The rank holds, from the highest digits: exploited (1), likelihood (0..1000), severity (0..4), CVSS (0..100).
 */
export function priorityOf(risk: Risk, hasCve: boolean): Priority {
  const { knownExploited, severity } = risk;
  const [tier = "none"] = tierOrder.filter((one) => risk.liveTiers.includes(one));
  const chance = hasCve ? (risk.epss ?? unknownEpss) : standIn[severity];
  const weight =
    chance * reachFactor(risk.reachable) * exposureFactor(risk.exposed) * tierFactor[tier];
  const likelihood = Math.round(Math.min(Math.max(weight, 0), 1) * 1_000);
  const grave = severities.length - 1 - severities.indexOf(severity);
  const score = scoreOf(risk.cvss);
  const rank =
    ((knownExploited === true ? 1 : 0) * 1_001 + likelihood) * 5 * 101 + grave * 101 + score.within;
  return { rank, why: reasons(risk, { hasCve, tier, score: score.text }).join("; ") };
}

/** In place of an EPSS, where there can be none. */
const standIn: Readonly<Record<Severity, number>> = {
  critical: 0.5,
  high: 0.2,
  medium: 0.05,
  low: 0.01,
  info: 0,
};

const newestFirst = ["4.0", "3.1", "3.0", "2.0"] as const;

/** The score of the newest version that is stated, 0 to 100 of its own scale. */
function scoreOf(cvss: Risk["cvss"]): { readonly within: number; readonly text: string | null } {
  for (const version of newestFirst) {
    const scores = cvss.filter((one) => one.version === version).map(({ score }) => score);
    if (scores.length === 0) continue;
    const highest = Math.max(...scores);
    return { within: Math.round(highest * 10), text: `CVSS ${version} ${highest.toFixed(1)}` };
  }
  return { within: 0, text: null };
}

function reasons(
  risk: Risk,
  { hasCve, tier, score }: { hasCve: boolean; tier: Tier | "none"; score: string | null },
): readonly string[] {
  const { severity, severityStated, knownExploited, epss, reachable, exposed } = risk;
  return [
    ...(knownExploited === true ? ["known to be exploited"] : []),
    ...(hasCve
      ? [
          epss === null
            ? "EPSS unknown, counted as 10 %"
            : `EPSS ${(epss * 100).toFixed(epss < 0.01 ? 2 : 1)} %`,
        ]
      : []),
    tier === "none" ? "live nowhere" : `live in ${tier}`,
    ...(reachable === null ? [] : [reachable ? "reachable" : "said to be out of reach"]),
    ...(exposed === null ? [] : [exposed ? "exposed" : "not exposed"]),
    severityStated ? severity : `${severity}, as nobody says how grave it is`,
    ...(score === null ? [] : [score]),
  ];
}
