import { isAtLeast, type Observation, severities, type Severity } from "../model/observation.ts";
import type { CheckReport, Exercised, Verdict } from "../model/verdict.ts";
import type { Parsed, Parser } from "./parsers/parser.ts";

/** From which severity on a hit fails, or warns: the adapter's `scanThresholds`. */
export interface Thresholds {
  readonly failOn: Severity;
  readonly warnOn: Severity;
  /**
   * `live`: hits that the live release has as well are counted and not judged. Only scanners that compare by
   * themselves have this key: what a tool calls unchanged by a baseline of its own counts like any other.
   */
  readonly baseline?: "none" | "live" | undefined;
}

/** How many observations stand in a report; the worst. All of them stand in the raw report. */
export const keptObservations = 500;

/** What is left of a parsed report once it was counted: small, whatever the report was. */
export interface Digested {
  readonly counts: Readonly<Partial<Record<Severity, number>>>;
  /** The worst hits, worst first; of one severity in the tool's order. */
  readonly worst: readonly Observation[];
  readonly total: number;
  /** Of `counts`, those that the live release has as well. */
  readonly unchanged: Readonly<Partial<Record<Severity, number>>>;
  /** How many of all the tool had marked as suppressed; they count like the others. */
  readonly suppressed: number;
  readonly exercised: Partial<Exercised>;
  readonly tool: { readonly name: string; readonly version: string } | null;
  readonly complete: boolean;
  readonly missing: string;
}

/** Reads a raw report and counts it. Throws what the parser throws. */
export function digestReport(parser: Parser, text: string): Digested {
  return countHits(parser.parse(text));
}

export function countHits(parsed: Parsed): Digested {
  const counts: Partial<Record<Severity, number>> = {};
  const unchanged: Partial<Record<Severity, number>> = {};
  const bySeverity = new Map<Severity, Observation[]>(severities.map((one) => [one, []]));
  let suppressed = 0;
  for (const observation of parsed.observations) {
    const { severity } = observation;
    counts[severity] = (counts[severity] ?? 0) + 1;
    if (observation.unchanged) unchanged[severity] = (unchanged[severity] ?? 0) + 1;
    if (observation.suppressed) suppressed += 1;
    const kept = bySeverity.get(severity);
    if (kept && kept.length < keptObservations) kept.push(observation);
  }
  return {
    counts,
    worst: severities.flatMap((one) => bySeverity.get(one) ?? []).slice(0, keptObservations),
    unchanged,
    total: parsed.observations.length,
    suppressed,
    exercised: parsed.exercised ?? {},
    tool: parsed.tool ?? null,
    complete: parsed.complete,
    missing: parsed.missing ?? "",
  };
}

/**
 * The verdict of a scan: its adapter said whether the scan was whole, the report says what was hit. Nothing
 * here makes a verdict better. A hit at `failOn` or worse is `fail` even where the scan was not whole, so
 * that trying an error again cannot try a finding away; a hit at `warnOn` or worse turns a pass into
 * `warn`; a hit that the tool marked as suppressed counts like any other; a scan that says itself that it
 * left something out is `partial`. Pure.
 */
export function judge(
  report: CheckReport,
  found: Digested,
  { failOn, warnOn, baseline }: Thresholds,
): CheckReport {
  const old = baseline === "live" ? found.unchanged : {};
  const atLeast = (threshold: Severity) =>
    countAtLeast(found.counts, threshold) - countAtLeast(old, threshold);
  const failing = atLeast(failOn);
  const warning = atLeast(warnOn) - failing;
  const verdict = verdictOf(report.verdict, found.complete, failing, warning);
  return {
    ...report,
    verdict,
    whole: (report.verdict === "pass" || report.verdict === "warn") && found.complete,
    summary: summaryOf(report, found, { verdict, failing, failOn, baseline }),
    exercised: exercisedOf(report.exercised, found.exercised),
    tools: {
      ...(found.tool === null ? {} : { [found.tool.name]: found.tool.version }),
      ...report.tools,
    },
    counts: found.counts,
    observations: [...found.worst],
  };
}

function verdictOf(whole: Verdict, complete: boolean, failing: number, warning: number): Verdict {
  if (failing > 0) return "fail";
  if (whole !== "pass" && whole !== "warn") return whole;
  if (!complete) return "partial";
  return warning > 0 ? "warn" : whole;
}

function countAtLeast(counts: Digested["counts"], threshold: Severity): number {
  return severities
    .filter((severity) => isAtLeast(severity, threshold))
    .reduce((sum, severity) => sum + (counts[severity] ?? 0), 0);
}

function summaryOf(
  report: CheckReport,
  found: Digested,
  {
    verdict,
    failing,
    failOn,
    baseline,
  }: { verdict: Verdict; failing: number } & Pick<Thresholds, "failOn" | "baseline">,
): string {
  const parts = severities.flatMap((severity) => {
    const count = found.counts[severity] ?? 0;
    return count === 0 ? [] : [`${count} ${severity}`];
  });
  const hits = found.total === 0 ? "no hit" : `${plural(found.total, "hit")} (${parts.join(", ")})`;
  const worst = found.worst.find(({ unchanged }) => baseline !== "live" || !unchanged);
  return [
    failing > 0
      ? `${plural(failing, "hit")} at ${failOn} or worse, of ${parts.join(", ")}; the first: ${nameOf(worst)}`
      : hits,
    ...(found.suppressed > 0
      ? [`${found.suppressed} marked as suppressed, which only a waiver grants`]
      : []),
    ...(verdict === "partial" && !found.complete && report.verdict !== "partial"
      ? [`its report says that it is not whole${found.missing === "" ? "" : `: ${found.missing}`}`]
      : []),
    ...(report.summary === "" ? [] : [report.summary]),
  ].join("; ");
}

function plural(count: number, word: string): string {
  return count === 1 ? `1 ${word}` : `${count} ${word}s`;
}

function nameOf(observation: Observation | undefined): string {
  return observation === undefined
    ? ""
    : `${observation.title.slice(0, 200)} (${placeName(observation).slice(0, 200)})`;
}

/** Where a hit was, as a person reads it. */
export function placeName({ place }: Pick<Observation, "place">): string {
  switch (place.kind) {
    case "file":
      return place.line === undefined ? place.path : `${place.path}:${place.line}`;
    case "package":
      return `${place.name} ${place.version}`;
    case "http":
      return `${place.method} ${place.route}${place.parameter === undefined ? "" : ` ${place.parameter}`}`;
    case "port":
      return `${place.host}:${place.port}/${place.protocol}`;
    case "resource":
      return place.name;
  }
}

/** The adapter counted for itself; where it has no number, the report's own stands. */
function exercisedOf(own: Exercised, said: Partial<Exercised>): Exercised {
  const pick = (key: keyof Exercised): number | undefined => {
    const counted = own[key];
    return counted === undefined || counted === 0 ? (said[key] ?? counted) : counted;
  };
  const routes = pick("routes");
  const identities = pick("identities");
  const scenarios = pick("scenarios");
  const { packages } = own;
  return {
    requests: pick("requests") ?? 0,
    assertions: pick("assertions") ?? 0,
    files: pick("files") ?? 0,
    ...(routes === undefined ? {} : { routes }),
    ...(identities === undefined ? {} : { identities }),
    ...(scenarios === undefined ? {} : { scenarios }),
    ...(packages === undefined ? {} : { packages }),
  };
}
