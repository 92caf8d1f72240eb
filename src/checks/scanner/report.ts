import type { CheckReport, Verdict } from "../../model/verdict.ts";
import { printable } from "../../model/printable.ts";
import { rulesDigest, type SarifResult, type SarifRule, writeSarif } from "../sarif.ts";
import type { Hit, ScanReply } from "./protocol.ts";
import type { ScanEnd } from "./run-scan.ts";
import type { ScanSettings } from "./settings.ts";

export interface ScannerFacts {
  /** `secrets`: also the name of the tool in the report. */
  readonly id: string;
  /** Of the rules; raised when they find more or less. */
  readonly version: string;
  readonly rules: readonly SarifRule[];
  /** What one examined thing is called: `file`, `lockfile`. */
  readonly unit: string;
  /** Libraries that decide with us, and their versions. */
  readonly libraries?: Readonly<Record<string, string>>;
}

export interface ScanResults {
  readonly results: readonly SarifResult[];
  /** Hits in all, those that the child left out included. */
  readonly count: number;
  /** Added to the summary, each a part of a sentence. */
  readonly remarks?: readonly string[];
  readonly data?: Readonly<Record<string, string>>;
}

/**
 * From what the child answered to what the engine takes: a SARIF report, and a verdict that says only whether
 * the scan was whole. Hits are judged by the engine.
 */
export function scanReport(
  facts: ScannerFacts,
  settings: ScanSettings,
  reply: ScanReply,
  found: ScanResults,
): CheckReport {
  const { results, count } = found;
  const unread = reply.unread.map(({ path, why }) => `${printable(path)}: ${why}`);
  const sarif = writeSarif({
    tool: `tidelock-${facts.id}`,
    version: facts.version,
    rules: facts.rules,
    results,
    notifications: unread.map((text) => `not examined: ${text}`),
    properties: {
      examined: reply.examined,
      passedOver: reply.passedOver,
      excluded: reply.excluded,
      unread: reply.unreadCount,
    },
  });
  const omitted = count - results.length + sarif.omitted;
  const problems: string[] = [];
  let verdict: Verdict = "pass";
  if (reply.examined === 0 && reply.unreadCount === 0) {
    verdict = "inconclusive";
    problems.push(`the release has no ${facts.unit} that this scan examines`);
  }
  if (reply.unreadCount > settings.unreadable) {
    verdict = "partial";
    const named = unread.slice(0, 3).join("; ");
    problems.push(
      `${reply.unreadCount} could not be examined, ${settings.unreadable} may: ${named}`,
    );
  }
  if (omitted > 0) {
    verdict = "partial";
    problems.push(`${omitted} of ${count} hits did not fit the report; the worst are in it`);
  }
  const counted = [
    `${reply.examined} ${facts.unit}${reply.examined === 1 ? "" : "s"} examined`,
    `${reply.passedOver} of other kinds`,
    ...(reply.excluded === 0 ? [] : [`${reply.excluded} left out by the pipeline`]),
    `${count} hit${count === 1 ? "" : "s"}`,
    ...(reply.suppressionCount === 0
      ? []
      : [`${reply.suppressionCount} requests to look away, none obeyed`]),
    ...(found.remarks ?? []),
  ];
  return {
    verdict,
    summary: [...problems, counted.join(", ")].join("; "),
    exercised: { requests: 0, assertions: 0, files: reply.examined },
    tools: { [`tidelock-${facts.id}`]: facts.version, node: process.version, ...facts.libraries },
    data: { rules: rulesDigest(facts.rules), ...found.data },
    results: reply.unread.map(({ path, why }) => ({
      name: printable(path),
      verdict: reply.unreadCount > settings.unreadable ? "partial" : "warn",
      message: `not examined: ${why}`,
    })),
    suppressions: reply.suppressions,
    raw: { format: "sarif", text: sarif.text, truncated: false },
  };
}

/** The child died, or answered what is no answer: never a pass. */
export function scanFailed(facts: ScannerFacts, end: ScanEnd & { kind: "failed" }): CheckReport {
  return {
    verdict: "error",
    summary: end.why,
    exercised: { requests: 0, assertions: 0, files: 0 },
    tools: { [`tidelock-${facts.id}`]: facts.version, node: process.version },
    results: [],
  };
}

export function hitResults(hits: readonly Hit[]): readonly SarifResult[] {
  return hits.map(({ rule, severity, path, line, column, message, fingerprint }) => ({
    rule,
    ...(severity === undefined ? {} : { severity }),
    message,
    fingerprint,
    place: { kind: "file", path, line, ...(column === undefined ? {} : { column }) },
  }));
}

/** A hit is old when the live release has one of the same rule, file and fingerprint. */
export function againstBaseline(
  results: readonly SarifResult[],
  live: readonly Hit[],
): readonly SarifResult[] {
  const key = (rule: string, path: string | undefined, fingerprint: string) =>
    JSON.stringify([rule, path, fingerprint]);
  const old = new Set(live.map(({ rule, path, fingerprint }) => key(rule, path, fingerprint)));
  return results.map((result) => {
    const same = old.has(key(result.rule, result.place.path, result.fingerprint));
    return { ...result, baseline: same ? "unchanged" : "new" };
  });
}
