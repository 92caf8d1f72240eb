import type { CheckRunView } from "../../api/views.ts";
import type { Card } from "../output/print.ts";
import { when } from "../output/words.ts";

/** One check run for people. */
export function checkCard(run: CheckRunView): Card<CheckRunView> {
  const { report } = run;
  const raw = report?.raw;
  return {
    item: run,
    name: run.id,
    lines: [
      ["check", `${run.name} (${run.uses}, ${run.phase})`],
      ["run", run.id],
      ["verdict", report?.verdict ?? "running"],
      ["summary", report?.summary ?? null],
      ["exercised", report ? named(report.exercised) : null],
      ["hits", report?.counts ? named(report.counts) || "none" : null],
      ["tools", report ? named(report.tools) || null : null],
      ["data", report?.data ? named(report.data) : null],
      [
        "raw report",
        raw === undefined
          ? null
          : `${raw.format}, ${"bytes" in raw ? `${raw.bytes} bytes, ${raw.digest}` : `${raw.text.length} characters`}${raw.truncated ? ", cut" : ""}`,
      ],
      ["started", when(run.startedAt)],
      ["ended", run.endedAt === null ? null : when(run.endedAt)],
    ],
  };
}

function named(values: Readonly<Record<string, unknown>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name} ${String(value)}`)
    .join(", ");
}
