import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parsers } from "./index.ts";

const samples = `${import.meta.dirname}/../../../test/fixtures/findings`;

function read(format: string, file: string) {
  const parser = parsers.get(format);
  if (parser === undefined) throw new Error(`there is no parser for ${format}`);
  return parser.parse(readFileSync(`${samples}/${format}/${file}`, "utf8"));
}

function parse(format: string, value: unknown) {
  return parsers.get(format)?.parse(typeof value === "string" ? value : JSON.stringify(value));
}

describe("reports of real tools have as many hits as their publishers' own tests say", () => {
  it.each([
    ["bandit", "no_vuln.json", 0],
    ["bandit", "one_vuln.json", 1],
    ["gitleaks", "no_findings.json", 0],
    ["gitleaks", "test-null-report.json", 0],
    // One more than theirs: they merge the same secret in the same line of two commits.
    ["gitleaks", "gitleaks8_many.json", 4],
    ["nmap", "nmap_0port.xml", 0],
    ["nmap", "nmap_script_vulners.xml", 3],
    ["npm-audit", "v7_no_vuln.json", 0],
    // Three fewer: packages that only depend on the vulnerable ones are no hits of their own here.
    ["npm-audit", "v7_many_vulns.json", 3],
    ["semgrep", "empty.json", 0],
    ["semgrep", "many_findings.json", 3],
    ["semgrep", "high-medium-low-severities.json", 3],
    // One more: they merge two hits of one rule in one line.
    ["semgrep", "repeated_findings.json", 2],
    ["wapiti", "xss.json", 1],
    ["grype", "no_vuln.json", 0],
    ["grype", "many_vulns4.json", 9],
    // One more: they merge two matches of one advisory for one package and version.
    ["grype", "check_all_fields.json", 6],
    // As their detailed mode: otherwise they merge one advisory about one version in two places.
    ["grype", "same_cve_different_paths.json", 2],
    ["trivy", "legacy_no_vuln.json", 0],
    ["trivy", "scheme_2_many_vulns.json", 5],
    ["trivy", "misconfigurations_and_secrets.json", 5],
    ["trivy", "kubernetes.json", 20],
    // Two and one more: they merge what one matcher hit twice on one host.
    ["nuclei", "many_findings.json", 18],
    ["nuclei", "invalid_cwe.json", 1],
    ["nuclei", "multiple_v3.json", 6],
    // Theirs, converted: each place of each alert.
    ["zap", "zero.webappsecurity.json", 167],
  ])("%s %s: %i", (format, file, hits) => {
    const { observations, complete } = read(format, file);
    expect(observations).toHaveLength(hits);
    expect(complete).toBe(true);
  });
});

describe("what a report says of its own gaps", () => {
  it("a file that bandit could not parse", () => {
    expect(read("bandit", "bandit_with_errors.json")).toMatchObject({
      complete: false,
      missing: "app/syntax_error.py: syntax error while parsing AST from file",
    });
  });

  it("a target that nmap skipped, and a scan that did not end", () => {
    expect(read("nmap", "no-host.xml")).toMatchObject({
      complete: false,
      missing: "http://localhost was skipped",
    });
    expect(parse("nmap", "<nmaprun version='7'/>")).toMatchObject({ complete: false });
  });

  it("an error in place of npm's report is refused, as it says nothing about advisories", () => {
    expect(() => read("npm-audit", "v6_empty_with_error.json")).toThrow(
      /could not ask its registry/,
    );
  });

  it("an error of semgrep's, and a file that ESLint could not parse", () => {
    const report = { results: [], errors: [{ message: "Timeout", level: "warn" }] };
    expect(parse("semgrep", report)).toMatchObject({ complete: false, missing: "Timeout" });
    const fatal = { ruleId: null, fatal: true, severity: 2, message: "Parsing error" };
    expect(parse("eslint", [{ filePath: "a.js", messages: [fatal] }])).toMatchObject({
      observations: [],
      complete: false,
    });
  });
});

