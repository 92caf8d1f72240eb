import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readText } from "../../reading/read-text.ts";
import { securityHub, securityHubLines } from "./index.ts";

const samples = `${import.meta.dirname}/../../../../test/fixtures/findings/security-hub`;
const read = (name: string) => readText(securityHub, readFileSync(`${samples}/${name}`, "utf8"));

const finding = (more: object = {}) => ({
  SchemaVersion: "2018-10-08",
  Id: "arn:1",
  ProductArn: "arn:aws:securityhub:eu-central-1::product/aws/securityhub",
  AwsAccountId: "012345678912",
  Region: "eu-central-1",
  GeneratorId: "rule/IAM.5",
  Types: ["Software and Configuration Checks"],
  Title: "IAM.5 MFA",
  Description: "MFA should be enabled",
  Severity: { Label: "HIGH" },
  Resources: [{ Type: "AwsAccount", Id: "AWS::::Account:012345678912" }],
  Compliance: { Status: "FAILED" },
  Workflow: { Status: "NEW" },
  RecordState: "ACTIVE",
  ...more,
});
const parse = (...all: object[]) =>
  readText(securityHub, JSON.stringify({ Findings: all.map((one) => finding(one)) }));

describe("reports of the service", () => {
  it.each([
    ["guardduty.json", 4],
    ["config_one_finding_active.json", 1],
    ["config_multiple_resources.json", 2],
    ["inspector_ec2_cve.json", 5],
    ["inspector_ec2_ghsa.json", 1],
    // Theirs lists the packages of a finding in its text (7); here each vulnerable package is a hit.
    ["inspector_ecr.json", 12],
    // Theirs imports controls that passed, as mitigated ones (3, 1, 1).
    ["config_many_findings.json", 0],
    ["config_one_finding.json", 0],
    ["config_repeated_findings.json", 0],
    ["issue_10956.json", 1],
  ])("%s: %i hits", (name, hits) => {
    expect(read(name)).toMatchObject({ complete: true, tool: { name: "aws-security-hub" } });
    expect(read(name).observations).toHaveLength(hits);
  });

  it("of a scanner name the package, what repairs it, and how bad it is by which scale", () => {
    expect(read("inspector_ec2_cve.json").observations[0]).toMatchObject({
      rule: "CVE-2022-3643",
      severity: "critical",
      kind: "dependency",
      place: { kind: "package", name: "kernel", version: "4.14.301-224.520.amzn2" },
      fixedIn: "0:5.10.162-141.675.amzn2",
      aliases: ["CVE-2022-3643"],
      cvss: [{ version: "3.1", score: 10 }, {}],
    });
  });

  it("of a sensor are of what was seen while it ran", () => {
    expect(read("guardduty.json").observations.map(({ kind }) => kind)).toEqual(
      Array.from({ length: 4 }, () => "runtime"),
    );
  });
});

describe("a state", () => {
  it.each([
    [{ Compliance: { Status: "PASSED" } }, 0, 0],
    [{ Compliance: { Status: "WARNING" } }, 1, 0],
    [{ RecordState: "ARCHIVED" }, 0, 1],
    [{ Workflow: { Status: "RESOLVED" }, Compliance: undefined }, 0, 1],
    // Somebody says so, and the check says no.
    [{ Workflow: { Status: "RESOLVED" } }, 1, 0],
    [{ Workflow: { Status: "SUPPRESSED" } }, 1, 0],
  ])("such as %j makes %i hits and %i claims", (more, hits, claims) => {
    const parsed = parse(more);
    expect(parsed.observations).toHaveLength(hits);
    expect(parsed.claims ?? []).toHaveLength(claims);
  });

  it("that asks to keep quiet is kept with the hit", () => {
    expect(parse({ Workflow: { Status: "SUPPRESSED" } }).observations[0]?.suppressed).toBe(true);
  });

  it("of a control that could not be evaluated, or a page that is not here, is no whole report", () => {
    expect(parse({ Compliance: { Status: "NOT_AVAILABLE" } })).toMatchObject({
      observations: [],
      complete: false,
      missing: "1 controls could not be evaluated",
    });
    const page = JSON.stringify({ Findings: [finding()], NextToken: "more" });
    expect(readText(securityHub, page).complete).toBe(false);
  });
});

describe("severity", () => {
  it.each([
    [{ Label: "INFORMATIONAL" }, "info", true],
    [{ Label: "CRITICAL" }, "critical", true],
    [{ Normalized: 0 }, "info", true],
    [{ Normalized: 39 }, "low", true],
    [{ Normalized: 40 }, "medium", true],
    [{ Normalized: 70 }, "high", true],
    [{ Normalized: 90 }, "critical", true],
    [{ Label: "constructor" }, "critical", false],
    [{}, "critical", false],
  ])("of %j is %s", (severity, expected, stated) => {
    expect(parse({ Severity: severity }).observations[0]).toMatchObject({
      severity: expected,
      severityStated: stated,
    });
  });
});

describe("the other forms", () => {
  it("are a bare array and a finding a line, with the same hits", () => {
    const two = [finding(), finding({ Id: "arn:2" })];
    expect(readText(securityHubLines, JSON.stringify(two)).observations).toHaveLength(2);
    const lines = two.map((one) => JSON.stringify(one)).join("\n");
    const parsed = readText(securityHubLines, lines);
    expect(parsed.observations).toHaveLength(2);
    expect(parsed.subject).toBe("012345678912/eu-central-1");
  });
});

it("refuses an item that is no finding", () => {
  expect(() => readText(securityHub, '{"Findings":[{"a":1}]}')).toThrow();
});
