import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { factRows, factsPage, gatesFile, wordsTooMany } from "../scripts/gate-facts.ts";
import { root } from "../scripts/test/run-step.ts";

const page = readFileSync(join(root, gatesFile), "utf8");

it("shows every fact that a rule may read as the schema has it (node scripts/gate-facts.ts)", () => {
  expect(factsPage(page)).toBe(page);
});

it("has words for each, and for nothing else", () => {
  const rows = factRows();
  expect(rows.length).toBeGreaterThan(50);
  expect(rows.filter(({ words }) => words === undefined).map(({ path }) => path)).toEqual([]);
  expect(wordsTooMany()).toEqual([]);
});
