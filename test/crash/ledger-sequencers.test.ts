import { type ChildProcess, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { verifyState } from "../../src/engine/ledger/verify-state.ts";
import { encodeEntry } from "../../src/ledger/entry.ts";
import { encodeBundle } from "../../src/ledger/tiles.ts";
import { verifyLog } from "../../src/ledger/verify-log.ts";
import { noteKey, noteKeyTypes } from "../../src/ledger/note.ts";
import type { Database } from "../../src/store/database.ts";
import { readLeaves } from "../../src/store/queries/ledger-read.ts";
import { readTree } from "../../src/store/queries/ledger-tree.ts";
import { tableLedger } from "../../src/store/queries/ledger.ts";
import type { Schema } from "../../src/store/schema.ts";
import { createMigratedDatabase } from "../support/database.ts";
import { testLog } from "../support/engine-bench.ts";

/** Sequencers of several servers, killed with SIGKILL one after the other while eight writers commit. */

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

const program = join(import.meta.dirname, "../support/sequencer-process.ts");
const kills = 5;
let database: Database<Schema> & { readonly databaseUrl: string };
const running = new Set<ChildProcess>();

beforeAll(async () => {
  database = await createMigratedDatabase<Schema>();
});
afterAll(async () => {
  for (const child of running) child.kill("SIGKILL");
  await database.close();
});

async function sequencer(): Promise<ChildProcess> {
  const child = spawn(process.execPath, [program, database.databaseUrl], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  running.add(child);
  child.once("exit", () => running.delete(child));
  await once(child.stdout, "data");
  return child;
}

it("leave one dense log without a gap or a double, with one root a size, that verifies whole", async () => {
  const { db } = database;
  const log = testLog(db);
  await log.open("1.0.0");
  const state = { writing: true };
  const committed = new Set<string>();
  const writers = Array.from({ length: 8 }, async (_, writer) => {
    for (let count = 0; state.writing; count += 1) {
      const operation = `${writer}/${count}`;
      const stream = `stream-${count % 5}`;
      const payload = { operation };
      await tableLedger.append(db, {
        operation,
        kind: "effect.intent",
        stream,
        actor: "tidelock",
        payload,
      });
      committed.add(operation);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  });
  const mortals = await Promise.all(Array.from({ length: kills }, () => sequencer()));
  for (const mortal of mortals) {
    await new Promise((resolve) => setTimeout(resolve, randomInt(50, 300)));
    mortal.kill("SIGKILL");
  }
  state.writing = false;
  await Promise.all(writers);
  const checkpoint = await log.flush();

  const { size, origin } = await readTree(db);
  const leaves = await readLeaves(db, 0, size);
  const operations = leaves.map(({ entry }) => entry.operation);
  expect(new Set(operations).size).toBe(operations.length);
  expect([...committed].filter((operation) => !operations.includes(operation))).toEqual([]);
  const rows = await db.selectFrom("ledger_keys").selectAll().where("use", "=", "log").execute();
  const keys = rows.map((row) => noteKey(origin, noteKeyTypes.ed25519, row.public_key));
  const bundles: Uint8Array[] = [];
  for (let from = 0; from < size; from += 256) {
    bundles.push(
      encodeBundle(leaves.slice(from, from + 256).map((leaf) => encodeEntry(leaf.entry))),
    );
  }
  // Each checkpoint that anybody could have seen is the beginning of the last one.
  const shown = await db.selectFrom("ledger_checkpoints").selectAll().execute();
  const known = shown.map((one) => ({ size: Number(one.size), root: one.root, from: "history" }));
  const verified = await verifyLog({
    checkpoint: checkpoint?.note ?? "",
    log: { origin, keys },
    bundles,
    known,
  });
  expect(verified).toMatchObject({ ok: true });
  expect(shown.length).toBeGreaterThan(kills);
  expect(await verifyState(log, db)).toMatchObject({ ok: true, size });
});
