import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { countsPage, formatsFile } from "../scripts/findings-formats.ts";
import { root } from "../scripts/test/run-step.ts";
import { formats } from "../src/findings/parsers/formats.ts";
import { detectText } from "../src/findings/reading/detect.ts";
import { counts, countOf, samples, samplesFolder } from "./support/findings-counts.ts";

describe("real reports have the hits that test/fixtures/findings/counts.json says", () => {
  it.each(samples.map((sample) => [`${sample.format}/${sample.file}`, sample] as const))(
    "%s",
    (name, sample) => {
      const expected = counts[name];
      if (expected === undefined) throw new Error(`${name} has no row in counts.json`);
      const { refused, why, ...rest } = expected;
      const { refused: error, ...found } = countOf(sample, expected.by);
      expect(found).toEqual(rest);
      expect(error ?? "").toContain(refused ?? "");
      expect(error === undefined).toBe(refused === undefined);
      // Another number than theirs is right only with a reason.
      if (refused !== undefined || (sample.expectedFindings ?? found.hits) !== found.hits) {
        expect(why, `${name}: theirs is ${sample.expectedFindings}`).toBeTruthy();
      }
    },
  );
});

/** Forms of one tool's report beside those of index.json. */
const others: readonly (readonly [string, string])[] = [
  ["azure/many_vulns.csv", "azure-csv"],
  ["azure/zero_vulns.csv", "azure-csv"],
  ["jenkins-warnings/all-issues.xml", "jenkins-warnings-xml"],
  ["jenkins-warnings/json-issues.jsonl", "jenkins-warnings-log"],
  ["security-hub/config_many_findings.json", "security-hub"],
  ["security-hub/guardduty.json", "security-hub"],
];

describe("a real report is recognised by its content, by one format alone", () => {
  /** Nothing but `null` or `[]`, as more than one tool writes it: whose it is takes `--format`. */
  const anonymous = [
    "gitleaks/no_findings.json",
    "gitleaks/test-null-report.json",
    "trivy/legacy_no_vuln.json",
  ];
  const readable = samples.flatMap(({ format, file }) => {
    const name = `${format}/${file}`;
    const count = counts[name];
    return count === undefined || count.refused !== undefined || anonymous.includes(name)
      ? []
      : [[name, count.by] as const];
  });

  it.each([...readable, ...others])("%s as %s", (name, by) => {
    expect(detectText(readFileSync(join(samplesFolder, name), "utf8")).id).toBe(by);
  });
});

describe("what does not say whose report it is", () => {
  it.each(["gitleaks/no_findings.json", "trivy/legacy_no_vuln.json"])(
    "%s is not guessed",
    (name) => {
      const text = readFileSync(join(samplesFolder, name), "utf8");
      expect(() => detectText(text)).toThrow("no format that is known");
    },
  );
});

describe("docs/findings-formats.md", () => {
  const page = readFileSync(join(root, formatsFile), "utf8");

  it("shows these counts (node scripts/findings-formats.ts writes them)", () => {
    expect(page).toBe(countsPage(page));
  });

  it("has a row of every format", () => {
    const [, section = ""] = page.split("## Formats");
    const [table = ""] = section.split("\n## ");
    const rows = table.split("\n").filter((line) => line.startsWith("| `"));
    const named = new Set(rows.flatMap((row) => row.split("|")[1]?.match(/[\w-]+/g) ?? []));
    expect(formats.map(({ id }) => id).filter((id) => !named.has(id))).toEqual([]);
  });
});
