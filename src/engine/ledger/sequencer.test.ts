import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { testLog } from "../../../test/support/engine-bench.ts";
import { createMigratedDatabase } from "../../../test/support/database.ts";
import { decodeEntry, encodeEntry, opens } from "../../ledger/entry.ts";
import { verifyCheckpoint } from "../../ledger/checkpoint.ts";
import { hashLeaf } from "../../ledger/hash.ts";
import { noteKey, noteKeyTypes } from "../../ledger/note.ts";
import { proveInclusion, verifyInclusion } from "../../ledger/proof.ts";
import { Frontier } from "../../ledger/range.ts";
import type { Database } from "../../store/database.ts";
import { hashSource } from "../../store/queries/ledger-checkpoints.ts";
import { readLeaves } from "../../store/queries/ledger-read.ts";
import { readTree } from "../../store/queries/ledger-tree.ts";
import { tableLedger } from "../../store/queries/ledger.ts";
import type { Schema } from "../../store/schema.ts";
import { integrate } from "./sequencer.ts";

let database: Database<Schema> & { readonly databaseUrl: string };
beforeEach(async () => {
  database = await createMigratedDatabase<Schema>();
});
afterEach(() => database.close());

const entry = (operation: string, stream = "shop/dev") => ({
  operation,
  kind: "effect.intent",
  stream,
  actor: "tidelock",
  payload: { operation },
});

/** The whole tree again from the rows: dense, chained, in time, and with the stored root. */
async function expectWhole(db: Database<Schema>["db"], size: number): Promise<void> {
  const tree = await readTree(db);
  expect(tree.size).toBe(size);
  const frontier = Frontier.empty();
  const heads = new Map<string, { sequence: number; hash: string }>();
  let time = "";
  for (const leaf of await readLeaves(db, 0, size)) {
    expect(leaf.index).toBe(frontier.size);
    const { entry: told } = leaf;
    const head = heads.get(told.stream);
    expect([told.sequence, told.previous]).toEqual([(head?.sequence ?? 0) + 1, head?.hash ?? null]);
    expect(told.time >= time).toBe(true);
    time = told.time;
    const hash = hashLeaf(encodeEntry(told));
    expect(Buffer.from(hash).equals(leaf.hash)).toBe(true);
    heads.set(told.stream, { sequence: told.sequence, hash: Buffer.from(hash).toString("hex") });
    frontier.append(hash);
  }
  expect(frontier.size).toBe(size);
  expect(Buffer.from(frontier.root()).equals(tree.root)).toBe(true);
  const queue = await db.selectFrom("ledger_queue").selectAll().execute();
  expect(queue).toEqual([]);
}

