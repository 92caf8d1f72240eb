import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readText } from "../../reading/read-text.ts";
import { openvex } from "./index.ts";

const samples = `${import.meta.dirname}/../../../../test/fixtures/findings/openvex`;

function sample(file: string) {
  return readText(openvex, readFileSync(`${samples}/${file}`, "utf8"));
}

function read(statements: readonly unknown[], rest: Record<string, unknown> = {}) {
  const document = {
    "@context": "https://openvex.dev/ns/v0.2.0",
    author: "Example",
    ...rest,
    statements,
  };
  return readText(openvex, JSON.stringify(document));
}

describe("OpenVEX", () => {
  it("states something of each vulnerability and product, and only what may be there is a hit", () => {
    const { observations, claims, complete, subject } = sample("openvex_many_vuln.json");
    expect(observations.map(({ rule, claim }) => [rule, claim?.status])).toEqual([
      ["CVE-2024-10002", "affected"],
      ["CVE-2024-10004", "under-investigation"],
    ]);
    expect(claims).toHaveLength(4);
    expect(claims?.[2]).toMatchObject({
      rule: "CVE-2024-10005",
      aliases: ["GHSA-jfh8-c2jp-5v3q"],
      place: {
        name: "zlib",
        version: "1.2.11-r1",
        purl: expect.stringContaining("pkg:apk/alpine/zlib"),
      },
      claim: {
        status: "not-affected",
        justification: "inline_mitigations_already_exist",
        statement: "The affected code path is disabled at build time.",
        by: "Example Org",
      },
    });
    expect(complete).toBe(false);
    expect(subject).toBe("https://openvex.dev/docs/public/vex-2222222222222222222222222222222222");
  });

  it("version 0.0.1 names products and vulnerabilities by texts", () => {
    expect(sample("v0.0.1.json").claims).toMatchObject([
      {
        rule: "CVE-2023-12345",
        place: { name: "git", version: "2.39.0-r1" },
        claim: { status: "fixed" },
      },
      { rule: "CVE-2023-12345", place: { purl: "pkg:apk/wolfi/git@2.39.0-r1?arch=x86_64" } },
    ]);
  });

  it("no statement is no hit, and what is no document is refused", () => {
    expect(sample("openvex_no_vuln.json").observations).toEqual([]);
    expect(() => sample("openvex_not_a_document.json")).toThrow("an OpenVEX document is an object");
    expect(() => readText(openvex, '{"@context":"https://openvex.dev/ns/v0.2.0"}')).toThrow(
      /no list/,
    );
    expect(() => read([{ vulnerability: "CVE-1", products: ["a"], status: "fine" }])).toThrow(
      /no status/,
    );
  });

  it("of several statements about the same two the latest counts, and of two at one time the worse", () => {
    const one = (status: string, timestamp?: string) => ({
      vulnerability: { name: "CVE-2024-1" },
      products: ["pkg:npm/a@1"],
      status,
      ...(timestamp === undefined ? {} : { timestamp }),
    });
    const later = read([
      one("under_investigation", "2024-01-01T00:00:00Z"),
      one("fixed", "2024-02-01T00:00:00Z"),
    ]);
    expect([later.observations.length, later.claims?.length]).toEqual([0, 1]);
    const earlier = read([
      one("affected", "2024-02-01T00:00:00Z"),
      one("fixed", "2024-01-01T00:00:00Z"),
    ]);
    expect([earlier.observations.length, earlier.claims?.length]).toEqual([1, 0]);
    const same = read([one("affected"), one("not_affected")]);
    expect([same.observations.length, same.claims?.length]).toEqual([1, 0]);
  });

  it("a part of a product is the place, and the product its scope", () => {
    const products = [
      { "@id": "pkg:oci/app", subcomponents: [{ "@id": "pkg:npm/a@1" }, "pkg:npm/b@2"] },
    ];
    const { observations } = read([
      { vulnerability: { name: "CVE-2024-1" }, products, status: "affected" },
    ]);
    expect(observations).toMatchObject([
      { place: { name: "a" }, scope: "pkg:oci/app" },
      { place: { name: "b" }, scope: "pkg:oci/app" },
    ]);
  });

  it("as an in-toto statement it is about the subject where no product is named", () => {
    const statement = {
      predicateType: "https://openvex.dev/ns/v0.2.0",
      subject: [{ name: "pkg:oci/app", digest: { sha256: "00" } }],
      predicate: { statements: [{ vulnerability: { name: "CVE-2024-1" }, status: "affected" }] },
    };
    expect(openvex.recognise({ syntax: "json", value: statement })).toBe(true);
    expect(readText(openvex, JSON.stringify(statement)).observations).toMatchObject([
      {
        rule: "CVE-2024-1",
        severity: "critical",
        severityStated: false,
        place: { purl: "pkg:oci/app" },
      },
    ]);
  });
});
