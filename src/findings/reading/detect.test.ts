import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { formats } from "../parsers/formats.ts";
import { detectFormat, detectText } from "./detect.ts";
import { readText } from "./read-text.ts";

const samples = `${import.meta.dirname}/../../../test/fixtures/findings`;

/** What holds nothing that tells whose it is, or is no report: it takes `--format`, or is refused. */
const silent: ReadonlySet<string> = new Set([
  "gitleaks/no_findings.json",
  "gitleaks/test-null-report.json",
  "nuclei/empty.jsonl",
  "openvex/openvex_not_a_document.json",
  "osv/no_findings.json",
  "trivy/legacy_no_vuln.json",
]);

const files = readdirSync(samples, { withFileTypes: true })
  .filter((one) => one.isDirectory() && !["grype-db", "schemas"].includes(one.name))
  .flatMap(({ name }) => readdirSync(`${samples}/${name}`).map((file) => [name, file] as const))
  .filter(
    ([folder, file]) => formats.some(({ id }) => id.startsWith(folder)) && !file.endsWith(".md"),
  );

function text(folder: string, file: string): string {
  return readFileSync(`${samples}/${folder}/${file}`, "utf8");
}

describe("a report is recognised by its content", () => {
  it.each(files.filter((one) => !silent.has(one.join("/"))))("%s/%s", (folder, file) => {
    expect(detectText(text(folder, file)).id.startsWith(folder)).toBe(true);
  });

  it.each(files.filter((one) => silent.has(one.join("/"))))("but for %s/%s", (folder, file) => {
    expect(() => detectText(text(folder, file))).toThrow(/it is of no format|it is empty/);
  });

  it("by the same means in one piece and in many", async () => {
    for (const [folder, file] of files.filter((one) => !silent.has(one.join("/"))).slice(0, 20)) {
      const whole = text(folder, file);
      const bytes = Buffer.from(whole);
      const source = {
        async *open() {
          for (let at = 0; at < bytes.length; at += 333) yield bytes.subarray(at, at + 333);
        },
      };
      expect((await detectFormat(source)).id).toBe(detectText(whole).id);
    }
  });

  it("wherever in it stands what tells, and whatever its length", () => {
    const results = Array.from({ length: 1_000 }, () => ({ ruleId: "a", message: { text: "b" } }));
    const run = { results, tool: { driver: { name: "x" } } };
    expect(detectText(JSON.stringify({ runs: [run], version: "2.1.0" })).id).toBe("sarif");
  });
});

describe("what is of no format", () => {
  it.each([
    ['{"a":1}', /JSON, an object with the keys "a"/],
    ['[{"b":1}]', /JSON, a list of an object with the keys "b"/],
    ["[]", /JSON, an empty list/],
    ["<a/>", /XML with the root <a>/],
    ["one,two\n1,2", /a table with the columns "one", "two"/],
    ["hello", /lines of text/],
    ['{"a":1', /JSON at byte 6: it ends in the middle/],
    ["<a>", /XML at offset 3, line 1: a is not closed/],
    ["", /it is empty/],
  ])("is refused with what was seen: %j", (report, message) => {
    expect(() => detectText(report)).toThrow(message);
  });

  it("and the error says where the formats that there are stand, and never what a value says", () => {
    const refused = (() => {
      try {
        return detectText('{"token":"hunter2"}');
      } catch (error) {
        return error as Error & { hint?: string };
      }
    })();
    expect(
      JSON.stringify({ ...refused, message: "message" in refused && refused.message }),
    ).not.toContain("hunter2");
    expect("hint" in refused && refused.hint).toContain("tidelock findings formats");
  });

  it("as is what may be of several", () => {
    const sarif = formats.find(({ id }) => id === "sarif");
    expect(sarif).toBeDefined();
    if (sarif === undefined) return;
    const twins = [sarif, { ...sarif, id: "twin" }];
    expect(() => detectText('{"version":"2.1.0","runs":[]}', twins)).toThrow(/sarif, twin/);
  });
});

describe("the registry", () => {
  it("has every folder's formats, under ids of their own", () => {
    const ids = formats.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const folders = readdirSync(`${import.meta.dirname}/../parsers`, { withFileTypes: true })
      .filter((one) => one.isDirectory())
      .map(({ name }) => name);
    const without = folders.filter((name) => !ids.some((id) => id.startsWith(name)));
    expect(without).toEqual([]);
  });

  it("has formats whose reports without a hit are read as such", () => {
    for (const [id, report] of [
      ["gitleaks", "[]"],
      ["gitleaks", "null"],
      ["trivy", "null"],
      ["nuclei", "[]"],
    ] as const) {
      const format = formats.find((one) => one.id === id);
      expect(format && readText(format, report)).toMatchObject({
        observations: [],
        complete: true,
      });
    }
  });
});
