import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { TidelockError } from "../model/errors.ts";
import { parseReleaseTrust } from "./parse-trust.ts";

function problems(text: string): readonly string[] {
  try {
    parseReleaseTrust("trust.yaml", text);
  } catch (error) {
    if (!(error instanceof TidelockError)) throw error;
    return (error.problems ?? []).map(({ where, message }) => `${where} ${message}`);
  }
  return [];
}

describe("a trust file", () => {
  it("is read as the documentation shows it", () => {
    const page = readFileSync(new URL("../../docs/evidence.md", import.meta.url), "utf8");
    const example = /```yaml\n(kind: ReleaseTrust[\s\S]*?)```/.exec(page)?.[1] ?? "";
    const trust = parseReleaseTrust("trust.yaml", example);
    expect(Object.keys(trust.producers)).toEqual(["ci", "release-managers"]);
    expect(trust.provenance).toMatchObject([{ by: ["ci"], level: 3 }]);
  });

  it("may be JSON", () => {
    const text = JSON.stringify({ kind: "ReleaseTrust", formatVersion: 1, sbom: {} });
    expect(parseReleaseTrust("trust.json", text)).toMatchObject({ sbom: {}, signature: [] });
  });

  it("says where it is wrong: a misspelt key, a producer that is not there, another document", () => {
    const head = "kind: ReleaseTrust\nformatVersion: 1\n";
    expect(problems(`${head}signatur: []\n`)[0]).toMatch(/^trust\.yaml:3:1 .*signatur/);
    expect(problems(`${head}signature:\n  - by: [ci]\n`)[0]).toMatch(
      /^trust\.yaml:4:\d+ .*ci is not among the producers \(there is none\)/,
    );
    expect(problems("kind: Pipeline\n")).not.toEqual([]);
    expect(problems("")).toEqual(["trust.yaml:1:1 one document is expected"]);
    expect(problems(`${head}---\n${head}`)).toEqual(["trust.yaml:1:1 one document is expected"]);
  });
});
