import { describe, expect, it } from "vitest";
import { readText } from "../../reading/read-text.ts";
import { spdx, spdx3, spdxTagValue } from "./index.ts";

const purl = {
  referenceCategory: "PACKAGE-MANAGER",
  referenceType: "purl",
  referenceLocator: "pkg:apk/alpine/musl@1.1.22-r3?arch=x86_64",
};
const security = (referenceType: string, referenceLocator: string, comment?: string) => ({
  referenceCategory: "SECURITY",
  referenceType,
  referenceLocator,
  ...(comment === undefined ? {} : { comment }),
});

function read(packages: readonly unknown[], rest: object = {}) {
  const document = {
    spdxVersion: "SPDX-2.3",
    SPDXID: "SPDXRef-DOCUMENT",
    name: "shop",
    creationInfo: {
      created: "2026-07-29T00:00:00Z",
      creators: ["Organization: X", "Tool: syft-1.50.0"],
    },
    ...rest,
    packages,
  };
  return readText(spdx, JSON.stringify(document));
}

describe("SPDX 2", () => {
  it("each vulnerability that a package's security references name is one hit", () => {
    const externalRefs = [
      purl,
      security("advisory", "https://nvd.nist.gov/vuln/detail/CVE-2024-10001"),
      security("fix", "https://example.com/fixes/CVE-2024-10001", "Fixed upstream"),
      security(
        "http://spdx.org/rdf/references/url",
        "https://github.com/advisories/GHSA-jfh8-c2jp-5v3q",
      ),
    ];
    expect(read([{ name: "musl", versionInfo: "1.1.22-r3", externalRefs }])).toMatchObject({
      complete: false,
      tool: { name: "syft", version: "1.50.0" },
      subject: "shop",
      madeAt: "2026-07-29T00:00:00Z",
      observations: [
        {
          rule: "CVE-2024-10001",
          kind: "dependency",
          severity: "critical",
          severityStated: false,
          message: "Fixed upstream",
          place: { name: "musl", version: "1.1.22-r3", purl: purl.referenceLocator },
          references: [expect.stringContaining("nvd"), expect.stringContaining("fixes")],
        },
        { rule: "GHSA-jfh8-c2jp-5v3q" },
      ],
    });
  });

  it("a CPE, a page without a number and a package alone are no hits", () => {
    const externalRefs = [
      security("cpe23Type", "cpe:2.3:a:musl:musl:1.1.22:*:*:*:*:*:*:*"),
      security("advisory", "https://example.com/security"),
      { referenceCategory: "OTHER", referenceType: "advisory", referenceLocator: "CVE-2024-1" },
    ];
    expect(
      read([
        { name: "musl", externalRefs },
        { name: "a", externalRefs: null },
      ]).observations,
    ).toEqual([]);
  });

  it("other versions are refused by their number", () => {
    expect(() => read([], { spdxVersion: "SPDX-1.2" })).toThrow(
      "this is SPDX-1.2; SPDX 2.0 to 2.3 and 3.0 are read",
    );
    expect(() => readText(spdxTagValue, "SPDXVersion: SPDX-1.2\n")).toThrow(/SPDX-1.2/);
    expect(() => readText(spdxTagValue, "nothing at all")).toThrow(/no SPDXVersion/);
  });

  it("tags and values say the same, over the lines of a long text too", () => {
    const text = `SPDXVersion: SPDX-2.3
DocumentName: shop
Creator: Tool: syft-1.50.0
Created: 2026-07-29T00:00:00Z

PackageName: musl
PackageVersion: 1.1.22-r3
PackageComment: <text>many lines
PackageName: not a package
</text>
ExternalRef: PACKAGE-MANAGER purl pkg:apk/alpine/musl@1.1.22-r3?arch=x86_64
ExternalRef: SECURITY advisory https://example.com/advisories/CVE-2024-10001
ExternalRefComment: <text>look here</text>

PackageName: zlib
PackageVersion: 1.2.11
ExternalRef: SECURITY advisory https://example.com/advisories/CVE-2024-10002`;
    expect(readText(spdxTagValue, text)).toMatchObject({
      subject: "shop",
      tool: { name: "syft", version: "1.50.0" },
      observations: [
        {
          rule: "CVE-2024-10001",
          message: "look here",
          place: { name: "musl", purl: purl.referenceLocator },
        },
        { rule: "CVE-2024-10002", place: { name: "zlib", version: "1.2.11" } },
      ],
    });
    expect(spdxTagValue.recognise({ syntax: "text", lines: text.split("\n") })).toBe(true);
  });
});

