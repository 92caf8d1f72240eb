// `npm run mutate`: changes the policy's code in small ways, one at a time, and shows which change no test notices.
//
//   npm run mutate                        the evaluator (see `evaluator` below)
//   npm run mutate -- <file>[:from-to]... these only, for example src/policy/gate.ts or src/policy/gate.ts:40-60
//   npm run mutate -- --every 10          every tenth only
//   npm run mutate -- --again             also what tests noticed before (coverage/mutants.json keeps it)
//   npm run mutate -- --workers 2         in two processes
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { removeCopies } from "./break-it/copy-tree.ts";
import { equivalents } from "./mutate/equivalents.ts";
import { evaluator } from "./mutate/evaluator.ts";
import { allImportsOf } from "./mutate/imports.ts";
import { Kept } from "./mutate/kept.ts";
import { type Mutant, mutantsOf } from "./mutate/mutants.ts";
import { refusedByTypes } from "./mutate/refused-by-types.ts";
import { Trier } from "./mutate/try-one.ts";
import { root } from "./test/run-step.ts";

type Counts = Record<string, number>;

const leftOut = new Set([
  // Laws over thousands of cases and decisions that are made again take seconds for each mutant, and notice by chance
  // what a test ought to demand by name: without them more is asked of the others.
  "src/policy/replay.test.ts",
  "test/laws/gate-laws.test.ts",
  // Puts ten thousand past decisions to another policy, and compares what the code says with what it says.
  "src/policy/under.test.ts",
  // Starts databases and servers.
  "test/laws/peer-bypasses.test.ts",
]);

const tests = [
  ...readdirSync(join(root, "src/policy"), { recursive: true, encoding: "utf8" }).map(
    (name) => `src/policy/${name}`,
  ),
  ...readdirSync(join(root, "test/laws")).map((name) => `test/laws/${name}`),
].filter((name) => name.endsWith(".test.ts") && !leftOut.has(name));

/** A test that needs more files than these starts an engine, and loads it anew for each mutant. */
const most = 200;

/** What ought to notice a change of a file: the tests beside it, then those of what is built on it. */
function testsOf(file: string): readonly string[] {
  const beside = file.replace(/\.ts$/, ".test.ts");
  const rank = (test: string): number => {
    // Who needs less is nearer.
    return test === beside ? 0 : allImportsOf(test).size;
  };
  return tests
    .filter((test) => allImportsOf(test).has(file) && allImportsOf(test).size <= most)
    .toSorted((a, b) => rank(a) - rank(b));
}

/** `src/policy/gate.ts:40-60` */
function mutantsOfPlace(place: string): readonly Mutant[] {
  const [file = "", lines] = place.split(":");
  const [from = 1, to = from] = (lines ?? "1-1000000").split("-").map(Number);
  return mutantsOf(file, readFileSync(join(root, file), "utf8")).filter(
    ({ line }) => line >= from && line <= to,
  );
}

async function passAsItIs(trier: Trier, file: string): Promise<readonly string[]> {
  const wanted = testsOf(file);
  if (wanted.length === 0) throw new Error(`no test runs ${file}`);
  const { outcome, by, message } = await trier.attempt({ mutant: null, tests: wanted });
  if (outcome === "survived") return wanted;
  throw new Error(`${by ?? "a test"} fails without any mutant: ${message ?? outcome}`);
}

/** Gives back those that no test noticed. */
async function tryAll(
  trier: Trier,
  mutants: readonly Mutant[],
  kept: Kept,
  counts: Counts,
): Promise<readonly Mutant[]> {
  const survivors: Mutant[] = [];
  let noticed = 0;
  const left = mutants.filter((mutant) => {
    const outcome = kept.get(mutant);
    if (outcome !== undefined) count(counts, outcome);
    return outcome === undefined;
  });
  const wanted = left[0] === undefined ? [] : await passAsItIs(trier, left[0].file);
  for (const mutant of left) {
    let { outcome } = await trier.attempt({ mutant, tests: wanted });
    // A machine that is busy is no mutant that never ends.
    if (outcome === "never ended") ({ outcome } = await trier.attempt({ mutant, tests: wanted }));
    if (outcome === "survived") survivors.push(mutant);
    else {
      count(counts, outcome);
      kept.set(mutant, outcome);
      // Whoever interrupts a run finds again what it has found.
      if (noticed++ % 25 === 0) kept.write();
    }
  }
  return survivors;
}

function count(counts: Counts, name: string): void {
  counts[name] = (counts[name] ?? 0) + 1;
}

/** Prints what survived of one file, and gives back how many did. */
async function report(place: string, every: number, kept: Kept, trier: Trier): Promise<Counts> {
  const began = Date.now();
  const mutants = mutantsOfPlace(place).filter((_, index) => index % every === 0);
  const counts: Counts = { mutants: mutants.length };
  const unnoticed = await tryAll(trier, mutants, kept, counts);
  const open = unnoticed.filter((mutant) => {
    const known = equivalent(mutant) !== null;
    if (known) count(counts, "equivalent");
    return !known;
  });
  const refused = refusedByTypes(open);
  for (const mutant of open) {
    count(counts, refused.has(mutant) ? "refused by types" : "survived");
    if (refused.has(mutant)) {
      kept.set(mutant, "refused by types");
      continue;
    }
    const { file, line, was, becomes } = mutant;
    console.log(`${file}:${line}: \`${was}\` -> \`${becomes}\` survived`);
  }
  kept.write();
  const seconds = Math.round((Date.now() - began) / 1_000);
  console.log(`${place}: ${JSON.stringify(counts)} in ${seconds} s`);
  return counts;
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: {
      every: { type: "string", default: "1" },
      again: { type: "boolean", default: false },
      workers: { type: "string", default: "1" },
    },
    allowPositionals: true,
  });
  const places = positionals.length > 0 ? [...positionals] : [...evaluator];
  const every = Math.max(1, Number(values.every));
  const kept = new Kept(!values.again);
  const total: Counts = {};
  const work = async (): Promise<void> => {
    const trier = new Trier();
    try {
      for (let place = places.shift(); place !== undefined; place = places.shift()) {
        const counts = await report(place, every, kept, trier);
        for (const [name, many] of Object.entries(counts)) total[name] = (total[name] ?? 0) + many;
      }
    } finally {
      await trier.end();
    }
  };
  await Promise.all(Array.from({ length: Number(values.workers) }, work));
  console.log(`all: ${JSON.stringify(total)}`);
  return total["survived"] === undefined ? 0 : 1;
}

/** Why it is none that anything could notice, or null. */
function equivalent({ file, line, was, becomes }: Mutant): string | null {
  const text = readFileSync(join(root, file), "utf8").split("\n")[line - 1]?.trim() ?? "";
  const found = equivalents.find(
    (one) =>
      one.file === file && text.includes(one.line) && one.was === was && one.becomes === becomes,
  );
  return found?.why ?? null;
}

process.on("SIGINT", () => {
  removeCopies();
  process.exit(130);
});
process.exitCode = await main();
