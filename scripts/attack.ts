import { runRandomChanges } from "../test/attacks/run-random-changes.ts";

/**
 * `npm run attack [count] [seed]`: changes one genuine, witnessed audit pack `count` times (10,000), each
 * time in one random place, and counts how many changes the verifier finds. Ends with 1 when one was missed.
 */
const count = Number(process.argv[2] ?? 10_000);
const seed = Number(process.argv[3] ?? Date.now() % 2 ** 32);
const { tried, found, missed, seconds } = await runRandomChanges(count, seed);
process.stdout.write(
  `${found} of ${tried} changes found in ${seconds.toFixed(1)} s (seed ${seed})\n`,
);
for (const what of missed.slice(0, 20)) process.stdout.write(`missed: ${what}\n`);
process.exitCode = missed.length === 0 ? 0 : 1;
