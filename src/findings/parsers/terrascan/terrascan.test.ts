import { describe, expect, it } from "vitest";
import { readText } from "../../reading/read-text.ts";
import { terrascan } from "./index.ts";

const violation = {
  rule_name: "gkeControlPlaneNotPublic",
  description: "Ensure GKE Control Plane is not public.",
  rule_id: "accurics.gcp.NS.109",
  severity: "HIGH",
  category: "Infrastructure Security",
  resource_name: "main",
  resource_type: "google_container_cluster",
  module_name: "root",
  file: "cluster.tf",
  plan_root: "./",
  line: 52,
};
const summary = {
  "file/folder": "infra",
  iac_type: "all",
  scanned_at: "2021-05-19 13:13:06.083208 +0000 UTC",
  policies_validated: 607,
};
const read = (results: object) =>
  readText(terrascan, JSON.stringify({ results: { scan_summary: summary, ...results } }));

describe("Terrascan", () => {
  it("reads a rule and a resource, and counts what a comment skipped", () => {
    const report = read({
      violations: [violation],
      skipped_violations: [{ ...violation, skip_comment: "later", module_name: "net" }],
    });
    expect(report.observations).toMatchObject([
      {
        rule: "accurics.gcp.NS.109",
        severity: "high",
        scope: "google_container_cluster.main",
        place: { kind: "file", path: "cluster.tf", line: 52 },
        suppressed: false,
      },
      { scope: "net.google_container_cluster.main", suppressed: true },
    ]);
    expect(report).toMatchObject({
      complete: true,
      subject: "infra",
      madeAt: "2021-05-19T13:13:06.083Z",
      exercised: { assertions: 607 },
    });
  });

  it("takes kinds of code that are not there for nothing left out, and other errors not", () => {
    const absent = {
      iac_type: "kustomize",
      directory: "infra",
      errMsg: "kustomization.y(a)ml file not found in the directory infra",
    };
    expect(read({ violations: null, scan_errors: [absent] }).complete).toBe(true);
    expect(
      read({
        violations: null,
        scan_errors: [absent, { ...absent, iac_type: "terraform", errMsg: "invalid block" }],
      }),
    ).toMatchObject({ complete: false, missing: expect.stringContaining("invalid block") });
    expect(
      read({
        violations: null,
        scan_errors: [absent],
        scan_summary: { ...summary, iac_type: "kustomize" },
      }).complete,
    ).toBe(false);
  });

  it("reads vulnerabilities of images that the code names", () => {
    const { observations } = read({
      violations: [],
      vulnerabilities: [
        {
          image: "alpine:3.12",
          package: "musl",
          installed_version: "1.1.24",
          severity: "CRITICAL",
          vulnerability_id: "CVE-2020-28928",
          cvss_score: { v3_score: 9.8 },
        },
      ],
    });
    expect(observations).toMatchObject([
      {
        rule: "CVE-2020-28928",
        severity: "critical",
        place: { kind: "package", name: "musl", version: "1.1.24" },
      },
    ]);
  });

  it("reads versions that count in place of a summary", () => {
    const old = { results: { violations: [violation], count: { low: 0, high: 1, total: 1 } } };
    expect(terrascan.recognise({ syntax: "json", value: old })).toBe(true);
    expect(readText(terrascan, JSON.stringify(old))).toMatchObject({
      complete: true,
      observations: [{ rule: "accurics.gcp.NS.109" }],
    });
  });

  it("recognises its summary next to violations", () => {
    const of = (value: unknown) => terrascan.recognise({ syntax: "json", value });
    expect(of({ results: { violations: null, scan_summary: summary } })).toBe(true);
    expect(of({ results: { failed_checks: [] } })).toBe(false);
    expect(of({ results: [] })).toBe(false);
  });
});
