import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { root } from "../scripts/test/run-step.ts";
import { GateFacts } from "../src/model/gate-facts.ts";
import { compiledOrProblem, evaluate } from "../src/policy/cel/evaluate.ts";
import { RuleProblem } from "../src/policy/cel/problem.ts";
import { sampleFacts } from "../src/policy/cel/sample-facts.ts";

const page = readFileSync(join(root, "docs/gates.md"), "utf8");
const block = /```cel\n([^`]+)```/.exec(page)?.[1] ?? "";
const examples = block
  .split("\n\n")
  .map((part) => part.replace(/^\/\/.*$/gm, "").trim())
  .filter((text) => text !== "");

it("shows at least ten examples of rules", () => {
  expect(examples.length).toBeGreaterThanOrEqual(10);
});

it.each(examples)("%s is a rule, and answers", (example) => {
  const compiled = compiledOrProblem(example);
  expect(compiled instanceof RuleProblem ? compiled.message : null).toBeNull();
  expect(evaluate(example, sampleFacts()).holds).toEqual(expect.any(Boolean));
});

it("its sample facts are facts", () => {
  expect(GateFacts.parse(sampleFacts())).toEqual(sampleFacts());
});
