import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { sarif } from "./index.ts";
import { readText } from "../../reading/read-text.ts";

const samples = `${import.meta.dirname}/../../../../test/fixtures/findings/sarif`;
const read = (name: string) => readText(sarif, readFileSync(`${samples}/${name}`, "utf8"));

function log(result: object, rule: object = {}, more: object = {}): string {
  const driver = { name: "scan", version: "1.2", rules: [{ id: "r1", ...rule }] };
  const run = {
    tool: { driver },
    results: [{ ruleId: "r1", message: { text: "bad" }, ...result }],
  };
  return JSON.stringify({ version: "2.1.0", runs: [{ ...run, ...more }] });
}

const first = (text: string) => readText(sarif, text).observations[0];

describe("reports of real tools", () => {
  it.each([
    ["appendix_k.sarif", 1],
    ["SuppressionTestCurrent.sarif", 4],
    ["bash-report.sarif", 27],
    ["bash-report-fabricated-no-internal-dupes.sarif", 5],
  ])("%s has %i hits, suppressed ones included", (name, hits) => {
    expect(existsSync(`${samples}/${name}`)).toBe(true);
    expect(read(name).observations).toHaveLength(hits);
  });

  it("reads the standard's own example: rule, place, suppressed, message out of its parts, a rule that broke", () => {
    const { observations, tool, complete, exercised } = read("appendix_k.sarif");
    expect(observations[0]).toMatchObject({
      rule: "C2001",
      severity: "high",
      severityStated: true,
      place: { kind: "file", path: "collections/list.h", line: 15 },
      suppressed: true,
    });
    expect(observations[0]?.message).toContain('"ptr"');
    expect({ tool, complete }).toEqual({
      tool: { name: "CodeScanner", version: "2.1" },
      complete: false,
    });
    expect(exercised?.files).toBeGreaterThan(0);
  });

  it("takes a file without any run for no whole scan", () => {
    expect(read("no_runs.sarif")).toMatchObject({ complete: false, missing: "it holds no run" });
  });
});

describe("severity", () => {
  it.each([
    ["9.1", "critical"],
    ["9", "critical"],
    ["7.0", "high"],
    [4, "medium"],
    ["0.1", "low"],
    [0, "info"],
  ])("of security-severity %s is %s", (score, severity) => {
    expect(first(log({}, { properties: { "security-severity": score } }))?.severity).toBe(severity);
  });

  it.each([
    ["error", "high"],
    ["warning", "medium"],
    ["note", "low"],
    ["none", "info"],
  ])("of level %s is %s", (level, severity) => {
    expect(first(log({ level }))).toMatchObject({ severity, severityStated: true });
  });

  it("that nobody stated is a guess on the bad side", () => {
    expect(first(log({}))).toMatchObject({ severity: "medium", severityStated: false });
    expect(first(log({ level: "weird" }))).toMatchObject({
      severity: "medium",
      severityStated: false,
    });
    expect(first(log({ kind: "open", level: "none" }))?.severity).toBe("medium");
  });

  it("of the result goes before the rule's, and a score that is none is left out", () => {
    const rule = { properties: { "security-severity": "2.0" } };
    expect(first(log({ properties: { "security-severity": "8.8" } }, rule))?.severity).toBe("high");
    expect(
      first(log({ level: "error" }, { properties: { "security-severity": "?" } }))?.severity,
    ).toBe("high");
  });
});

describe("what is no whole scan", () => {
  it.each([
    [{ invocations: [{ executionSuccessful: false }] }],
    [{ results: null }],
    [{ externalPropertyFileReferences: { results: [{}] } }],
    [{ invocations: [{ toolExecutionNotifications: [{ level: "error" }] }] }],
  ])("%j", (more) => {
    expect(readText(sarif, log({}, {}, more)).complete).toBe(false);
  });
});

