import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readText } from "../../reading/read-text.ts";
import {
  jenkinsWarnings,
  jenkinsWarningsLines,
  jenkinsWarningsLog,
  jenkinsWarningsXml,
} from "./index.ts";

const samples = `${import.meta.dirname}/../../../../test/fixtures/findings/jenkins-warnings`;
const text = (name: string) => readFileSync(`${samples}/${name}`, "utf8");

describe("reports of the plugin's own tests", () => {
  it.each([
    ["all-issues.xml", 4],
    ["new-issues.xml", 3],
    ["issues.xml", 7],
  ])("%s: %i issues", (name, issues) => {
    const parsed = readText(jenkinsWarningsXml, text(name));
    expect(parsed.observations).toHaveLength(issues);
    expect(parsed.complete).toBe(true);
  });

  it("names rule, place and severity, and no fingerprint that the plugin made up from a line number", () => {
    const [first] = readText(jenkinsWarningsXml, text("new-issues.xml")).observations;
    expect(first).toMatchObject({
      rule: "LineLengthCheck",
      severity: "high",
      kind: "code",
      place: { kind: "file", line: 29 },
    });
    expect(first?.fingerprints).toBeUndefined();
  });

  it("json-issues.jsonl: remarks are left out, a line that is no JSON is missing", () => {
    const parsed = readText(jenkinsWarningsLog, text("json-issues.jsonl"));
    expect(parsed.observations).toMatchObject([
      { rule: "t", severity: "low", place: { path: "file.txt", line: 10 }, scope: "mdl" },
      { severity: "high", place: { path: "test.txt", line: 10 } },
      { severity: "high", place: { path: "test.txt", line: 10 } },
      { severity: "medium", severityStated: false, place: { path: "file.xml", line: 11 } },
    ]);
    expect(parsed.observations[0]?.fingerprints).toEqual({ "warnings-ng": "fgpt" });
    expect(parsed).toMatchObject({ complete: false, missing: "1 lines are no JSON" });
  });
});

const issue = { fileName: "a.c", lineStart: 3, severity: "NORMAL", type: "CWE-79", message: "m" };

it("reads the JSON of the remote API, and says when it is cut", () => {
  const api = "io.jenkins.plugins.analysis.core.restapi.ReportApi";
  const parsed = readText(
    jenkinsWarnings,
    JSON.stringify({ _class: api, issues: [issue], size: 2 }),
  );
  expect(parsed).toMatchObject({ complete: false, missing: "it has 1 of 2 issues" });
  expect(parsed.observations).toMatchObject([{ cwe: [79], severity: "medium" }]);
});

it("takes a severity that a plugin made up for one that nobody knows", () => {
  const odd = JSON.stringify({ ...issue, severity: "constructor" });
  expect(readText(jenkinsWarningsLines, odd).observations).toMatchObject([
    { severity: "critical", severityStated: false },
  ]);
});
