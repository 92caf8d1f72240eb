import type { CheckReport } from "../model/verdict.ts";

/** A clock that is this far behind another is no news. Milliseconds. */
const aheadMs = 24 * 3_600_000;

/**
 * Holds a report to the age of the data that it was decided by (advisories, rules): a pass by data older than
 * the demand allows, by data from the future, or by data that say no date is inconclusive. What was found stays.
 *
 * @param maxAgeMs undefined: nobody asks
 * @param now the database's time
 */
export function holdToDataAge(
  report: CheckReport,
  maxAgeMs: number | undefined,
  now: Date,
): CheckReport {
  if (maxAgeMs === undefined) return report;
  if (report.verdict !== "pass" && report.verdict !== "warn") return report;
  const wrong = whyTooOld(report.data ?? {}, maxAgeMs, now);
  if (wrong === null) return report;
  return { ...report, verdict: "inconclusive", summary: `${wrong}: ${report.summary}` };
}

function whyTooOld(
  data: Readonly<Record<string, string>>,
  maxAgeMs: number,
  now: Date,
): string | null {
  const dated = Object.entries(data).flatMap(([name, text]) => {
    const at = name === "program" ? NaN : dateIn(text);
    return Number.isNaN(at) ? [] : [{ name, at }];
  });
  const [oldest] = dated.sort((a, b) => a.at - b.at);
  if (oldest === undefined) return "it does not say how old the data are that it decided by";
  const ahead = dated.find(({ at }) => at > now.getTime() + aheadMs);
  if (ahead !== undefined) return `its data (${ahead.name}) are from the future`;
  const age = now.getTime() - oldest.at;
  if (age <= maxAgeMs) return null;
  return `its data (${oldest.name}) are ${inWords(age)} old, at most ${inWords(maxAgeMs)} is allowed`;
}

/** The first date in a text, in milliseconds; NaN where there is none. */
function dateIn(text: string): number {
  const found = /(?<!\d)\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?Z)?/.exec(
    text,
  )?.[0];
  return found === undefined ? NaN : Date.parse(found);
}

function inWords(ms: number): string {
  const hours = ms / 3_600_000;
  return hours < 48 ? `${hours.toFixed(1)} hours` : `${(hours / 24).toFixed(1)} days`;
}
