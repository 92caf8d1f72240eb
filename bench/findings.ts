import { EventEmitter } from "node:events";
import { join } from "node:path";
import { createReadStream, mkdtempSync, rmSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { sql } from "kysely";
import { defaultSettings, type Engine } from "../src/engine/engine.ts";
import { makeFindingControl } from "../src/engine/findings/control.ts";
import { manyFindings } from "../test/support/many-findings.ts";
import { type LedgerStore, openLedgerStore } from "./lib/ledger/store.ts";
import { sarifReport } from "./lib/findings/report.ts";
import { timeMetrics } from "./findings-metrics.ts";
import { PeakMemory } from "./lib/findings/peak-memory.ts";
import { type BenchResult, round } from "./lib/report.ts";

const goals = { findingsPerSecond: 10_000, peakMb: 500, metricsMs: 200 };
/** Of the second report: moved to another line, moved to another file, new. The rest is as before. */
const changes = { lines: 0.5, files: 0.05, fresh: 0.05 };

/**
 * A report of 100,000 SARIF results is taken in by a store that knows 100,000 findings, the way that a server takes
 * it: file, thread, staging, reconciling, rows, ledger. Memory is this process's, its thread included. Beside it the bare
 * insert of the same observations, and the metrics over 1,000,000 observations.
 *
 * Arguments: results (default 100,000), observations for the metrics (default 1,000,000; 0 leaves them out). The metrics
 * here are over the findings of the import as well; `findings-metrics` measures them alone.
 */
export async function findingsBench(argv: readonly string[]): Promise<BenchResult> {
  const [results = 100_000, observations = 1_000_000] = argv.map(Number);
  const store = await openLedgerStore();
  const spool = mkdtempSync("/var/tmp/tidelock-bench-spool-");
  try {
    const engine = benchEngine(store, spool);
    const { db } = engine;
    await sql`
      insert into releases (id, service, version, content, created_by)
      values (${`sha256:${"a".repeat(64)}`}, 'shop', '1.0.0', '{}', 'bench')`.execute(db);
    const memory = new PeakMemory();
    const first = await importTimed(engine, spool, sarifReport(results, null));
    const second = await importTimed(engine, spool, sarifReport(results, changes));
    const peakMb = memory.end();
    const bare = await bareInsert(engine, second.id);
    let metricsMs: number | null = null;
    if (observations > 0) {
      await manyFindings(db, { findings: results, observations });
      ({ metricsMs } = await timeMetrics(db));
    }
    const findingsPerSecond = round(results / second.seconds, 0);
    const figures = {
      findingsPerSecond,
      newFindingsPerSecond: round(results / first.seconds, 0),
      peakMb: round(peakMb, 0),
      metricsMs,
      bareInsertsPerSecond: round(results / bare, 0),
      results,
    };
    return {
      figures,
      table: [
        ["findings", "measured", "goal"],
        ["results a second, all known or moved but 5 %", String(findingsPerSecond), `>= ${goals.findingsPerSecond}`], // prettier-ignore
        ["results a second, all new", String(figures.newFindingsPerSecond), ""],
        ["the same observations by one bare insert, a second", String(figures.bareInsertsPerSecond), ""], // prettier-ignore
        ["memory of the process at its highest, MB", String(figures.peakMb), `< ${goals.peakMb}`],
        [`metrics over ${observations} observations, ms`, String(metricsMs ?? "-"), `< ${goals.metricsMs}`], // prettier-ignore
      ],
      notes: [
        `seconds, new: ${spans(first.marks)}`,
        `seconds, known: ${spans(second.marks)}`,
        `the second report: ${second.opened} opened, ${second.matched} matched, ${second.unseen} not seen any more`,
      ],
      ok:
        findingsPerSecond >= goals.findingsPerSecond &&
        peakMb < goals.peakMb &&
        (metricsMs === null || metricsMs < goals.metricsMs),
    };
  } finally {
    await store.close();
    rmSync(spool, { recursive: true, force: true });
  }
}

const marks: [string, number][] = [];

/** As much of a server as taking reports in needs. */
function benchEngine(store: LedgerStore, spool: string): Engine {
  const engine: Partial<Engine> = {
    db: store.database.db,
    log: store.log,
    spool: join(spool, "reports"),
    settings: defaultSettings,
    signals: new EventEmitter() as Engine["signals"],
    hooks: {
      reach: async (point) => {
        marks.push([point.replace("import:", ""), performance.now()]);
      },
    },
    notice: (message) => console.error(message),
  };
  return engine as Engine;
}

/** The report is made before the clock runs, into a file, and comes from there as it comes from a socket. */
async function importTimed(engine: Engine, folder: string, report: AsyncIterable<Uint8Array>) {
  const sent = join(folder, "sent.json");
  await writeFile(sent, report);
  marks.length = 0;
  const began = performance.now();
  const bytes = createReadStream(sent, { highWaterMark: 256 * 1024 });
  const view = await makeFindingControl(engine).importReport({ id: "bench" }, "shop", {}, bytes);
  const seconds = (performance.now() - began) / 1_000;
  return { ...view, seconds, marks: [["begun", began] as [string, number], ...marks] };
}

function spans(of: readonly (readonly [string, number])[]): string {
  return of
    .slice(1)
    .map(([name, at], index) => `${name} ${round((at - (of[index]?.[1] ?? at)) / 1_000)}`)
    .join(", ");
}

/** Seconds: what the disk and the database alone need for the rows of one import. */
async function bareInsert({ db }: Engine, id: string): Promise<number> {
  await sql`create table bare (like observations including all)`.execute(db);
  const began = performance.now();
  await sql`insert into bare select * from observations where import = ${id}`.execute(db);
  const seconds = (performance.now() - began) / 1_000;
  await sql`drop table bare`.execute(db);
  return seconds;
}
