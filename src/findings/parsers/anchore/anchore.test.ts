import { describe, expect, it } from "vitest";
import { readText } from "../../reading/read-text.ts";
import type { Format } from "../format.ts";
import { anchore, anchoreList, anchorePolicy, anchorePolicyObject, splitPackage } from "./index.ts";

function read(format: Format, report: unknown) {
  expect(
    [anchore, anchoreList, anchorePolicy, anchorePolicyObject].filter((one) =>
      one.recognise({ syntax: "json", value: report }),
    ),
  ).toEqual([format]);
  return readText(format, JSON.stringify(report));
}

describe("Anchore's vulnerabilities", () => {
  const engine = {
    feed: "vulnerabilities",
    feed_group: "debian:9",
    fix: "None",
    package: "libgnutls30-3.5.8-5+deb9u4",
    package_name: "libgnutls30",
    package_path: "None",
    package_type: "dpkg",
    package_version: "3.5.8-5+deb9u4",
    severity: "Medium",
    url: "https://security-tracker.debian.org/tracker/CVE-2011-3389",
    vuln: "CVE-2011-3389",
    nvd_data: [{ id: "CVE-2011-3389", cvss_v2: { base_score: 4.3 }, cvss_v3: { base_score: -1 } }],
  };
  const place = {
    name: "libgnutls30",
    version: "3.5.8-5+deb9u4",
    purl: "pkg:deb/debian/libgnutls30@3.5.8-5+deb9u4?distro=debian-9",
  };

  it("of anchore-engine, where None is nothing and -1 no score", () => {
    const { observations } = read(anchore, {
      imageDigest: "sha256:0",
      vulnerabilities: [engine],
      vulnerability_type: "os",
    });
    expect(observations).toMatchObject([
      { rule: "CVE-2011-3389", severity: "medium", place, cvss: [{ version: "2.0", score: 4.3 }] },
    ]);
    expect(observations[0]?.fixedIn).toBeUndefined();
    expect(observations[0]?.place).not.toHaveProperty("path");
  });

  it("of anchorectl, whose keys are written in another way", () => {
    const one = {
      feedGroup: "github:java",
      fix: "2.15.0",
      packageName: "log4j-core",
      packageVersion: "2.13.2",
      packageType: "java",
      packagePath: "/app/a.jar",
      severity: "Critical",
      vuln: "GHSA-JFH8-C2JP-5V3Q",
      nvdData: [{ id: "CVE-2021-44228" }],
      package: "x",
    };
    expect(read(anchoreList, [one]).observations).toEqual([
      expect.objectContaining({
        rule: "CVE-2021-44228",
        aliases: ["GHSA-jfh8-c2jp-5v3q"],
        severity: "critical",
        fixedIn: "2.15.0",
        // Without its group a package URL would name another package.
        place: { kind: "package", name: "log4j-core", version: "2.13.2", path: "app/a.jar" },
      }),
    ]);
  });

  it("of a security evaluation", () => {
    const report = {
      metadata: {
        registry: "docker.io",
        repository: "shop",
        tag: "new",
        timestamp: "2025-01-13T10:09:59.971Z",
      },
      securityEvaluation: [
        {
          vulnerabilityId: "CVE-2024-50379",
          cves: "CVE-2024-50379",
          severity: "Unknown",
          packageType: "Java",
          path: "/a.jar",
          package: "tomcat-annotations-api-9.0.97",
          fixAvailable: "10.1.34,11.0.2",
          nvdCvssBaseScore: 9.8,
        },
      ],
    };
    expect(read(anchore, report)).toMatchObject({
      subject: "docker.io/shop",
      madeAt: "2025-01-13T10:09:59.971Z",
      observations: [
        {
          severity: "critical",
          severityStated: true,
          fixedIn: "10.1.34,11.0.2",
          place: { name: "tomcat-annotations-api", version: "9.0.97" },
        },
      ],
    });
  });

  it("names and versions are parted where a digit follows", () => {
    expect(splitPackage("libgnutls30-3.5.8-5+deb9u4")).toEqual({
      name: "libgnutls30",
      version: "3.5.8-5+deb9u4",
    });
    expect(splitPackage("bash")).toEqual({ name: "bash", version: undefined });
  });
});

describe("Anchore's policy evaluations", () => {
  const header = [
    "Image_Id",
    "Repo_Tag",
    "Trigger_Id",
    "Gate",
    "Trigger",
    "Check_Output",
    "Gate_Action",
    "Whitelisted",
    "Policy_Id",
  ];
  const row = (...cells: readonly unknown[]) => ["c1", "gcr.io/shop:1", ...cells, "p1"];
  const evaluation = (rows: readonly unknown[]) => [
    {
      [`sha256:${"0".repeat(64)}`]: {
        "gcr.io/shop:1": [
          {
            detail: { result: { result: { c1: { result: { header, rows } }, policy_data: [] } } },
            status: "fail",
          },
        ],
      },
    },
  ];
  const text =
    "HIGH Vulnerability found in non-os package type (java) - /app/struts-core-1.3.8.jar (fixed in: 1.3.9)(CVE-2015-2992 - https://x)";

  it("rows about vulnerabilities name the package; others are about the image", () => {
    const rows = [
      row("CVE-2015-2992+struts-core-1.3.8.jar", "vulnerabilities", "package", text, "warn", false),
      row(
        "41cb7cdf04850e33a11f80c42bf660b3",
        "dockerfile",
        "instruction",
        "Dockerfile directive 'HEALTHCHECK' not found",
        "warn",
        { matched_rule_id: "1" },
      ),
      row("x", "licenses", "blacklist_exact_match", "AGPL found", "stop", false),
    ];
    expect(read(anchorePolicy, evaluation(rows))).toMatchObject({
      subject: "gcr.io/shop",
      observations: [
        {
          rule: "CVE-2015-2992",
          severity: "high",
          kind: "dependency",
          fixedIn: "1.3.9",
          place: { name: "struts-core", version: "1.3.8", path: "app/struts-core-1.3.8.jar" },
        },
        {
          rule: "dockerfile/instruction",
          kind: "host",
          severity: "medium",
          severityStated: false,
          suppressed: true,
        },
        { kind: "license", severity: "critical" },
      ],
    });
    expect(read(anchorePolicy, evaluation([])).observations).toEqual([]);
  });

  it("anchorectl's, in both of its forms, and one that shows fewer findings than it says", () => {
    const detail = {
      description: text,
      gate: "vulnerabilities",
      status: "stop",
      tag: "shop:1",
      triggerId: "CVE-2015-2992+struts-core-1.3.8.jar",
      triggerName: "package",
      policyId: "x",
    };
    const older = [
      { detail: [detail], digest: "sha256:0", finalAction: "stop", policyId: "x", tag: "shop:1" },
    ];
    expect(read(anchorePolicy, older).observations).toMatchObject([{ rule: "CVE-2015-2992" }]);
    const newer = {
      evaluatedTag: "shop:1",
      evaluations: [
        { evaluationTime: "2022-09-20T08:25:52Z", numberOfFindings: 2, details: [detail] },
      ],
    };
    expect(read(anchorePolicyObject, newer)).toMatchObject({
      subject: "shop",
      complete: false,
      missing: "it says that it has 2 findings, and shows 1",
      observations: [{ rule: "CVE-2015-2992" }],
    });
  });

  it("an evaluation without a table is refused", () => {
    const bad = [
      { [`sha256:${"0".repeat(64)}`]: { a: [{ detail: { result: { results: {} } } }] } },
    ];
    expect(() => readText(anchorePolicy, JSON.stringify(bad))).toThrow();
  });
});
