import { openDatabase } from "../../src/store/database.ts";
import type { Schema } from "../../src/store/schema.ts";
import { LedgerLog } from "../../src/engine/ledger/log.ts";
import { tableLedger } from "../../src/store/queries/ledger.ts";

/** A server's sequencer as a process of its own, so that a test can kill it anywhere. */

const [databaseUrl = ""] = process.argv.slice(2);
const database = await openDatabase<Schema>({ databaseUrl }, { maxConnections: 3 });
// The key of test/support/engine-bench.ts, whose imports would take a second to load.
const master = Buffer.alloc(32, 7);
const log = new LedgerLog({
  db: database.db,
  ledger: tableLedger,
  keys: { master: { read: () => master, make: () => master } },
  mirror: null,
  notice: () => undefined,
});
process.stdout.write("ready\n");
for (;;) {
  await log.flush(false).catch(() => undefined);
  await new Promise((resolve) => setTimeout(resolve, 1));
}
