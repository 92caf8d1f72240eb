import type { Promoted } from "./releases.ts";
import { table } from "./table.ts";

const head = ["environment", "release", "colour", "time", "checks", "requests sent/failed"];

function seconds({ view }: Promoted): string {
  if (!view.startedAt || !view.endedAt) return "-";
  return `${((Date.parse(view.endedAt) - Date.parse(view.startedAt)) / 1000).toFixed(1)} s`;
}

function checks({ view }: Promoted): string {
  const passed = view.checks.filter((check) => check.report?.verdict === "pass").length;
  return `${passed}/${view.checks.length} passed`;
}

/** The closing table: one row a promotion. */
export function closingTable(promoted: readonly Promoted[]): string {
  const rows = promoted.map((one) => [
    one.view.environment,
    `${one.view.service} ${one.view.release.version}`,
    one.view.state === "complete" ? (one.view.colour ?? "-") : one.view.state,
    seconds(one),
    checks(one),
    one.load ? `${one.load.sent}/${one.load.failed}` : "-",
  ]);
  return table(head, rows);
}

/** What fell short, in words; empty when everything is as it should be. */
export function shortcomings(promoted: readonly Promoted[], expected: number): readonly string[] {
  const problems = promoted.flatMap(({ view, load }) => [
    ...(view.state === "complete"
      ? []
      : [`${view.environment} ${view.release.version}: ${view.state}: ${view.message}`]),
    ...view.checks.flatMap((check) =>
      check.report?.verdict === "pass"
        ? []
        : [`${view.environment} ${view.release.version}: check ${check.name}: ${verdict(check)}`],
    ),
    ...(load && load.failed > 0
      ? [`${load.failed} of ${load.sent} requests failed: ${load.failures.join("; ")}`]
      : []),
  ]);
  const missing = expected - promoted.length;
  return missing > 0 ? [...problems, `${missing} promotions were not made`] : problems;
}

function verdict(check: Promoted["view"]["checks"][number]): string {
  return check.report ? `${check.report.verdict}: ${check.report.summary}` : "no report";
}
