import { existsSync, readFileSync } from "node:fs";
import { Ajv } from "ajv";
import { describe, expect, it } from "vitest";
import { needs } from "../../test/support/optional.ts";
import { sarif } from "../findings/parsers/sarif/index.ts";
import { readText } from "../findings/reading/read-text.ts";
import { type SarifResult, type SarifRule, writeSarif } from "./sarif.ts";

const rules: readonly SarifRule[] = [
  { id: "b", title: "B", help: "Do not.", severity: 9.4, cwe: [89] },
  { id: "a", title: "A", help: "Better not.", severity: 4.2, cwe: [79, 80] },
];

const results: readonly SarifResult[] = [
  {
    rule: "a",
    message: "m1",
    place: { kind: "file", path: "x y/ä#1.js", line: 3, column: 2 },
    fingerprint: "f1",
  },
  {
    rule: "b",
    message: "m2",
    place: { kind: "logical", name: "pkg:npm/a@1", path: "package-lock.json" },
    fingerprint: "f2",
    baseline: "unchanged",
    properties: {
      tidelock: { package: { name: "a", version: "1", purl: "pkg:npm/a@1" }, fixedIn: "2" },
    },
  },
  {
    rule: "b",
    message: "m3",
    place: { kind: "logical", name: "GET /x" },
    fingerprint: "f3",
    severity: 0,
  },
];
const document = () =>
  writeSarif({
    tool: "tidelock-x",
    version: "1.0.0",
    rules,
    results,
    notifications: ["not examined: z"],
  });

/** The official schema is not ours to copy; whoever has it names the file. */
const schema = process.env["TIDELOCK_SARIF_SCHEMA"] ?? "";

describe("the SARIF that built-in checks write", () => {
  it("is read by our own parser with place, severity, kind of weakness and fingerprint", () => {
    const { observations, complete } = readText(sarif, document().text);
    expect(complete).toBe(true);
    expect(
      observations.map(({ rule, severity, unchanged, cwe }) => [rule, severity, unchanged, cwe]),
    ).toEqual([
      ["b", "critical", true, [89]],
      ["a", "medium", false, [79, 80]],
      ["b", "info", false, [89]],
    ]);
    expect(observations[0]).toMatchObject({
      place: { kind: "package", name: "a", version: "1" },
      fixedIn: "2",
    });
    expect(observations[1]?.place).toEqual({ kind: "file", path: "x y/ä#1.js", line: 3 });
    expect(observations[1]?.fingerprint).toContain("f1");
  });

  it("is the same in whatever order the hits came", () => {
    const turned = writeSarif({
      tool: "tidelock-x",
      version: "1.0.0",
      rules: rules.toReversed(),
      results: results.toReversed(),
      notifications: ["not examined: z"],
    });
    expect(turned.text).toBe(document().text);
  });

  it("leaves out the mildest when it would be too long, and says how many", () => {
    const many = Array.from({ length: 1_000 }, (_, index): SarifResult => ({
      rule: index % 2 === 0 ? "a" : "b",
      message: "x".repeat(200),
      place: { kind: "file", path: `f${index}.js`, line: 1 },
      fingerprint: String(index),
    }));
    const { text, omitted } = writeSarif({
      tool: "t",
      version: "1",
      rules,
      results: many,
      maxBytes: 100_000,
    });
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(100_000);
    const kept = readText(sarif, text).observations;
    expect(kept.length + omitted).toBe(1_000);
    expect(new Set(kept.map(({ rule }) => rule))).toEqual(new Set(["b"]));
  });

  it.skipIf(needs(existsSync(schema), "TIDELOCK_SARIF_SCHEMA names no file").missing)(
    "fits the official schema",
    () => {
      const official = JSON.parse(readFileSync(schema, "utf8")) as object;
      const ajv = new Ajv({ strict: false, validateFormats: false });
      // It is of draft 4, of which it uses nothing that later drafts changed but these two keywords.
      const plain = Object.fromEntries(
        Object.entries(official).filter(([key]) => key !== "$schema" && key !== "id"),
      );
      const validate = ajv.compile(plain);
      expect([validate(JSON.parse(document().text)), validate.errors]).toEqual([true, null]);
    },
  );
});
