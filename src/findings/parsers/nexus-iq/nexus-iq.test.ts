import { describe, expect, it } from "vitest";
import { readText } from "../../reading/read-text.ts";
import { nexusIq } from "./index.ts";

function read(report: object) {
  expect(nexusIq.recognise({ syntax: "json", value: report })).toBe(true);
  return readText(nexusIq, JSON.stringify(report));
}

const okhttp = {
  hash: "212387a39088ecd3daff",
  componentIdentifier: {
    format: "maven",
    coordinates: {
      artifactId: "okhttp",
      groupId: "com.squareup.okhttp",
      version: "2.6.0",
      classifier: "",
    },
  },
  matchState: "exact",
  pathnames: ["WEB-INF/lib/okhttp-2.6.0.jar"],
};

describe("Nexus IQ", () => {
  it("an application report has a hit for each security issue of each component", () => {
    const securityIssues = [
      {
        source: "cve",
        reference: "CVE-2016-2402",
        severity: 5.9,
        status: "Open",
        url: "http://cve.example/1",
        cwe: "295",
      },
      {
        source: "sonatype",
        reference: "sonatype-2018-0035",
        severity: 9.1,
        status: "Not Applicable",
        url: null,
        cvssVector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:N",
      },
    ];
    const report = {
      components: [
        { ...okhttp, securityData: { securityIssues } },
        { ...okhttp, securityData: null },
      ],
      matchSummary: { totalComponentCount: 2, knownComponentCount: 2 },
    };
    expect(read(report)).toMatchObject({
      complete: true,
      observations: [
        {
          rule: "CVE-2016-2402",
          severity: "medium",
          cwe: [295],
          place: {
            name: "com.squareup.okhttp:okhttp",
            version: "2.6.0",
            purl: "pkg:maven/com.squareup.okhttp/okhttp@2.6.0",
            path: "WEB-INF/lib/okhttp-2.6.0.jar",
          },
          suppressed: false,
        },
        {
          rule: "sonatype-2018-0035",
          severity: "critical",
          suppressed: true,
          cvss: [{ version: "3.1", score: 9.1 }],
        },
      ],
    });
  });

  it("policy violations about vulnerabilities, licences and anything else are told apart, and waived ones stay", () => {
    const violation = (
      policyThreatCategory: string,
      policyName: string,
      conditionReason: string,
      rest: object = {},
    ) => ({
      policyId: "p",
      policyName,
      policyThreatLevel: 9,
      policyThreatCategory,
      constraints: [
        { constraintName: "c", conditions: [{ conditionSummary: "s", conditionReason }] },
      ],
      ...rest,
    });
    const violations = [
      violation(
        "SECURITY",
        "Security-Critical",
        "Found security vulnerability CVE-2022-22965 with severity >= 9",
      ),
      violation("LICENSE", "License-Banned", "License is AGPL-3.0", {
        waived: true,
        policyThreatLevel: 3,
      }),
      violation("QUALITY", "Old", "Age is over 5 years", { policyThreatLevel: 1 }),
    ];
    const report = {
      reportTime: 1_700_000_000_000,
      application: { publicId: "shop", name: "Shop" },
      components: [{ ...okhttp, violations }],
    };
    expect(read(report)).toMatchObject({
      subject: "shop",
      madeAt: "2023-11-14T22:13:20.000Z",
      observations: [
        {
          rule: "CVE-2022-22965",
          kind: "dependency",
          severity: "critical",
          scope: "Security-Critical",
        },
        { rule: "License-Banned", kind: "license", severity: "medium", suppressed: true },
        { rule: "Old", kind: "dependency", severity: "low" },
      ],
    });
  });

  it("the command line's result file has a hit for each fact of each alert", () => {
    const constraintFacts = [
      {
        constraintName: "High",
        conditionFacts: [
          {
            summary: "Severity >= 7",
            reason: "Found security vulnerability CVE-2012-2098",
            reference: { value: "CVE-2012-2098", type: "SECURITY_VULNERABILITY_REFID" },
          },
          {
            summary: "Severity < 9",
            reason: "Found security vulnerability CVE-2012-2098",
            reference: null,
          },
        ],
      },
    ];
    const trigger = {
      policyName: "Security-High",
      threatLevel: 7,
      componentFacts: [{ ...okhttp, constraintFacts }],
    };
    const report = {
      applicationId: "shop",
      policyEvaluationResult: { alerts: [{ trigger, actions: [] }], affectedComponentCount: 1 },
    };
    expect(read(report)).toMatchObject({
      subject: "shop",
      observations: [{ rule: "CVE-2012-2098", severity: "high", place: { version: "2.6.0" } }],
    });
  });

  it("a component that is only known by its name has no package URL, and details name theirs one level deeper", () => {
    const lodash = {
      packageUrl: "pkg:a-name/lodash@4.17.15",
      componentIdentifier: {
        format: "a-name",
        coordinates: { name: "lodash", version: "4.17.15" },
      },
    };
    const securityData = { securityIssues: [{ reference: "sonatype-2019-0467", severity: 9.8 }] };
    const report = { componentDetails: [{ component: lodash, matchState: "exact", securityData }] };
    expect(read(report).observations).toEqual([
      expect.objectContaining({ place: { kind: "package", name: "lodash", version: "4.17.15" } }),
    ]);
  });

  it("what has no components is refused", () => {
    expect(() => readText(nexusIq, "{}")).toThrow(/no components/);
    expect(() => readText(nexusIq, '{"components":["x"],"matchSummary":{}}')).toThrow();
  });
});