describe("SPDX 3", () => {
  const graph = (...elements: readonly object[]) =>
    readText(
      spdx3,
      JSON.stringify({
        "@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld",
        "@graph": [{ type: "SpdxDocument", spdxId: "doc", name: "shop" }, ...elements],
      }),
    );
  const cve = {
    type: "security_Vulnerability",
    spdxId: "v1",
    description: "A hole",
    externalIdentifier: [
      {
        type: "ExternalIdentifier",
        externalIdentifierType: "securityOther",
        identifier: "GHSA-jfh8-c2jp-5v3q",
      },
      {
        type: "ExternalIdentifier",
        externalIdentifierType: "cve",
        identifier: "CVE-2021-44228",
        identifierLocator: ["https://nvd.example/1"],
      },
    ],
  };
  const log4j = {
    type: "software_Package",
    spdxId: "p1",
    name: "log4j-core",
    software_packageVersion: "2.13.2",
    software_packageUrl: "pkg:maven/org.apache.logging.log4j/log4j-core@2.13.2",
  };
  const vex = (kind: string, rest: object = {}) => ({
    type: `security_Vex${kind}VulnAssessmentRelationship`,
    spdxId: `vex ${kind}`,
    from: "v1",
    to: ["p1"],
    ...rest,
  });
  const score = {
    type: "security_CvssV3VulnAssessmentRelationship",
    from: "v1",
    to: ["p1"],
    relationshipType: "hasAssessmentFor",
    security_score: 10,
    security_severity: "critical",
    security_vectorString: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H",
  };

  it("puts vulnerability, package, score and statement together, whatever their order", () => {
    const person = { type: "Person", spdxId: "a1", name: "Somebody" };
    const statement = vex("Affected", { security_actionStatement: "Update", suppliedBy: ["a1"] });
    expect(graph(statement, score, person, log4j, cve).observations).toMatchObject([
      {
        rule: "CVE-2021-44228",
        aliases: ["GHSA-jfh8-c2jp-5v3q"],
        severity: "critical",
        cvss: [{ version: "3.1", score: 10 }],
        place: { name: "org.apache.logging.log4j:log4j-core", version: "2.13.2" },
        claim: { status: "affected", statement: "Update", by: "Somebody" },
        references: ["https://nvd.example/1"],
      },
    ]);
  });

  it("the later of two statements counts, and without times the worse", () => {
    const times = [
      { type: "CreationInfo", "@id": "_:1", created: "2026-01-01T00:00:00Z" },
      { type: "CreationInfo", "@id": "_:2", created: "2026-02-01T00:00:00Z" },
    ];
    const justified = { security_justificationType: "componentNotPresent" };
    const later = graph(
      cve,
      log4j,
      ...times,
      vex("NotAffected", { creationInfo: "_:2", ...justified }),
      vex("Affected", { creationInfo: "_:1" }),
      score,
    );
    expect(later).toMatchObject({
      observations: [],
      claims: [{ claim: { status: "not-affected", justification: "componentNotPresent" } }],
      madeAt: "2026-02-01T00:00:00Z",
    });
    expect(graph(cve, log4j, vex("Affected"), vex("Fixed")).observations).toHaveLength(1);
    expect(graph(cve, log4j, vex("Fixed"), vex("UnderInvestigation")).observations).toHaveLength(1);
  });

  it("a package that only has a vulnerability, and one that belongs to nothing, are hits", () => {
    const has = {
      type: "Relationship",
      from: "p1",
      to: ["v1"],
      relationshipType: "hasAssociatedVulnerability",
    };
    expect(graph(cve, log4j, has).observations).toMatchObject([
      { rule: "CVE-2021-44228", place: { version: "2.13.2" } },
    ]);
    expect(graph(cve).observations).toMatchObject([{ place: { name: "shop" } }]);
  });

  it("names of profiles may be whole addresses, and hostile keys are keys", () => {
    const whole = {
      type: "https://spdx.org/rdf/3.0.1/terms/Security/Vulnerability",
      spdxId: "__proto__",
      name: "CVE-2024-1000",
    };
    const text = `{"@context":["https://spdx.org/rdf/3.0.1/spdx-context.jsonld"],"@graph":[{"__proto__":{"type":"x"}},${JSON.stringify(whole)}]}`;
    expect(readText(spdx3, text).observations).toMatchObject([{ rule: "CVE-2024-1000" }]);
    expect(() => readText(spdx3, '{"@context":"https://spdx.org/rdf/3.0.1/x"}')).toThrow(
      /no graph/,
    );
  });
});
