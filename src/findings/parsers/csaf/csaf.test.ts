import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readText } from "../../reading/read-text.ts";
import { csaf } from "./index.ts";

const samples = `${import.meta.dirname}/../../../../test/fixtures/findings/csaf`;

function sample(file: string) {
  return readText(csaf, readFileSync(`${samples}/${file}`, "utf8"));
}

function read(product_tree: unknown, vulnerabilities: unknown, document: object = {}) {
  const whole = { document: { csaf_version: "2.0", ...document }, product_tree, vulnerabilities };
  return readText(csaf, JSON.stringify(whole));
}

describe("real advisories", () => {
  it("a VEX names three versions of a product, one of them a range", () => {
    const { observations, complete, subject, tool } = sample("2022-evd-uc-04-001.json");
    expect(observations.map(({ place }) => place)).toEqual([
      { kind: "package", name: "ABC", version: "2.4" },
      { kind: "package", name: "ABC", version: "2.6" },
      { kind: "package", name: "ABC", version: "vers:generic/>=2.9|<=4.1" },
    ]);
    expect(observations[0]).toMatchObject({
      rule: "CVE-2021-44228",
      severity: "critical",
      fixedIn: "4.2",
      cvss: [{ version: "3.1", score: 10 }],
      claim: { status: "affected", by: "Example Company ProductCERT" },
    });
    expect([complete, subject, tool?.name]).toEqual([
      false,
      "Example Company ProductCERT 2022-EVD-UC-04-001",
      "Secvisogram",
    ]);
  });

  it("each product and status is one statement, and a part of a product is named by itself", () => {
    const { observations, claims } = sample("csaf_many_vuln.json");
    expect(observations).toMatchObject([
      {
        rule: "CVE-2026-10002",
        severity: "high",
        place: { name: "Generic App", version: "1.0.0" },
        fixedIn: "1.0.1",
      },
      { claim: { status: "under-investigation" }, severity: "critical", severityStated: false },
      {
        rule: "EXAMPLE-2026-0002-B",
        place: { name: "Generic Library", version: "3.4.5" },
        scope: "Generic App",
      },
    ]);
    expect(claims?.map(({ place, claim }) => [place, claim?.status])).toMatchObject([
      [{ version: "1.0.1" }, "fixed"],
      [{ version: "2.0.0" }, "not-affected"],
    ]);
  });

  it("no vulnerability is no hit, and an old version is refused by its number", () => {
    expect(sample("csaf_no_vuln.json").observations).toEqual([]);
    expect(() => sample("csaf_unsupported_version.json")).toThrow(
      "this is CSAF 1.2; versions 2.0 and 2.1 are read",
    );
  });
});

