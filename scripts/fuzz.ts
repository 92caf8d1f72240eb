import { caseOf, hold, seedsOf } from "../test/support/fuzz-reports.ts";

/**
 * `npm run fuzz [-- <seconds> <seed> [<number>]]`: changes real reports of every format in ways that a seed decides and
 * holds the law of readers against each (test/support/fuzz-reports.ts). With a number only that case, which it names
 * when one fails.
 */
const [seconds = 60, seed = Date.now() % 1_000_000, only] = process.argv.slice(2).map(Number);
if (![seconds, seed, only ?? 0].every(Number.isSafeInteger)) {
  console.error("usage: npm run fuzz [-- <seconds> <seed> [<number>]]");
  process.exit(2);
}

const seeds = seedsOf(100_000);
const until = only === undefined ? Date.now() + seconds * 1_000 : 0;
const failed = new Map<string, number>();
let number = only ?? 0;
do {
  const one = caseOf(seeds, seed, number);
  try {
    await hold(one);
  } catch (error) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    const kind = `${one.format.id}: ${text.split("\n").slice(0, 2).join(" ").slice(0, 200)}`;
    if (!failed.has(kind))
      console.error(
        `npm run fuzz -- 0 ${seed} ${number}\n${one.format.id}: ${text.slice(0, 3_000)}\n`,
      );
    failed.set(kind, (failed.get(kind) ?? 0) + 1);
  }
  number += 1;
} while (Date.now() < until);

console.log(
  `${number - (only ?? 0)} reports of ${seeds.size} formats, seed ${seed}: ${failed.size === 0 ? "the law held" : `it was broken in ${failed.size} ways`}`,
);
process.exitCode = failed.size === 0 ? 0 : 1;
