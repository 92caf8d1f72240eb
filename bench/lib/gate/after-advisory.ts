import { EventEmitter } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { sql } from "kysely";
import { advisories } from "../../../src/checks/advisories/index.ts";
import { reevaluate } from "../../../src/engine/contradictions/reevaluate.ts";
import { defaultSettings, type Engine } from "../../../src/engine/engine.ts";
import { importAdvisories } from "../../../src/intake/advisories/import-advisories.ts";
import { layout } from "../../../src/model/layout.ts";
import { replay } from "../../../src/policy/replay.ts";
import type { AgentInfo } from "../../../src/ports/host-agent.ts";
import { tableLedger } from "../../../src/store/queries/ledger.ts";
import { type LedgerStore, openLedgerStore } from "../ledger/store.ts";
import { everywhere, fillWithLive, type LiveReleases } from "./live-releases.ts";

export interface AfterAdvisory {
  /** From the advisory's being there to the last release's being decided again, recorded and handled. */
  readonly seconds: number;
  /** Until every entry has its place in the log as well. */
  readonly sequencedSeconds: number;
}

/**
 * An advisory arrives about a package that every live release has: through the real adapter, the real database and
 * ledger, as a server does it.
 */
export async function afterAdvisory(of: LiveReleases): Promise<AfterAdvisory> {
  const store = await openLedgerStore();
  const dataDir = mkdtempSync("/var/tmp/tidelock-bench-gate-");
  try {
    const { db } = store.database;
    const engine = benchEngine(store, dataDir);
    await fillWithLive(db, of);
    // What is known of before: so the store is as it is on any day.
    await publish(dataDir, []);
    await reevaluate(engine);
    await store.log.flush();
    await publish(dataDir, [everywhere.name]);
    const began = performance.now();
    await reevaluate(engine);
    const seconds = (performance.now() - began) / 1_000;
    await store.log.flush();
    const sequencedSeconds = (performance.now() - began) / 1_000;
    await requireDecided(store, of.releases);
    return { seconds, sequencedSeconds };
  } finally {
    await store.close();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

/** As much of a server as deciding again needs. */
function benchEngine(store: LedgerStore, dataDir: string): Engine {
  const info = { dataDir, isolation: "sandbox" } as AgentInfo;
  const engine: Partial<Engine> = {
    worker: "bench",
    db: store.database.db,
    ledger: tableLedger,
    log: store.log,
    checks: new Map([["advisories", advisories]]),
    agentInfo: () => info,
    settings: defaultSettings,
    signals: new EventEmitter() as Engine["signals"],
    hooks: undefined,
    wake: async () => undefined,
    notice: (message) => console.error(message),
  };
  return engine as Engine;
}

/** Advisories as osv.dev publishes them: some that concern nobody here, and one for each of these packages. */
async function publish(dataDir: string, names: readonly string[]): Promise<void> {
  const source = join(dataDir, `osv-${names.length}`);
  mkdirSync(source);
  const others = Array.from({ length: 1_000 }, (_, at) => `nobody-has-${at}`);
  for (const [at, name] of [...others, ...names].entries()) {
    const record = {
      id: `GHSA-bench-${at}`,
      modified: "2026-06-01T00:00:00Z",
      severity: [{ type: "CVSS_V3", score: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H" }],
      affected: [
        {
          package: { ecosystem: "npm", name },
          ranges: [{ type: "SEMVER", events: [{ introduced: "0" }, { fixed: "2.0.0" }] }],
        },
      ],
    };
    writeFileSync(join(source, `${record.id}.json`), JSON.stringify(record));
  }
  await importAdvisories({
    folder: join(layout(dataDir).checkData, "advisories"),
    sources: [source],
    write: async (path, text) => {
      await writeFile(`${path}.new`, text);
      await rename(`${path}.new`, path);
    },
  });
}

/** All of them, denied for that reason, and each decision follows from the inputs that were kept. */
async function requireDecided({ database: { db } }: LedgerStore, releases: number): Promise<void> {
  const { rows } = await sql<{ marked: number; handled: number }>`
    select (select count(*) from deployments where contradicted_reason like '%GHSA-bench-1000%')::integer as marked,
      (select count(*) from incidents where handled_at is not null)::integer as handled`.execute(
    db,
  );
  const { marked = 0, handled = 0 } = rows[0] ?? {};
  if (marked !== releases || handled !== releases) {
    throw new Error(`${marked} of ${releases} were contradicted, ${handled} handled`);
  }
  const some = await sql<{ content: string; inputs: string; outcome: string }>`
    select i.content, d.decision ->> 'inputs' as inputs, d.decision ->> 'outcome' as outcome
    from decisions d join decision_inputs i on i.digest = d.decision ->> 'inputs'
    where d.step > 10000 order by d.promotion limit 20`.execute(db);
  for (const { content, inputs, outcome } of some.rows) {
    const again = replay(content);
    if (!again.ok || again.decided.decision.inputs !== inputs || outcome !== "deny") {
      throw new Error("a decision does not follow from its inputs");
    }
  }
}
