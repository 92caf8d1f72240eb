// A process of `npm run mutate`: `node worker.ts <tree>`, one mutant a line on standard input, one answer a line.
import { readFileSync, writeFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { createVitest } from "vitest/node";
import { apply, type Mutant } from "./mutants.ts";

/** A mutant, and the tests that ought to notice it: the quick ones first, the others only when these did not. */
export interface Job {
  readonly mutant: Mutant;
  readonly tests: readonly (readonly string[])[];
}

const tree = process.argv[2] ?? "";
process.chdir(tree);
const vitest = await createVitest("test", {
  watch: true,
  root: tree,
  reporters: [{}],
  bail: 1,
  maxWorkers: 1,
  pool: "threads",
  // A mutant may well never end.
  testTimeout: 20_000,
});
await vitest.standalone();
process.stdout.write("ready\n");

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await outcomeOf(JSON.parse(line) as Job))}\n`);
}
await vitest.close();

async function outcomeOf({ mutant, tests }: Job): Promise<string> {
  const path = join(tree, mutant.file);
  const source = readFileSync(path, "utf8");
  const changed = apply(source, mutant);
  try {
    stripTypeScriptTypes(changed);
  } catch {
    return "no program";
  }
  writeFileSync(path, changed);
  try {
    vitest.invalidateFile(path);
    for (const group of tests) if (!(await pass(group))) return "killed";
    return "survived";
  } finally {
    writeFileSync(path, source);
    vitest.invalidateFile(path);
  }
}

async function pass(tests: readonly string[]): Promise<boolean> {
  const specifications = await vitest.globTestSpecifications(tests.map((one) => join(tree, one)));
  if (specifications.length < tests.length) throw new Error(`no tests in ${tests.join(", ")}`);
  const { testModules, unhandledErrors } = await vitest.runTestSpecifications(specifications);
  return testModules.every((one) => one.ok()) && unhandledErrors.length === 0;
}
