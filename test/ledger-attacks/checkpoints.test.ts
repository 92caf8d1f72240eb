import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { LedgerLog } from "../../src/engine/ledger/log.ts";
import { fileMirror } from "../../src/engine/ledger/mirror.ts";
import { verifyState } from "../../src/engine/ledger/verify-state.ts";
import type { Database } from "../../src/store/database.ts";
import { newestCheckpoint } from "../../src/store/queries/ledger-checkpoints.ts";
import { readTree } from "../../src/store/queries/ledger-tree.ts";
import { tableLedger } from "../../src/store/queries/ledger.ts";
import type { Schema } from "../../src/store/schema.ts";
import { createMigratedDatabase } from "../support/database.ts";

/** Somebody takes away what was signed, or gives the log another name: no server goes on as if nothing was. */

let database: Database<Schema>;
let folder: string;
let notices: string[];
const master = Buffer.alloc(32, 7);

beforeEach(async () => {
  database = await createMigratedDatabase<Schema>();
  folder = mkdtempSync(join(tmpdir(), "attacks-"));
  notices = [];
});
afterEach(async () => {
  await database.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A server's ledger on this data directory; a second one is the server started anew. */
function server(): LedgerLog {
  return new LedgerLog({
    db: database.db,
    ledger: tableLedger,
    keys: { master: { read: () => master, make: () => master } },
    mirror: fileMirror(join(folder, "ledger-checkpoint")),
    notice: (message) => notices.push(message),
  });
}

async function write(log: LedgerLog, operation: string): Promise<number> {
  await tableLedger.append(database.db, {
    operation,
    kind: "secret.read",
    stream: "shop/dev",
    actor: "operator",
    payload: { operation },
  });
  return Number((await log.flush())?.size);
}

async function edit(sql: string): Promise<void> {
  await database.pool.query(`
    alter table ledger_checkpoints disable trigger user;
    alter table ledger_leaves disable trigger user;
    ${sql}`);
}

async function started(): Promise<LedgerLog> {
  const log = server();
  await log.open("1.0.0");
  await write(log, "a");
  return log;
}

it.each(["the same server", "a server that was started anew"])(
  "%s puts back the checkpoint that it had shown, says it, and writes it down",
  async (which) => {
    const running = await started();
    const shown = await write(running, "b");
    await edit("delete from ledger_checkpoints");
    const log = which === "the same server" ? running : server();
    const found = await verifyState(log, database.db);
    expect(found).toMatchObject({
      ok: false,
      difference: {
        table: "ledger_checkpoints",
        message: expect.stringContaining(`the checkpoint of size ${shown} was shown`) as string,
      },
    });
    await write(log, "c");
    const sizes = await database.db.selectFrom("ledger_checkpoints").select("size").execute();
    expect(sizes.map(({ size }) => Number(size))).toContain(shown);
    expect(notices.join("\n")).toContain("somebody has deleted checkpoints");
    const kinds = await database.db.selectFrom("ledger_entries").select("kind").execute();
    expect(kinds.map(({ kind }) => kind)).toContain("checkpoint.missed");
    expect(await verifyState(log, database.db)).toMatchObject({ ok: true });
  },
);

it("signs nothing for a smaller history when checkpoints were deleted with its end", async () => {
  const running = await started();
  const before = await readTree(database.db);
  await write(running, "a failing run");
  await edit(`delete from ledger_checkpoints;
    delete from ledger_leaves where index >= ${before.size};
    update ledger_tree set size = ${before.size}, root = '\\x${before.root.toString("hex")}',
      frontier = '\\x${Buffer.concat(before.frontier).toString("hex")}'`);
  await expect(write(server(), "as if nothing was")).rejects.toMatchObject({
    code: "unavailable",
    message: expect.stringContaining("was put back to an older state") as string,
  });
  expect(await newestCheckpoint(database.db)).toBeUndefined();
});

it.each([
  ["update ledger_tree set log = 7", "no recovery has opened that"],
  ["update store set store_id = gen_random_uuid()", "somebody has changed the store's id"],
])("is read-only after: %s", async (attack, why) => {
  const running = await started();
  await edit(attack);
  for (const log of [running, server()]) {
    await expect(write(log, `by ${notices.length}`)).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringContaining(why) as string,
    });
  }
  const rows = await database.db.selectFrom("ledger_checkpoints").select("note").execute();
  const origins = new Set(rows.map(({ note }) => note.split("\n")[0]));
  expect(origins.size).toBe(1);
});
