import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readText } from "../../reading/read-text.ts";
import { cyclonedx, cyclonedxXml } from "./index.ts";

const samples = `${import.meta.dirname}/../../../../test/fixtures/findings/cyclonedx`;

function sample(file: string) {
  const text = readFileSync(`${samples}/${file}`, "utf8");
  return readText(file.endsWith(".xml") ? cyclonedxXml : cyclonedx, text);
}

function read(bom: Record<string, unknown>) {
  return readText(
    cyclonedx,
    JSON.stringify({ bomFormat: "CycloneDX", specVersion: "1.6", ...bom }),
  );
}

describe("real bills of materials", () => {
  it("jake's: each advisory is kept under its CVE, about the component that it names", () => {
    const { observations, complete, tool } = sample("jake2.json");
    expect(observations).toHaveLength(7);
    expect(complete).toBe(true);
    expect(tool).toEqual({ name: "cyclonedx-python-lib", version: "1.3.0" });
    expect(observations.find(({ rule }) => rule === "CVE-2021-33203")).toMatchObject({
      kind: "dependency",
      severity: "high",
      aliases: ["c7129ff8-08bc-4afe-82ec-7d97b9491741"],
      place: { kind: "package", name: "django", version: "2.0", purl: "pkg:pypi/django@2.0" },
      cvss: [{ version: "3.0", score: 7.5 }],
    });
  });

  it("a vulnerability without a severity counts by its score", () => {
    expect(sample("no-severity.json").observations).toMatchObject([
      {
        rule: "CVE-2021-44228",
        severity: "critical",
        severityStated: true,
        place: { name: "gerbwetbqt" },
      },
    ]);
  });

  it("a statement that something is not affected is a claim and no hit, with the worst of its ratings", () => {
    const { observations, claims, complete } = sample("vex.json");
    expect(observations).toEqual([]);
    expect(complete).toBe(false);
    expect(claims).toMatchObject([
      {
        rule: "CVE-2020-25649",
        severity: "high",
        aliases: ["SNYK-JAVA-COMFASTERXMLJACKSONCORE-1048302"],
        place: { name: "com.fasterxml.jackson.core:jackson-databind", version: "2.10.0" },
        claim: { status: "not-affected", justification: "code_not_reachable" },
        fixedIn: "2.6.7.4, 2.9.10.7, 2.10.5.1",
        cwe: [611],
      },
    ]);
  });

  it("a bill without a list of vulnerabilities has no hits, and is no scan that could miss one", () => {
    expect(sample("cyclonedx_bom.xml")).toMatchObject({
      observations: [],
      complete: false,
      missing: "a bill of materials without a list of vulnerabilities: nobody looked for any",
    });
  });
});

describe("what bills differ in", () => {
  const components = [{ "bom-ref": "a", name: "a", version: "1.0" }];

  it("a list of vulnerabilities that is empty is a scan that found none", () => {
    expect(read({ components, vulnerabilities: [] })).toMatchObject({
      observations: [],
      complete: true,
    });
  });

  it("a list of parts that calls itself incomplete is", () => {
    const compositions = [{ aggregate: "incomplete_first_party_only" }];
    expect(read({ components, vulnerabilities: [], compositions })).toMatchObject({
      complete: false,
      missing: expect.stringContaining("incomplete_first_party_only"),
    });
  });

  it("a component inside of a component is found, however deep", () => {
    let nested: unknown = { "bom-ref": "inner", name: "inner", version: "2" };
    for (let depth = 0; depth < 500; depth += 1) nested = { name: "outer", components: [nested] };
    const vulnerabilities = [{ id: "X-1", affects: [{ ref: "inner" }] }];
    expect(read({ components: [nested], vulnerabilities }).observations).toMatchObject([
      {
        rule: "X-1",
        severity: "critical",
        severityStated: false,
        place: { name: "inner", version: "2" },
      },
    ]);
  });

  it("several versions of a package that has none itself are places of their own", () => {
    const versions = [
      { version: "1.0", status: "affected" },
      { range: "vers:semver/>=2.0", status: "unaffected" },
      { version: "1.5", status: "unknown" },
    ];
    const vulnerabilities = [{ id: "CVE-2024-1000", affects: [{ ref: "pkg:npm/x", versions }] }];
    const { observations, claims } = read({ components, vulnerabilities });
    expect(observations.map(({ place }) => place)).toMatchObject([
      { name: "x", version: "1.0" },
      { name: "x", version: "1.5" },
    ]);
    expect(claims).toMatchObject([
      { place: { version: "vers:semver/>=2.0" }, claim: { status: "not-affected" } },
    ]);
  });

  it("nulls, single values and no affected package at all are read", () => {
    const metadata = {
      component: { "bom-ref": "root", name: "shop", version: "3" },
      tools: { components: [{ name: "t" }] },
    };
    const one = {
      id: "CVE-2024-1001",
      ratings: { severity: "low" },
      cwes: null,
      advisories: null,
      analysis: null,
    };
    expect(read({ metadata, components, vulnerabilities: [one] })).toMatchObject({
      subject: "packages of shop",
      tool: { name: "t", version: "unknown" },
      observations: [
        { rule: "CVE-2024-1001", severity: "low", place: { name: "shop", version: "3" } },
      ],
    });
  });

  it("two packages that one vulnerability affects are two hits, and the same one twice is one", () => {
    const affects = [{ ref: "a" }, { ref: "a" }, { ref: "pkg:npm/b@1" }];
    expect(
      read({ components, vulnerabilities: [{ id: "CVE-2024-1002", affects }] }).observations,
    ).toHaveLength(2);
  });

  it("a state that the standard does not know leaves the hit standing", () => {
    const vulnerabilities = [
      { id: "CVE-2024-1003", affects: [{ ref: "a" }], analysis: { state: "__proto__" } },
    ];
    expect(read({ components, vulnerabilities }).observations).toHaveLength(1);
  });

  it("what should be a vulnerability and is none refuses the report", () => {
    expect(() => read({ components, vulnerabilities: ["CVE-2024-1"] })).toThrow();
    expect(() => read({ vulnerabilities: "none" })).toThrow();
  });
});

