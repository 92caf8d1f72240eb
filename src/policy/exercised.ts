import type { CheckMinimum } from "../model/pipeline.ts";
import type { CheckReport, Exercised } from "../model/verdict.ts";

const kinds = [
  "requests",
  "assertions",
  "files",
  "routes",
  "identities",
  "experiments",
  "scenarios",
] as const;

/** A run that exercised less than this share of the one before says nothing about the rest. */
export const leastShare = 0.5;

/** What a run lacks of what was declared, in words; null when it has it. */
function belowMinimum(exercised: Exercised, minimum: CheckMinimum): string | null {
  const lacking = kinds.flatMap((kind) => {
    const least = minimum[kind];
    const count = exercised[kind] ?? 0;
    return least === undefined || count >= least ? [] : [`${count} ${kind}, at least ${least}`];
  });
  return lacking.length === 0 ? null : lacking.join("; ");
}

/** What a run exercised far less of than the one before, with both numbers; null when nothing. */
function farLess(exercised: Exercised, before: Exercised): string | null {
  const fallen = kinds.flatMap((kind) => {
    const count = exercised[kind] ?? 0;
    const last = before[kind] ?? 0;
    return count < last * leastShare ? [`${count} ${kind}, and ${last} the last time`] : [];
  });
  // A release may well drop most of its packages; that it has none any more is to be said by people.
  const packages = before.packages ?? 0;
  if (packages > 0 && exercised.packages === 0) {
    fallen.push(`no package, and ${packages} the last time`);
  }
  return fallen.length === 0 ? null : fallen.join("; ");
}

/**
 * Holds a report to what it should have exercised: a pass over less than the declared minimum, or over far
 * less than the last complete run of the same demand, is inconclusive. Nothing else is made better or worse.
 */
export function holdToExercised(
  report: CheckReport,
  minimum: CheckMinimum | undefined,
  before: Exercised | null,
): CheckReport {
  if (report.verdict !== "pass" && report.verdict !== "warn") return report;
  const below = minimum === undefined ? null : belowMinimum(report.exercised, minimum);
  const less = before === null ? null : farLess(report.exercised, before);
  const why =
    below !== null
      ? `too little was exercised: ${below} demanded`
      : less !== null
        ? `far less was exercised than before: ${less}`
        : null;
  if (why === null) return report;
  return { ...report, verdict: "inconclusive", summary: `${why}; ${report.summary}` };
}
