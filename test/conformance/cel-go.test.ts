import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { root } from "../../scripts/test/run-step.ts";
import type { GateFacts } from "../../src/model/gate-facts.ts";
import { compiledOrProblem, evaluate } from "../../src/policy/cel/evaluate.ts";
import { factTypes } from "../../src/policy/cel/fact-types.ts";
import { RuleProblem } from "../../src/policy/cel/problem.ts";
import { sampleFacts } from "../../src/policy/cel/sample-facts.ts";
import { type CelType, strip } from "../../src/policy/cel/types.ts";
import { findProgram, needs } from "../support/optional.ts";
import { anyFacts, expression } from "../support/rule-expressions.ts";

/** Google's cel-go, of those who wrote the language, answers the same rules over the same facts. */
const folder = mkdtempSync(join(tmpdir(), "tidelock-cel-go-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const go = findProgram("go") ?? findProgram("/usr/local/go/bin/go");
const program = go === null ? null : build(go);
const tool = needs(
  program !== null,
  go === null
    ? "go is not installed (apt-get install golang-go)"
    : "Go or its module github.com/google/cel-go v0.29.2 cannot be used here; with TIDELOCK_TEST_INSTALL=1 it is downloaded",
);

/** From modules that are there already, unless downloading was asked for. */
function build(compiler: string): string | null {
  const source = join(folder, "source");
  cpSync(join(import.meta.dirname, "cel-go"), source, { recursive: true });
  const download = process.env["TIDELOCK_TEST_INSTALL"] === "1" ? {} : { GOPROXY: "off" };
  const env = { ...process.env, ...download, GOTOOLCHAIN: "local" };
  const output = join(folder, "cel-agrees");
  const args = ["build", "-mod=readonly", "-buildvcs=false", "-o", output, "."];
  return spawnSync(compiler, args, { cwd: source, env, timeout: 240_000 }).status === 0
    ? output
    : null;
}

const page = readFileSync(join(root, "docs/gates.md"), "utf8");
const examples = (/```cel\n([^`]+)```/.exec(page)?.[1] ?? "")
  .split("\n\n")
  .map((part) => part.replace(/^\/\/.*$/gm, "").trim());

describe.skipIf(tool.missing)("cel-go", () => {
  it("answers every rule of the page, and random ones over random facts, as we do", () => {
    const many = process.env["TIDELOCK_TEST_LONG"] === "1" ? 4_000 : 400;
    const random = fc.sample(expression, { seed: 20_261_122, numRuns: many });
    const expressions = [...new Set([...examples, ...random])].filter(
      (text) => !(compiledOrProblem(text) instanceof RuleProblem),
    );
    const facts = [sampleFacts(), ...fc.sample(anyFacts, { seed: 20_261_122, numRuns: 40 })];
    const answers = JSON.parse(
      execFileSync(program ?? "", {
        input: JSON.stringify({
          names: [...factTypes.keys()],
          expressions,
          facts: facts.map(tagged),
        }),
        encoding: "utf8",
        maxBuffer: 256e6,
      }),
    ) as readonly (readonly string[])[];
    const seen = { true: 0, false: 0, error: 0 };
    const differing: string[] = [];
    for (const [at, text] of expressions.entries()) {
      for (const [index, given] of facts.entries()) {
        const { holds, unknown } = evaluate(text, given);
        const ours = unknown !== null ? "error" : holds ? "true" : "false";
        const theirs = answers[at]?.[index];
        if (theirs !== ours) differing.push(`${text}: ${ours} here, ${theirs} there`);
        else seen[ours] += 1;
      }
    }
    expect(differing.slice(0, 10)).toEqual([]);
    const all = seen.true + seen.false + seen.error;
    expect(expressions.length).toBeGreaterThan(many * 0.4);
    expect(Math.min(seen.true, seen.false, seen.error)).toBeGreaterThan(all * 0.02);
  }, 240_000);
});

/** Facts as JSON in which an instant is told from a text. */
function tagged(facts: GateFacts): unknown {
  const values = Object.entries(facts) as [string, unknown][];
  return Object.fromEntries(
    values.map(([name, value]) => [name, tag(value, factTypes.get(name) ?? { kind: "null" })]),
  );
}

function tag(value: unknown, declared: CelType): unknown {
  if (value === null || value === undefined) return null;
  const type = strip(declared);
  switch (type.kind) {
    case "timestamp":
      return { $timestamp: value };
    case "list":
      return (value as readonly unknown[]).map((item) => tag(item, type.of));
    case "map":
      return Object.fromEntries(
        Object.entries(value as object).map(([key, one]) => [key, tag(one, type.of)]),
      );
    case "object":
      return Object.fromEntries(
        [...type.fields].map(([name, field]) => [
          name,
          tag((value as Readonly<Record<string, unknown>>)[name], field),
        ]),
      );
    default:
      return value;
  }
}