describe("XML", () => {
  const body = (
    prefix: string,
  ) => `<${prefix}components><${prefix}component bom-ref="a"><${prefix}name>a</${prefix}name>
    <${prefix}version>1</${prefix}version><${prefix}purl>pkg:npm/a@1</${prefix}purl></${prefix}component></${prefix}components>
    <${prefix}vulnerabilities><${prefix}vulnerability><${prefix}id>GHSA-jfh8-c2jp-5v3q</${prefix}id>
    <${prefix}references><${prefix}reference><${prefix}id>CVE-2021-44228</${prefix}id></${prefix}reference></${prefix}references>
    <${prefix}affects><${prefix}target><${prefix}ref>a</${prefix}ref></${prefix}target></${prefix}affects>
    <${prefix}analysis><${prefix}state>exploitable</${prefix}state></${prefix}analysis>
    </${prefix}vulnerability></${prefix}vulnerabilities>`;

  it.each([
    ["plain", `<bom xmlns="http://cyclonedx.org/schema/bom/1.5">${body("")}</bom>`],
    [
      "with a prefix",
      `<ns0:bom xmlns:ns0="http://cyclonedx.org/schema/bom/1.5">${body("ns0:")}</ns0:bom>`,
    ],
  ])("%s says what JSON says", (_, text) => {
    expect(readText(cyclonedxXml, text)).toMatchObject({
      complete: true,
      observations: [
        {
          rule: "CVE-2021-44228",
          aliases: ["GHSA-jfh8-c2jp-5v3q"],
          place: { name: "a", version: "1", purl: "pkg:npm/a@1" },
          claim: { status: "affected" },
        },
      ],
    });
  });

  it("the extension of older versions is read, in a component and beside them", () => {
    const one = (
      attributes: string,
      id: string,
    ) => `<v:vulnerabilities><v:vulnerability${attributes}><v:id>${id}</v:id>
      <v:ratings><v:rating><v:score><v:base>9.8</v:base></v:score><v:method>CVSSv3</v:method></v:rating></v:ratings>
      </v:vulnerability></v:vulnerabilities>`;
    const text = `<bom xmlns="http://cyclonedx.org/schema/bom/1.2" xmlns:v="http://cyclonedx.org/schema/ext/vulnerability/1.0">
      <components><component><name>a</name><version>1</version>${one("", "CVE-2018-7489")}</component></components>
      ${one(' ref="pkg:npm/b@2"', "CVE-2018-7490")}</bom>`;
    const { observations, complete } = readText(cyclonedxXml, text);
    expect(complete).toBe(true);
    expect(observations).toMatchObject([
      { rule: "CVE-2018-7489", severity: "critical", place: { name: "a", version: "1" } },
      { rule: "CVE-2018-7490", place: { name: "b", version: "2" } },
    ]);
  });
});