describe("no hit is lost", () => {
  it("of an alert of ZAP's that names no place, or no risk", () => {
    const alert = { pluginid: "1", name: "Bad", riskcode: "3" };
    const report = (...alerts: unknown[]) => ({
      "@version": "2.16.1",
      site: [{ "@name": "http://127.0.0.1:1", alerts }],
    });
    expect(parse("zap", report({ ...alert, instances: [] }))?.observations).toMatchObject([
      { rule: "1", severity: "high" },
    ]);
    expect(parse("zap", report({ ...alert, riskcode: "" }))?.observations).toMatchObject([
      { severity: "critical", severityStated: false },
    ]);
  });

  it("because trivy gave a failed check another word, or because its list is another tool's", () => {
    const check = { ID: "DS002", Severity: "HIGH", Status: "Failure" };
    const report = { SchemaVersion: 2, Results: [{ Target: "a", Misconfigurations: [check] }] };
    expect(parse("trivy", report)?.observations).toHaveLength(1);
    expect(() => parse("trivy", [{ "template-id": "a", host: "b" }])).toThrow();
  });

  it.each(["constructor", "__proto__"])("by the word %s for its severity", (severity) => {
    const hit = { "template-id": "a", info: { severity }, host: "b" };
    const match = { vulnerability: { id: "a", severity }, artifact: { name: "b" } };
    for (const observations of [
      parse("nuclei", [hit])?.observations,
      parse("grype", { matches: [match] })?.observations,
    ]) {
      expect(observations).toMatchObject([{ severity: "critical", severityStated: false }]);
    }
  });

  it("of a Cucumber step whose hook failed", () => {
    const step = { result: { status: "passed" }, after: [{ result: { status: "failed" } }] };
    const report = [{ uri: "a.feature", elements: [{ name: "b", steps: [step] }] }];
    expect(parse("cucumber-json", report)?.observations).toHaveLength(1);
  });
});

describe("what is taken over", () => {
  it("place, severity, weakness and name of the rule", () => {
    expect(read("bandit", "one_vuln.json").observations[0]).toMatchObject({
      rule: "B101",
      severity: "low",
      place: { kind: "file", path: "one/one.py" },
    });
    expect(read("nmap", "nmap_script_vulners.xml").observations[1]).toMatchObject({
      rule: "CVE-2018-15919",
      severity: "medium",
      place: { kind: "port", host: "192.168.0.1", port: 5022, protocol: "tcp" },
    });
    expect(read("npm-audit", "v7_many_vulns.json").observations[0]).toMatchObject({
      rule: "GHSA-gxpj-cx7g-858c",
      severity: "medium",
      cwe: [400],
      place: { kind: "package", name: "debug", purl: "pkg:npm/debug" },
    });
    expect(read("wapiti", "xss.json").observations[0]).toMatchObject({
      cwe: [79],
      place: { kind: "http", method: "GET", route: "/search", parameter: "q" },
    });
  });

  it("never the value of a secret", () => {
    const texts = JSON.stringify(read("gitleaks", "gitleaks8_many.json").observations);
    expect(texts).not.toContain("secretAWSsecret");
  });

  it("what ESLint was asked to suppress", () => {
    const message = { ruleId: "no-eval", severity: 2, message: "bad", line: 3 };
    const report = [{ filePath: "a.js", messages: [], suppressedMessages: [message] }];
    expect(parse("eslint", report)?.observations[0]).toMatchObject({ suppressed: true });
  });
});

describe("hostile reports are refused", () => {
  const formats = [...parsers.keys()];

  it.each(formats)("%s: no report at all is never a clean scan", (format) => {
    for (const text of ["", "{", "nonsense", "[[[[", "<a>", '"text"', "7", '{"results":7}']) {
      let clean = false;
      try {
        const parsed = parse(format, text);
        clean = parsed?.complete === true && parsed.observations.length === 0;
      } catch {
        // Refused, as most are.
      }
      expect(clean, `${format} takes ${text} for a clean scan`).toBe(false);
    }
  });

  it.each([
    ["entities of its own", '<!DOCTYPE a [<!ENTITY b "bb">]><nmaprun>&b;</nmaprun>'],
    ["an entity out of a file", '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><nmaprun/>'],
    ["an entity that nobody declared", "<nmaprun>&b;</nmaprun>"],
    ["deep nesting", `${"<a>".repeat(100_000)}`],
    ["an element that is not closed", "<nmaprun><host></nmaprun>"],
    ["two documents", "<nmaprun/><nmaprun/>"],
    ["an attribute twice", "<nmaprun a='1' a='2'/>"],
  ])("XML with %s", (_name, text) => {
    expect(() => parse("nmap", text)).toThrow(/XML at offset/);
  });

  it("in a time that grows with their length, not faster", () => {
    const began = performance.now();
    expect(() => parse("nmap", `<nmaprun ${" a".repeat(200_000)}`)).toThrow();
    expect(() => parse("nmap", "<nmaprun>".concat("&".repeat(200_000)))).toThrow();
    expect(performance.now() - began).toBeLessThan(5_000);
  });
});
