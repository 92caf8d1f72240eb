import { describe, expect, it } from "vitest";
import { readText } from "../../reading/read-text.ts";
import { sourceclear } from "./index.ts";

function read(report: object) {
  expect(sourceclear.recognise({ syntax: "json", value: report })).toBe(true);
  return readText(sourceclear, JSON.stringify(report));
}

describe("SourceClear", () => {
  it("a scan's vulnerabilities refer to its libraries", () => {
    const record = {
      metadata: { recordType: "SCAN" },
      vulnerabilities: [
        {
          cve: "2017-1000487",
          title: "Command Injection",
          overview: "A hole",
          cvssScore: 7.5,
          cvss3Score: 9.8,
          libraries: [
            {
              details: [{ updateToVersion: "3.0.16" }],
              _links: { ref: "/records/0/libraries/0/versions/1" },
            },
            { details: [], _links: { ref: "/records/0/libraries/99/versions/0" } },
          ],
          _links: { html: "https://sca.example/1" },
        },
        { cve: null, title: "Denial of Service", cvssScore: 5, libraries: [] },
      ],
      libraries: [
        {
          name: "Plexus",
          coordinateType: "MAVEN",
          coordinate1: "org.codehaus.plexus",
          coordinate2: "plexus-utils",
          versions: [{ version: "3.0" }, { version: "3.0.15" }],
        },
      ],
    };
    expect(read({ records: [record] })).toMatchObject({
      complete: true,
      observations: [
        {
          rule: "CVE-2017-1000487",
          severity: "critical",
          fixedIn: "3.0.16",
          cvss: [
            { version: "3.0", score: 9.8 },
            { version: "2.0", score: 7.5 },
          ],
          place: {
            name: "org.codehaus.plexus:plexus-utils",
            version: "3.0.15",
            purl: "pkg:maven/org.codehaus.plexus/plexus-utils@3.0.15",
          },
        },
        { place: { name: "/records/0/libraries/99/versions/0" } },
        { rule: "Denial of Service", severity: "medium" },
      ],
    });
  });

  const issue = {
    id: "ddcc6e1b",
    issue_status: "open",
    issue_type: "vulnerability",
    ignored: false,
    severity: 8.8,
    project_name: "shop",
    library: {
      id: "maven:org.apache.calcite.avatica:avatica-core:1.11.0:",
      name: "Avatica",
      version: "1.11.0",
    },
    vulnerability: {
      id: "36527",
      title: "Code Execution",
      cve: "2022-36364",
      cvss3_vector: "AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H",
      cvss2_score: 4.3,
      cvss3_score: 8.8,
      cwe_id: "CWE-665",
    },
    vulnerable_method: true,
  };

  it("Veracode's issues: what is repaired is a claim, what is ignored stays, and one page of several is not all", () => {
    const issues = [
      issue,
      { ...issue, issue_status: "fixed" },
      {
        ...issue,
        ignored: true,
        issue_type: "license",
        vulnerability: null,
        license: { name: "AGPL-3.0" },
      },
    ];
    expect(read({ _embedded: { issues }, page: { total_pages: 3, number: 1 } })).toMatchObject({
      subject: "shop",
      complete: false,
      missing: "it is page 2 of 3",
      observations: [
        {
          rule: "CVE-2022-36364",
          aliases: ["SID-36527"],
          severity: "high",
          cwe: [665],
          reachable: true,
          place: { purl: "pkg:maven/org.apache.calcite.avatica/avatica-core@1.11.0" },
        },
        { rule: "license: AGPL-3.0", kind: "license", suppressed: true },
      ],
      claims: [{ claim: { status: "fixed" } }],
    });
  });

  it("Veracode's findings: those of other scans are missing, not gone", () => {
    const finding = {
      scan_type: "SCA",
      description: "Okio is vulnerable",
      finding_status: { status: "OPEN", resolution: "UNRESOLVED" },
      finding_details: {
        severity: 3,
        cve: {
          name: "CVE-2023-3635",
          cvss: 5.4,
          vector: "AV:N/AC:H/Au:N/C:N/I:N/A:C",
          cvss3: { score: 5.9, severity: "Medium", vector: "AV:N/AC:H/PR:N/UI:N/S:U/C:N/I:N/A:H" },
        },
        component_filename: "okio-2.8.0.jar",
        component_path: [{ path: "path/okio-2.8.0.jar" }],
        version: "2.8.0",
      },
    };
    expect(read({ findings: [finding, { ...finding, scan_type: "STATIC" }] })).toMatchObject({
      complete: false,
      missing: "1 of its findings are of other scans than SCA",
      observations: [
        {
          rule: "CVE-2023-3635",
          severity: "medium",
          place: { name: "okio", version: "2.8.0", path: "path/okio-2.8.0.jar" },
        },
      ],
    });
  });

  it("a record without a list of vulnerabilities is not complete", () => {
    expect(read({ records: [{ metadata: { recordType: "SCAN" }, libraries: [] }] })).toMatchObject({
      complete: false,
      missing: "a record of it has no list of vulnerabilities",
    });
  });

  it("what has none of its lists is refused", () => {
    expect(() => readText(sourceclear, "{}")).toThrow(/no records/);
  });
});
