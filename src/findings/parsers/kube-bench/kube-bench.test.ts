import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readText } from "../../reading/read-text.ts";
import { kubeBench, kubeBenchLines } from "./index.ts";

const samples = `${import.meta.dirname}/../../../../test/fixtures/findings/kube-bench`;
const read = (file: string) => readText(kubeBench, readFileSync(`${samples}/${file}`, "utf8"));

const group = (node_type: string, results: readonly object[]) => ({
  id: "4",
  version: "1.5",
  node_type,
  tests: [{ section: "4.1", results }],
});
const result = (status: string, more: object = {}) => ({
  test_number: "4.1.1",
  test_desc: "Ensure a thing",
  status,
  scored: true,
  ...more,
});

describe("kube-bench", () => {
  it.each([
    ["kube-bench-report-many-vuln.json", 4],
    ["kube-bench-report-zero-vuln.json", 0],
  ])("finds in %s as many as its publishers' own test", (file, expected) => {
    expect(read(file).observations).toHaveLength(expected);
  });

  it("is not complete where its groups count more than they show", () => {
    const { complete, missing } = read("controlsCollection.json");
    expect({ complete, missing }).toEqual({
      complete: false,
      missing: "it counts 26 checks that did not pass, and shows 1",
    });
  });

  it("reads an object with Controls, a bare list, one group, and several documents alike", () => {
    const groups = [group("master", [result("FAIL")]), group("node", [result("FAIL")])];
    const object = readText(kubeBench, JSON.stringify({ Controls: groups, Totals: {} }, null, 2));
    const lines = groups.map((one) => JSON.stringify({ Controls: [one] })).join("\n");
    expect(object.observations.map(({ place }) => place)).toEqual([
      { kind: "resource", name: "master" },
      { kind: "resource", name: "node" },
    ]);
    expect(object.subject).toBe("master, node");
    expect(readText(kubeBench, JSON.stringify(groups))).toEqual(object);
    expect(readText(kubeBench, JSON.stringify(groups[1])).observations).toEqual(
      object.observations.slice(1),
    );
    expect(readText(kubeBenchLines, lines)).toEqual(object);
    expect(readText(kubeBenchLines, groups.map((one) => JSON.stringify(one)).join("\n"))).toEqual(
      object,
    );
  });

  it("leaves manual checks out, counts what warns as information, and says what it could not run", () => {
    const report = readText(
      kubeBench,
      JSON.stringify([
        group("node", [
          result("WARN", { type: "manual", reason: "Test marked as a manual test" }),
          result("WARN", { reason: "failed to run: cat x" }),
          result("INFO", { type: "skip" }),
          result("PASS"),
          result("SOMETHING"),
        ]),
      ]),
    );
    expect(report.observations.map(({ severity }) => severity)).toEqual(["info", "critical"]);
    expect(report).toMatchObject({
      complete: false,
      exercised: { assertions: 3 },
      missing: expect.stringMatching(/1 check could not be carried out.*1 check was skipped/),
    });
  });

  it("recognises its own and nothing else", () => {
    expect(kubeBench.recognise({ syntax: "json", value: { Controls: [] } })).toBe(false);
    expect(kubeBench.recognise({ syntax: "json", value: [group("node", [])] })).toBe(true);
    expect(kubeBench.recognise({ syntax: "json", value: [] })).toBe(false);
    const values = [group("node", [])];
    expect(kubeBenchLines.recognise({ syntax: "lines", values })).toBe(false);
    expect(kubeBenchLines.recognise({ syntax: "lines", values: [...values, ...values] })).toBe(
      true,
    );
  });
});
