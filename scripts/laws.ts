import { holdGateLaws } from "../test/laws/gate-laws.ts";

/**
 * `npm run laws [-- <cases> <seed>]`: puts that many random cases (default 100,000) to the laws of gates
 * (test/laws/gate-laws.ts) and says how often each class of evidence was met. Ends with 1 when a law is broken or fewer
 * than a fifth of the cases are allowed, so that the laws were hardly put to the test.
 */
const [cases = 100_000, seed = Date.now() % 1_000_000] = process.argv.slice(2).map(Number);
if (![cases, seed].every((one) => Number.isSafeInteger(one) && one >= 0) || cases === 0) {
  console.error("usage: npm run laws [-- <cases> <seed>]");
  process.exit(2);
}

const began = performance.now();
const counts = holdGateLaws(cases, seed);
for (const [name, times] of counts) console.log(`${String(times).padStart(8)}  ${name}`);
const share = (counts.get("outcome allow") ?? 0) / cases;
const seconds = Math.round((performance.now() - began) / 1_000);
const unmet = [...counts].filter(([, times]) => times === 0).map(([name]) => name);
console.log(
  `${cases} cases, seed ${seed}, ${seconds} s: every law held; ${Math.round(share * 100)} % were allowed` +
    (unmet.length === 0 ? "" : `; never met: ${unmet.join(", ")}`),
);
process.exitCode = share >= 0.2 && unmet.length === 0 ? 0 : 1;
