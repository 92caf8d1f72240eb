import { findingMetrics } from "../src/engine/findings/metrics.ts";
import { listFindings, liveImports } from "../src/store/queries/findings-list.ts";
import { keepLive } from "../src/store/queries/findings-live-in.ts";
import { tidyFindings } from "../src/store/queries/findings-tidy.ts";
import type { Db } from "../src/store/schema.ts";
import { manyFindings } from "../test/support/many-findings.ts";
import { openLedgerStore } from "./lib/ledger/store.ts";
import { type BenchResult, median, round } from "./lib/report.ts";

const goals = { metricsMs: 200, listEnvironmentMs: 100 };
const runs = 15;

/**
 * The numbers about findings, and the list of what is live in one environment, over a store that nothing else was done
 * to. Arguments: findings (default 100,000), observations (default 1,000,000).
 */
export async function findingsMetricsBench(argv: readonly string[]): Promise<BenchResult> {
  const [findings = 100_000, observations = 1_000_000] = argv.map(Number);
  const store = await openLedgerStore();
  try {
    const { db } = store.database;
    await manyFindings(db, { findings, observations });
    for (const service of [0, 1, 2]) await keepLive(db, `service-${service}`, liveImports);
    const { metricsMs, slowestMs } = await timeMetrics(db);
    const oneServiceMs = median(
      await timed(() => findingMetrics(db, { days: 90, service: "service-1" })),
    );
    const listEnvironmentMs = median(
      await timed(() =>
        listFindings(db, { environment: "production" }, { limit: 50, after: null }),
      ),
    );
    const figures = {
      metricsMs,
      slowestMs,
      oneServiceMs: round(oneServiceMs, 0),
      listEnvironmentMs: round(listEnvironmentMs, 0),
      findings,
      observations,
    };
    return {
      figures,
      table: [
        [`${findings} findings, ${observations} observations`, "median, ms", "goal"],
        ["metrics of everything", String(metricsMs), `< ${goals.metricsMs}`],
        ["the slowest of them", String(slowestMs), ""],
        ["metrics of one service", String(figures.oneServiceMs), ""],
        ["the list of one environment, first page and total", String(figures.listEnvironmentMs), `< ${goals.listEnvironmentMs}`], // prettier-ignore
      ],
      notes: [`${runs} times each, after what a server does when an import is over`],
      ok: metricsMs < goals.metricsMs && listEnvironmentMs < goals.listEnvironmentMs,
    };
  } finally {
    await store.close();
  }
}

/** Cleans the table as a server does after an import; then the metrics of everything. */
export async function timeMetrics(
  db: Db,
): Promise<{ readonly metricsMs: number; readonly slowestMs: number }> {
  await tidyFindings(db);
  const times = await timed(() => findingMetrics(db, { days: 90 }));
  return { metricsMs: round(median(times), 0), slowestMs: round(Math.max(...times), 0) };
}

async function timed(work: () => Promise<unknown>): Promise<number[]> {
  const times: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    const began = performance.now();
    await work();
    times.push(performance.now() - began);
  }
  return times;
}