describe("what a built-in scanner says beyond SARIF", () => {
  it("is a place in the HTTP surface", () => {
    const tidelock = { method: "post", route: "/items/{id}", parameter: "q", confirmed: true };
    expect(first(log({ properties: { tidelock } }))?.place).toEqual({
      kind: "http",
      method: "POST",
      route: "/items/{id}",
      parameter: "q",
    });
  });

  it("is a package with its other names and the repairing version", () => {
    const tidelock = {
      package: { name: "lodash", version: "4.17.20", purl: "pkg:npm/lodash@4.17.20" },
      aliases: ["CVE-2021-23337"],
      cwe: [94],
      fixedIn: "4.17.21",
    };
    expect(first(log({ properties: { tidelock } }))).toMatchObject({
      place: { kind: "package", name: "lodash" },
      aliases: ["CVE-2021-23337"],
      cwe: [94],
      fixedIn: "4.17.21",
    });
  });
});

describe("a hostile report", () => {
  it.each([
    "",
    "{",
    "[]",
    "null",
    '{"version":"2.0.0","runs":[]}',
    '{"version":"2.1.0"}',
    "\u0000",
  ])("that is %j is refused", (text) => {
    expect(() => readText(sarif, text)).toThrow();
  });

  it("is cut to what a record takes", () => {
    const huge = "x".repeat(100_000);
    const observation = first(
      log({
        message: { text: huge },
        locations: [{ physicalLocation: { artifactLocation: { uri: huge } } }],
      }),
    );
    expect(observation?.message).toHaveLength(4_096);
    expect(JSON.stringify(observation).length).toBeLessThan(10_000);
  });

  it("cannot reach into objects by the names of its keys", () => {
    const text = log({ message: { id: "constructor" } }, { messageStrings: { a: { text: "b" } } });
    expect(first(text)?.message).toBe("");
  });

  it("takes no hit away by calling it suppressed, in review, or unchanged", () => {
    for (const result of [
      { suppressions: [{ kind: "inSource" }] },
      { kind: "review" },
      { baselineState: "unchanged" },
    ]) {
      expect(readText(sarif, log(result)).observations).toHaveLength(1);
    }
  });

  it("with many rules and many results is read in linear time", () => {
    const rules = Array.from({ length: 10_000 }, (_, index) => ({ id: `r${index}` }));
    const results = rules.map(({ id }) => ({ ruleId: id, message: { text: id } }));
    const text = JSON.stringify({
      version: "2.1.0",
      runs: [{ tool: { driver: { name: "scan", rules } }, results }],
    });
    const began = performance.now();
    expect(readText(sarif, text).observations).toHaveLength(10_000);
    expect(performance.now() - began).toBeLessThan(10_000);
  });
});

describe("what tells the same hit in the next scan", () => {
  it("is a GUID, every fingerprint by its name, what is around it, and a digest of the code", () => {
    const region = { startLine: 3, snippet: { text: "eval( x )" } };
    const observation = first(
      log({
        correlationGuid: "6f7a",
        fingerprints: { "contextHash/v1": "aa" },
        partialFingerprints: { primaryLocationLineHash: "bb:1" },
        locations: [
          {
            physicalLocation: { artifactLocation: { uri: "a.js" }, region },
            logicalLocations: [{ fullyQualifiedName: "app.run" }],
          },
        ],
      }),
    );
    expect(observation).toMatchObject({
      fingerprint: "6f7a",
      fingerprints: { "contextHash/v1": "aa", primaryLocationLineHash: "bb:1" },
      scope: "app.run",
      context: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });

  it("never holds a secret that the report quotes, nor a digest of it without the server's key", () => {
    const region = { snippet: { text: "hunter2hunter2" } };
    const locations = [{ physicalLocation: { artifactLocation: { uri: "a" }, region } }];
    const text = log({ locations, properties: { tags: ["CWE-798"] } });
    const [plain] = readText(sarif, text).observations;
    expect(plain).toMatchObject({ kind: "secret" });
    expect([plain?.context, plain?.secret]).toEqual([undefined, undefined]);
    const [keyed] = readText(sarif, text, { secretKey: new Uint8Array(32) }).observations;
    expect(keyed?.secret).toMatch(/^[0-9a-f]{64}$/);
  });

  it("names the subject by its category, without the part of one run", () => {
    const automationDetails = { id: "image/web/2026-01-02" };
    expect(readText(sarif, log({}, {}, { automationDetails })).subject).toBe("image/web");
  });
});
