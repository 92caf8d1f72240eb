import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readText } from "../../reading/read-text.ts";
import { dependencyCheck, dependencyCheckXml } from "./index.ts";

const samples = `${import.meta.dirname}/../../../../test/fixtures/findings/dependency-check`;

function sample(file: string) {
  return readText(dependencyCheckXml, readFileSync(`${samples}/${file}`, "utf8"));
}

function xml(inside: string, scan = "") {
  return readText(
    dependencyCheckXml,
    `<analysis xmlns="https://jeremylong.github.io/DependencyCheck/dependency-check.4.0.xsd">
      <scanInfo><engineVersion>12.1.0</engineVersion>${scan}</scanInfo><dependencies>${inside}</dependencies></analysis>`,
  );
}

describe("Dependency-Check's XML", () => {
  it.each([
    ["dc_empty.xml", 0],
    ["single_dependency_with_related_no_vulnerability.xml", 0],
    ["single_vuln.xml", 1],
    ["version-6.5.3.xml", 1],
  ])("%s: %i", (file, hits) => {
    const { observations, complete } = sample(file);
    expect(observations).toHaveLength(hits);
    expect(complete).toBe(true);
  });

  it("names the package, its file, the version that repairs it, and every score by its version", () => {
    const { observations, tool, madeAt, exercised } = sample("version-6.5.3.xml");
    expect(tool).toEqual({ name: "dependency-check", version: "6.5.3" });
    expect(madeAt).toBe("2022-01-15T14:31:13.042600508Z");
    expect(exercised?.packages).toBeGreaterThan(0);
    expect(observations).toMatchObject([
      {
        rule: "CVE-2020-9488",
        kind: "dependency",
        // CVSS 2 would say medium.
        severity: "low",
        place: {
          name: "org.apache.logging.log4j:log4j-api",
          version: "2.12.4",
          purl: "pkg:maven/org.apache.logging.log4j/log4j-api@2.12.4",
          path: expect.stringContaining("log4j-api-2.12.4.jar"),
        },
        cwe: [295],
        fixedIn: "2.13.2",
        cvss: [
          { version: "3.1", score: 3.7, vector: "CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:L/I:N/A:N" },
          { version: "2.0", score: 4.3 },
        ],
      },
    ]);
  });

  it("reads identifiers of before 2.0, and a CPE where there is no package", () => {
    expect(sample("single_vuln.xml").observations[0]?.place).toMatchObject({
      purl: "pkg:maven/org.owasp/library@6.7.8",
    });
    const vulnerability =
      "<vulnerabilities><vulnerability><name>CVE-2024-1</name></vulnerability></vulnerabilities>";
    const cpe =
      "<identifiers><vulnerabilityIds><id>cpe:2.3:a:openssl:openssl:1.0.1:*:*:*:*:*:*:*</id></vulnerabilityIds></identifiers>";
    const { observations } =
      xml(`<dependency><fileName>ssl.so</fileName>${cpe}${vulnerability}</dependency>
      <dependency><fileName>plain.dll</fileName>${vulnerability}</dependency>`);
    expect(observations).toMatchObject([
      { place: { name: "openssl", version: "1.0.1" }, severity: "critical", severityStated: false },
      { place: { name: "plain.dll", version: "" } },
    ]);
  });

  it("what somebody suppressed stays, and says so", () => {
    const { observations } = xml(`<dependency><fileName>a</fileName><vulnerabilities>
      <suppressedVulnerability source="NVD"><name>CVE-2024-2</name><severity>HIGH</severity></suppressedVulnerability>
      </vulnerabilities></dependency>`);
    expect(observations).toMatchObject([
      { rule: "CVE-2024-2", suppressed: true, severity: "high" },
    ]);
  });

  it("an analysis that met an error is not complete", () => {
    const scan = `<analysisExceptions><exception><message>Unable to read node audit</message></exception></analysisExceptions>`;
    expect(xml("", scan)).toMatchObject({
      complete: false,
      missing: "its analysis met an error: Unable to read node audit",
    });
  });
});

describe("Dependency-Check's JSON", () => {
  const one = {
    fileName: "lodash:4.17.1",
    filePath: "/app/package-lock.json?/lodash",
    packages: [
      { id: "pkg:generic/lodash@4.17.1", confidence: "LOW" },
      { id: "pkg:npm/lodash@4.17.1", confidence: "HIGHEST" },
    ],
    vulnerabilities: [
      {
        source: "NPM",
        name: "GHSA-35jh-r3h4-6jhm",
        severity: "high",
        cvssv3: { baseScore: 7.2, "baseSeverity>": "HIGH", version: "3.1" },
        cwes: ["CWE-77", "CWE-94"],
        description: "Command injection",
        notes: "",
        references: [
          { source: "OSSINDEX", url: "https://nvd.nist.gov/vuln/detail/CVE-2021-23337", name: "x" },
        ],
        vulnerableSoftware: [
          {
            software: {
              id: "cpe:…",
              vulnerabilityIdMatched: "true",
              versionEndExcluding: "4.17.21",
            },
          },
        ],
      },
    ],
    suppressedVulnerabilities: [
      {
        source: "NVD",
        name: "CVE-2020-8203",
        cvssv4: { baseScore: 9.1, baseSeverity: "CRITICAL" },
      },
    ],
  };
  const report = (rest: object = {}) => ({
    reportSchema: "1.1",
    scanInfo: { engineVersion: "12.1.0", dataSource: [] },
    projectInfo: {
      name: "shop",
      groupID: "com.shop",
      artifactID: "web",
      reportDate: "2026-01-01T00:00:00Z",
    },
    dependencies: [one, { fileName: "clean.jar" }],
    ...rest,
  });

  it("says what XML says, and an advisory of npm's is kept under its CVE", () => {
    const { observations, complete, subject } = readText(dependencyCheck, JSON.stringify(report()));
    expect([complete, subject]).toEqual([true, "com.shop:web"]);
    expect(observations).toMatchObject([
      {
        rule: "CVE-2021-23337",
        aliases: ["GHSA-35jh-r3h4-6jhm"],
        severity: "high",
        cwe: [77, 94],
        fixedIn: "4.17.21",
        place: { purl: "pkg:npm/lodash@4.17.1", version: "4.17.1" },
      },
      {
        rule: "CVE-2020-8203",
        suppressed: true,
        severity: "critical",
        cvss: [{ version: "4.0", score: 9.1 }],
      },
    ]);
  });

  it("without a list of dependencies it is not complete, and with exceptions neither", () => {
    const { dependencies: _, ...none } = report();
    expect(readText(dependencyCheck, JSON.stringify(none)).complete).toBe(false);
    const scanInfo = { analysisExceptions: [{ exception: { message: "no network" } }, {}] };
    expect(readText(dependencyCheck, JSON.stringify(report({ scanInfo })))).toMatchObject({
      complete: false,
      missing: "its analysis met 2 errors: no network",
    });
  });
});
