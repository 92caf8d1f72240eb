/**
 * `npm run bench -- <name> [arguments]`: prints a table for people and, last, one JSON object for programs:
 * `{"bench", "figures", "machine"}`. Its keys are a contract (DESIGN); goals stand beside the claims in the README.
 */
import { type BenchResult, machine, printTable, versionOf } from "./lib/report.ts";

type Bench = (argv: readonly string[]) => Promise<BenchResult>;

const benches: Readonly<Record<string, () => Promise<Bench>>> = {
  auth: async () => (await import("./auth.ts")).authBench,
  checks: async () => (await import("./checks.ts")).checksBench,
  cli: async () => (await import("./cli.ts")).cliBench,
  dast: async () => (await import("./dast.ts")).dastBench,
  findings: async () => (await import("./findings.ts")).findingsBench,
  "findings-metrics": async () => (await import("./findings-metrics.ts")).findingsMetricsBench,
  fuzz: async () => (await import("./fuzz.ts")).fuzzBench,
  gate: async () => (await import("./gate.ts")).gateBench,
  intake: async () => (await import("./intake.ts")).intakeResult,
  ledger: async () => (await import("./ledger.ts")).ledgerBench,
  reading: async () => (await import("./reading.ts")).readingBench,
  rollback: async () => (await import("./rollback.ts")).rollbackBench,
  router: async () => (await import("./router.ts")).routerBench,
  switch: async () => (await import("./switch.ts")).switchBench,
};

async function main(): Promise<number> {
  const [name = "", ...argv] = process.argv.slice(2);
  const find = Object.hasOwn(benches, name) ? benches[name] : undefined;
  if (!find) {
    console.error(`usage: npm run bench -- <${Object.keys(benches).join(" | ")}> [arguments]`);
    return 2;
  }
  const bench = await find();
  const result = await bench(argv);
  printTable(result.table);
  for (const note of result.notes) console.log(note);
  const haproxy = versionOf("haproxy", "-v");
  const about = machine(haproxy ? { haproxy } : {});
  console.log(JSON.stringify({ bench: name, figures: result.figures, machine: about }));
  return result.ok ? 0 : 1;
}

process.exitCode = await main();
