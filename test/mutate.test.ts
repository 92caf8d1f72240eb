import { readFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { equivalents } from "../scripts/mutate/equivalents.ts";
import { apply, mutantsOf } from "../scripts/mutate/mutants.ts";
import { root } from "../scripts/test/run-step.ts";

const long = process.env["TIDELOCK_TEST_LONG"] === "1";
const read = (file: string): string => readFileSync(join(root, file), "utf8");

describe("mutants", () => {
  it("change one operator, constant, condition or method each, and leave types and imports alone", () => {
    const source = [
      'import type { A } from "./a.ts";',
      'const kinds: readonly ("x" | "y")[] = ["x"];',
      "export const f = (a: number, b: A) => (a < 1 && !kinds.some((k) => k === b) ? `t${a}` : 0);",
    ].join("\n");
    const changed = mutantsOf("f.ts", source).map((one) => `${one.was} -> ${one.becomes}`);
    expect(changed.sort()).toEqual(
      [
        '"x" -> "mutated"',
        "a < 1 && !kinds.some((k) => k === b) -> true",
        "a < 1 && !kinds.some((k) => k === b) -> false",
        "&& -> ||",
        "< -> <=",
        "< -> >=",
        "1 -> 2",
        "! -> ",
        "some -> every",
        "=== -> !==",
        "t -> mutated",
        "0 -> 1",
      ].sort(),
    );
  });

  it("of a real file each differ from it", () => {
    const source = read("src/policy/gate.ts");
    const mutants = mutantsOf("src/policy/gate.ts", source);
    expect(mutants.length).toBeGreaterThan(20);
    for (const mutant of mutants) expect(apply(source, mutant)).not.toBe(source);
  });

  it("that are said to be equivalent are mutants of the code as it is", () => {
    for (const { file, line, was, becomes, times = 1 } of equivalents) {
      const source = read(file);
      const lines = source.split("\n");
      const found = mutantsOf(file, source).filter(
        (one) => one.was === was && one.becomes === becomes && lines[one.line - 1]?.includes(line),
      );
      expect(found, `${file}: ${line}`).toHaveLength(times);
    }
  });

  if (!long)
    console.warn("mutate: the tests are put to no mutant; with TIDELOCK_TEST_LONG=1 to some");
  it.skipIf(!long)(
    "of the grades are all noticed",
    () => {
      const { status, stdout } = spawnSync(
        "npm",
        ["run", "-s", "mutate", "--", "src/policy/grades.ts"],
        {
          cwd: root,
          encoding: "utf8",
          timeout: 1_500_000,
        },
      );
      expect(status, stdout).toBe(0);
    },
    1_600_000,
  );
});