describe("what advisories differ in", () => {
  const full_product_names = [
    {
      name: "A",
      product_id: "a",
      product_identification_helper: { purl: "pkg:rpm/redhat/a@1?arch=x86_64" },
    },
    { name: "On", product_id: "on" },
  ];

  it("the worst of scores, threats and the whole document's severity counts", () => {
    const vulnerability = {
      cve: "CVE-2024-1000",
      product_status: { known_affected: ["a"], fixed: null },
      scores: [
        { products: ["a"], cvss_v3: { version: "3.1", baseScore: 5.3, baseSeverity: "MEDIUM" } },
        {
          products: ["a"],
          cvss_v2: { version: "2.0", baseScore: 9.3, vectorString: "AV:N/AC:M/Au:N/C:C/I:C/A:C" },
        },
      ],
      threats: [{ category: "impact", details: "Important", group_ids: ["g"] }],
      flags: [{ label: "component_not_present", product_ids: ["on"] }],
    };
    const groups = {
      full_product_names,
      product_groups: [{ group_id: "g", product_ids: ["a", "on"] }],
    };
    expect(read(groups, [vulnerability]).observations).toMatchObject([
      {
        severity: "high",
        place: { name: "a", version: "1", purl: "pkg:rpm/redhat/a@1?arch=x86_64" },
        claim: { statement: "Important" },
        cvss: [{ version: "3.1" }, { version: "2.0", score: 9.3 }],
      },
    ]);
    const aggregate = { aggregate_severity: { text: "Critical" } };
    expect(read(groups, [vulnerability], aggregate).observations[0]?.severity).toBe("critical");
  });

  it("version 2.1 has metrics, and scores of CVSS 4", () => {
    const vulnerability = {
      ids: [{ text: "GHSA-jfh8-c2jp-5v3q" }],
      product_status: { known_affected: ["a"] },
      metrics: [
        {
          products: ["a"],
          content: { cvss_v4: { version: "4.0", baseScore: 8.7, baseSeverity: "HIGH" } },
        },
      ],
    };
    expect(
      read({ full_product_names }, [vulnerability], { csaf_version: "2.1" }).observations,
    ).toMatchObject([
      { rule: "GHSA-jfh8-c2jp-5v3q", severity: "high", cvss: [{ version: "4.0", score: 8.7 }] },
    ]);
  });

  it("a flag is why a product is not affected", () => {
    const vulnerability = {
      cve: "CVE-2024-1000",
      product_status: { known_not_affected: ["on"] },
      flags: [{ label: "component_not_present", product_ids: ["on"] }],
    };
    expect(read({ full_product_names }, [vulnerability]).claims).toMatchObject([
      { claim: { status: "not-affected", justification: "component_not_present" } },
    ]);
  });

  it("parts of parts are followed, and circles of them end", () => {
    const part = (of: string, on: string, product_id: string) => ({
      product_reference: of,
      relates_to_product_reference: on,
      full_product_name: { product_id, name: product_id },
    });
    const relationships = [
      part("p1", "on", "p2"),
      part("a", "on", "p1"),
      part("c2", "on", "c1"),
      part("c1", "on", "c2"),
    ];
    const product_status = { known_affected: ["p2", "c1", "nobody", "__proto__"] };
    expect(
      read({ full_product_names, relationships }, [{ cve: "CVE-2024-1", product_status }])
        .observations,
    ).toMatchObject([
      { place: { name: "a", version: "1" }, scope: "On" },
      { place: { name: "c1" } },
      { place: { name: "nobody" } },
      { place: { name: "__proto__" } },
    ]);
  });

  it("a vulnerability without any product still is one", () => {
    expect(
      read(undefined, [{ cve: "CVE-2024-1" }], { title: "Of something" }).observations,
    ).toMatchObject([{ rule: "CVE-2024-1", place: { name: "Of something" } }]);
  });

  it("a deep tree and many products are read in little time", () => {
    let branches: unknown = [
      { category: "product_version", name: "1", product: { product_id: "deep", name: "Deep" } },
    ];
    for (let depth = 0; depth < 1_000; depth += 1)
      branches = [{ category: "product_family", name: "f", branches }];
    const many = Array.from({ length: 50_000 }, (_, index) => `p${index}`);
    const names = many.map((product_id) => ({ product_id, name: product_id }));
    const product_groups = [{ group_id: "all", product_ids: many }];
    const remediations = [
      { category: "vendor_fix", details: "Update to version 2.", group_ids: ["all"] },
    ];
    const { observations } = read({ branches, full_product_names: names, product_groups }, [
      { cve: "CVE-2024-1", product_status: { known_affected: ["deep", ...many] }, remediations },
    ]);
    expect(observations).toHaveLength(50_001);
    expect(observations[1]).toMatchObject({ place: { name: "p0" }, fixedIn: "2" });
  }, 30_000);

  it("groups that multiply what they name are refused", () => {
    const product_groups = [
      { group_id: "all", product_ids: Array.from({ length: 10_000 }, (_, index) => `p${index}`) },
    ];
    const remediations = Array.from({ length: 1_000 }, () => ({
      category: "vendor_fix",
      details: "x",
      group_ids: ["all"],
    }));
    expect(() => read({ product_groups }, [{ cve: "CVE-2024-1", remediations }])).toThrow(
      /too many products/,
    );
  });
});