describe("the sequencer", () => {
  it("gives entries dense places, chains streams, and opens to what was written", async () => {
    const { db } = database;
    await tableLedger.append(db, entry("a"), entry("b", "system"), entry("c"));
    expect(await integrate(db, { wait: true })).toBe(3);
    await tableLedger.append(db, entry("d"));
    expect(await integrate(db, { wait: true })).toBe(1);
    expect(await integrate(db, { wait: true })).toBe(0);
    await expectWhole(db, 4);
    const leaves = await readLeaves(db, 0, 4);
    expect(leaves.map(({ entry: { operation, sequence } }) => [operation, sequence])).toEqual([
      ["a", 1],
      ["b", 1],
      ["c", 2],
      ["d", 3],
    ]);
    for (const leaf of leaves) {
      const bytes = encodeEntry(leaf.entry);
      expect(decodeEntry(bytes)).toEqual(leaf.entry);
      expect(leaf.opening && opens(leaf.entry, leaf.opening)).toBe(true);
    }
  });

  it("takes in an entry that was written early and committed late: late, and never lost", async () => {
    const { db } = database;
    let commit: () => void = () => undefined;
    let written: () => void = () => undefined;
    const isWritten = new Promise<void>((resolve) => (written = resolve));
    const gate = new Promise<void>((resolve) => (commit = resolve));
    const slow = db.transaction().execute(async (tx) => {
      await tableLedger.append(tx, entry("slow"));
      written();
      await gate;
    });
    await isWritten;
    await tableLedger.append(db, entry("quick"));
    expect(await integrate(db, { wait: true })).toBe(1);
    commit();
    await slow;
    expect(await integrate(db, { wait: true })).toBe(1);
    const leaves = await readLeaves(db, 0, 2);
    expect(leaves.map((leaf) => leaf.entry.operation)).toEqual(["quick", "slow"]);
    await expectWhole(db, 2);
  });

  it("is one, however many run: dense, no duplicate, no gap, one root a size", async () => {
    const { db } = database;
    const servers = [testLog(db), testLog(db), testLog(db)];
    for (const server of servers) await server.open("1.0.0");
    const before = (await readTree(db)).size;
    const state = { writing: true };
    const sequencing = servers.map(async (server, place) => {
      while (state.writing) await server.flush(place === 0);
    });
    await Promise.all(
      Array.from({ length: 8 }, async (_, writer) => {
        for (let count = 0; count < 40; count += 1) {
          const name = `${writer % 7}-${count}`;
          await tableLedger.append(db, entry(name, `stream-${writer % 3}`));
        }
      }),
    );
    state.writing = false;
    await Promise.all(sequencing);
    await servers[0]?.flush();
    // Two writers had the same names: 7 * 40 entries, and what opening the ledger wrote (three).
    await expectWhole(db, 283);
    expect(before).toBeLessThanOrEqual(3);
    const checkpoints = await db
      .selectFrom("ledger_checkpoints")
      .selectAll()
      .orderBy("size")
      .execute();
    expect(checkpoints.length).toBeGreaterThan(1);
    const keys = await db.selectFrom("ledger_keys").selectAll().execute();
    const { origin } = await readTree(db);
    const logKeys = keys
      .filter((key) => key.use === "log")
      .map((key) => noteKey(origin, noteKeyTypes.ed25519, key.public_key));
    for (const { note, root } of checkpoints) {
      const verified = verifyCheckpoint(note, { origin, keys: logKeys });
      expect(verified.ok && Buffer.from(verified.checkpoint.root).equals(root)).toBe(true);
    }
  });

  it("stores what proofs are made of, over tile borders", async () => {
    const { db } = database;
    for (let start = 0; start < 700; start += 100) {
      const names = Array.from({ length: 100 }, (_, place) => entry(`e${start + place}`));
      await tableLedger.append(db, ...names);
    }
    await integrate(db, { wait: true });
    const { size, root } = await readTree(db);
    expect(size).toBe(700);
    const leaves = await readLeaves(db, 0, size);
    for (const index of [0, 255, 256, 511, 512, 699]) {
      const proof = await proveInclusion(index, size, hashSource(db, size));
      const leafHash = leaves[index]?.hash ?? new Uint8Array();
      expect(verifyInclusion({ index, size, leafHash, proof, root }), `leaf ${index}`).toBe(true);
    }
    const nodes = await db.selectFrom("ledger_nodes").select(["level", "index"]).execute();
    expect(nodes.map(({ level, index }) => [level, Number(index)])).toEqual([
      [1, 0],
      [1, 1],
    ]);
  });

  it("never goes back in time, whatever the clock of the database did", async () => {
    const { db, pool } = database;
    await tableLedger.append(db, entry("a"));
    await integrate(db, { wait: true });
    await pool.query("alter table ledger_entries disable trigger all");
    await tableLedger.append(db, entry("b"));
    await pool.query("update ledger_entries set at = at - interval '1 hour' where operation = 'b'");
    await integrate(db, { wait: true });
    const [a, b] = await readLeaves(db, 0, 2);
    expect(b?.entry.time).toBe(a?.entry.time);
  });

  it.each(["2099-01-01", "infinity", "-infinity", "290000-01-01"])(
    "takes its own time where an entry's is %s, says so, and the next gate does not wait",
    async (at) => {
      const { db, pool } = database;
      const notices: string[] = [];
      const log = testLog(db, notices);
      await log.open("1.0.0");
      await pool.query(`alter table ledger_entries alter at set default '${at}'`);
      await tableLedger.append(db, entry("a"));
      await pool.query("alter table ledger_entries alter at set default clock_timestamp()");
      await tableLedger.append(db, entry("b"));
      await log.flush();
      const { size, lastTime } = await readTree(db);
      await expectWhole(db, size);
      expect(Math.abs((lastTime ?? 0) - Date.now())).toBeLessThan(60_000);
      expect(await log.trouble()).toBeNull();
      expect(notices).toEqual([expect.stringContaining("this server's time was taken")]);
      const events = await db.selectFrom("events").select("kind").execute();
      expect(events).toContainEqual({ kind: "ledger.clock" });
    },
  );

  it("never goes back in time for an entry whose time it cannot believe", async () => {
    const { db, pool } = database;
    await tableLedger.append(db, entry("a"));
    await integrate(db, { wait: true });
    await pool.query("alter table ledger_entries alter at set default 'infinity'");
    await tableLedger.append(db, entry("b"));
    const clamped: string[] = [];
    const clock = () => Date.now() - 3_600_000;
    await integrate(db, { wait: true, clock, onClamped: (what) => clamped.push(what) });
    const [a, b] = await readLeaves(db, 0, 2);
    expect(b?.entry.time).toBe(a?.entry.time);
    expect(clamped).toHaveLength(1);
  });

  it("builds nothing upon a tree that somebody changed", async () => {
    const { db, pool } = database;
    await tableLedger.append(db, entry("a"), entry("b"));
    await integrate(db, { wait: true });
    await pool.query("update ledger_tree set root = sha256('x')");
    await tableLedger.append(db, entry("c"));
    await expect(integrate(db, { wait: true })).rejects.toMatchObject({ code: "digest-mismatch" });
  });

  it("leaves all of a batch or nothing, wherever it ends", async () => {
    for (const point of ["ledger:before-growing", "ledger:before-commit"]) {
      await tableLedger.append(database.db, entry(point));
      const reach = async (reached: string) => {
        if (reached === point) throw new Error("killed here");
      };
      const before = (await readTree(database.db)).size;
      await expect(integrate(database.db, { wait: true, reach })).rejects.toThrow("killed");
      await expectUnplaced(before);
      await integrate(database.db, { wait: true });
      await expectWhole(database.db, before + 1);
    }
  });
});

async function expectUnplaced(size: number): Promise<void> {
  expect((await readTree(database.db)).size).toBe(size);
  const queue = await database.db.selectFrom("ledger_queue").selectAll().execute();
  expect(queue).toHaveLength(1);
}
