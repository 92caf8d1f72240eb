import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readText } from "../../reading/read-text.ts";
import { hdf } from "./index.ts";

const samples = `${import.meta.dirname}/../../../../test/fixtures/findings/hdf`;
const read = (file: string) => readText(hdf, readFileSync(`${samples}/${file}`, "utf8"));
const control = (id: string, statuses: readonly string[], more: object = {}) => ({
  id,
  title: `control ${id}`,
  impact: 0.7,
  tags: {},
  results: statuses.map((status) => ({ status, code_desc: "x" })),
  ...more,
});
const report = (...profiles: readonly object[]) =>
  readText(
    hdf,
    JSON.stringify({ platform: { name: "ubuntu" }, version: "4", statistics: {}, profiles }),
  );

describe("Heimdall Data Format", () => {
  it.each([
    ["71859-71861-71863.json", 3],
    ["aws-s3-baseline.json", 2],
    ["sonarqube_java_sample.json", 3],
  ])("finds in %s as many failed controls as its publishers", (file, expected) => {
    expect(read(file).observations).toHaveLength(expected);
  });

  it("counts a control once that an overlay lays over another, with the overlay's impact", () => {
    const found = report(
      { name: "overlay", controls: [control("a", [], { impact: 0.9 })] },
      { name: "base", parent_profile: "overlay", controls: [control("a", ["failed", "passed"])] },
    );
    expect(found).toMatchObject({
      complete: true,
      subject: "ubuntu, overlay",
      observations: [{ rule: "a", severity: "critical", kind: "host" }],
    });
  });

  it("takes controls that broke or were not reviewed as not looked at, and those without impact as none", () => {
    expect(
      report({
        name: "p",
        controls: [
          control("a", ["error"]),
          control("b", ["skipped"]),
          control("c", ["passed"]),
          control("d", ["failed"], { impact: 0 }),
          control("e", ["failed"], { waived_data: { justification: "later", run: true } }),
        ],
      }),
    ).toMatchObject({
      complete: false,
      missing: expect.stringMatching(/1 control broke.*: a; 1 control was not reviewed.*: b/),
      observations: [{ rule: "e", suppressed: true }],
    });
  });

  it("is not complete when a profile was not run", () => {
    const profile = { name: "p", controls: [control("a", ["passed"])] };
    const skipped = { name: "win", status: "skipped", status_message: "other os", controls: [] };
    expect(report(profile, skipped)).toMatchObject({
      complete: false,
      missing: "1 profile was not run, the first: win: other os",
    });
  });

  it("recognises a platform with profiles of controls", () => {
    const of = (value: unknown) => hdf.recognise({ syntax: "json", value });
    expect(of({ platform: { name: "x" }, profiles: [{ controls: [] }] })).toBe(true);
    expect(of({ platform: { name: "x" }, profiles: [{}] })).toBe(false);
    expect(of({ profiles: [] })).toBe(false);
  });
});
