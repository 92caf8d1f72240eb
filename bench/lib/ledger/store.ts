import { randomBytes } from "node:crypto";
import { EventEmitter } from "node:events";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { LedgerLog } from "../../../src/engine/ledger/log.ts";
import { LedgerWorker } from "../../../src/engine/ledger/worker.ts";
import { type Database, openDatabase } from "../../../src/store/database.ts";
import { stopEmbedded } from "../../../src/store/embedded/embedded-postgres.ts";
import { migrate } from "../../../src/store/migrate.ts";
import { tableLedger } from "../../../src/store/queries/ledger.ts";
import type { Schema } from "../../../src/store/schema.ts";

/** A store of its own with the ledger as the server runs it: sequencer and signing in this process. */
export interface LedgerStore {
  readonly database: Database<Schema>;
  readonly log: LedgerLog;
  /** Ends the sequencer after everything has its place. */
  rest(): Promise<void>;
  close(): Promise<void>;
}

export async function openLedgerStore(): Promise<LedgerStore> {
  // Not TMPDIR: a RAM disk would make every commit free; and as root PostgreSQL's user must pass.
  const folder = mkdtempSync("/var/tmp/tidelock-bench-ledger-");
  chmodSync(folder, 0o755);
  const database = await openDatabase<Schema>({ dataDir: folder }, { maxConnections: 40 });
  await migrate(database.pool, { programVersion: "0.0.0" });
  const master = randomBytes(32);
  const notice = (message: string): void => console.error(message);
  const log = new LedgerLog({
    db: database.db,
    ledger: tableLedger,
    keys: { master: { read: () => master, make: () => master } },
    mirror: null,
    notice,
  });
  await log.open("0.0.0");
  const worker = new LedgerWorker({ db: database.db, log, signals: new EventEmitter(), notice });
  worker.start();
  return {
    database,
    log,
    rest: async () => {
      await worker.stop();
      await log.flush();
    },
    close: async () => {
      await worker.stop();
      await database.close();
      await stopEmbedded(folder, { evenIfUsed: true });
      rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    },
  };
}
