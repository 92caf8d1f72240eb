import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { KnownFindings } from "../../../test/fixtures/known-findings.ts";
import type { Observation } from "../../model/observation.ts";
import { parsers } from "../parsers/index.ts";

function read(format: string, file: string, folder = format): readonly Observation[] {
  const url = new URL(`../../../test/fixtures/findings/${folder}/${file}`, import.meta.url);
  const parser = parsers.get(format);
  if (!parser) throw new Error(`there is no format ${format}`);
  return parser.parse(readFileSync(url, "utf8")).observations;
}

/** Sequences of reports of one target that DefectDojo's own tests assert. */
describe("a second scan of the same target", () => {
  test("knows a hit that moved to another line, and takes one with another id for another", () => {
    const known = new KnownFindings();
    const scan = (file: string, order: number) =>
      known.take({
        tool: "semgrep",
        trusted: true,
        order,
        observations: read("semgrep", `close_old_findings_report_${file}.json`),
      });
    expect(scan("line31", 1)).toMatchObject({ opened: 1, gone: 0 });
    expect(scan("second_run_line24", 2)).toMatchObject({ opened: 0, matched: 1, gone: 0 });
    expect(scan("third_run_different_unique_id", 3)).toMatchObject({ opened: 1, gone: 1 });
    expect([...known.findings.values()].map(({ status }) => status)).toEqual(["verified", "open"]);
  });

  test("makes one finding of what a report repeats, and nothing new of the same report", () => {
    const known = new KnownFindings();
    const observations = read("sarif", "bash-report.sarif");
    expect(observations).toHaveLength(27);
    // DefectDojo counts 9: it takes two rules that hit one line for one, as the tool's fingerprints hold no rule.
    const rules = new Set(observations.map(({ rule, place }) => JSON.stringify([rule, place])));
    const places = new Set(observations.map(({ place }) => JSON.stringify(place)));
    expect([rules.size, places.size]).toEqual([12, 9]);
    expect(known.take({ tool: "x", observations })).toMatchObject({ opened: 12, matched: 0 });
    expect(known.take({ tool: "x", observations })).toMatchObject({ opened: 0, matched: 12 });
  });

  test("finds each hit of a subset among those of the whole", () => {
    const known = new KnownFindings();
    const whole = read("sarif", "bash-report-fabricated-no-internal-dupes.sarif");
    const subset = read("sarif", "bash-report-fabricated-no-internal-dupes-subset.sarif");
    const first = known.take({ tool: "graudit", observations: whole });
    expect(first.opened).toBe(whole.length);
    const second = known.take({ tool: "graudit", observations: subset });
    expect(second).toMatchObject({ opened: subset.length - 4, matched: 4 });
  });

  test("tells what a second scan of a site sees for the first time, and what it misses", () => {
    const known = new KnownFindings();
    const scan = (file: string, order: number) =>
      known.take({
        tool: "zap",
        trusted: true,
        order,
        observations: read("zap-xml", file, "zap"),
      });
    expect(scan("zap-results-first-scan.xml", 1)).toMatchObject({ opened: 86 });
    // It met `login.jsp` and `admin.jsp`, and neither `logout.jsp` nor `password.jsp`.
    expect(scan("zap-results-second-scan.xml", 2)).toMatchObject({
      opened: 14,
      matched: 64,
      gone: 22,
    });
    expect(scan("zap-results-first-scan.xml", 3)).toMatchObject({ opened: 0, reopened: 22 });
  });
});
