import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LedgerLog } from "../../src/engine/ledger/log.ts";
import { leafOf } from "../../src/engine/ledger/sequencer.ts";
import { verifyState } from "../../src/engine/ledger/verify-state.ts";
import { encodeEntry } from "../../src/ledger/entry.ts";
import { hmacSha256 } from "../../src/ledger/crypto.ts";
import { hashLeaf } from "../../src/ledger/hash.ts";
import { Frontier } from "../../src/ledger/range.ts";
import { canonicalJson } from "../../src/model/canonical.ts";
import type { ControlPlane } from "../../src/ports/control-plane.ts";
import type { LedgerEntry } from "../../src/ports/ledger.ts";
import { openDatabase } from "../../src/store/database.ts";
import type { Schema } from "../../src/store/schema.ts";
import { entryOf } from "../../src/store/projections/projection.ts";
import { deploymentsProjection, lanesProjection } from "../../src/store/projections/lanes.ts";
import { promotionsProjection } from "../../src/store/projections/promotions.ts";
import { newestCheckpoint } from "../../src/store/queries/ledger-checkpoints.ts";
import { readLeaves } from "../../src/store/queries/ledger-read.ts";
import { readTree, rejected } from "../../src/store/queries/ledger-tree.ts";
import { tableLedger } from "../../src/store/queries/ledger.ts";
import {
  documents,
  ended,
  EngineBench,
  makeRelease,
  operator,
  testLog,
} from "../support/engine-bench.ts";

/**
 * A database administrator who adds what never happened: the row, and an entry that says so, right in everything
 * that can be known without the server's key.
 */

let bench: EngineBench;
let plane: ControlPlane;
const dev = { service: "shop", environment: "dev", release: "1.0.0" };
const production = { ...dev, environment: "production" };

beforeEach(async () => {
  bench = await EngineBench.create();
  await bench.log().open("1.0.0");
  plane = bench.worker().controlPlane;
  await plane.applyDocuments(operator, "t.yaml", documents());
  await plane.createRelease(operator, makeRelease(bench, "1.0.0"));
});
afterEach(() => bench.close());

const db = () => bench.database.db;
const edit = (sql: string, values: unknown[] = []) => bench.database.pool.query(sql, values);

/** All of an append but the mark, or with one that was seen elsewhere. */
async function forge(entry: LedgerEntry, mark: Buffer | null = null): Promise<void> {
  const salt = randomBytes(32);
  const payload = canonicalJson(entry.payload);
  const { operation, kind, stream, actor } = entry;
  await edit(
    `with e as (
      insert into ledger_entries (operation, kind, stream, actor, commitment, salt, payload)
      values ($1, $2, $3, $4, $5, $6, $7) returning entry
    ) insert into ledger_queue (entry, mark) select entry, $8 from e`,
    [
      operation,
      kind,
      stream,
      actor,
      Buffer.from(hmacSha256(salt, Buffer.from(payload))),
      salt,
      payload,
      mark,
    ],
  );
}

async function rejections() {
  return db()
    .selectFrom("ledger_entries")
    .select(["operation", "stream", "payload"])
    .where("kind", "=", "ledger.rejected")
    .orderBy("entry")
    .execute();
}

const entry = (operation: string): LedgerEntry => ({
  operation,
  kind: "effect.intent",
  stream: "shop/dev",
  actor: "tidelock",
  payload: { operation },
});

it("a deployment that never was, with an entry for each of its rows, opens no gate", async () => {
  await edit(`
    insert into promotions (id, kind, service, environment, release, configuration,
      configuration_version, plan_format, plan, plan_digest, state, created_by, changes)
    select 'p-forged', 'promotion', 'shop', 'dev', id, 'sha256:0', 1, 1, '{}', '', 'complete', 'x', 1
      from releases;
    insert into deployments (service, environment, release, configuration, configuration_version,
      colour, promotion, kind, from_at, by_actor, verified_at, changes)
    select 'shop', 'dev', id, 'sha256:0', 1, 'blue', 'p-forged', 'promotion', now(), 'x', now(), 1
      from releases`);
  for (const row of await db().selectFrom("promotions").selectAll().execute()) {
    await forge(entryOf(promotionsProjection, row));
  }
  for (const row of await db().selectFrom("deployments").selectAll().execute()) {
    await forge(entryOf(deploymentsProjection, row), randomBytes(32));
  }
  const { id } = await plane.promote(operator, production);
  const view = await ended(plane, id);
  expect(view.state).toBe("failed");
  expect(view.message).toContain("the database was changed behind the ledger");
  // Said in the log, in the events and by the server, and the log goes on.
  const named = await rejections();
  expect(named.map(({ payload }) => payload?.["kind"])).toEqual([
    "promotion.changed",
    "deployment.changed",
  ]);
  expect((await rejected(db())).count).toBe(2);
  const events = await plane.events({ after: 0, waitMs: 0, limit: 500 });
  expect(events.filter(({ kind }) => kind === "ledger.rejected")).toHaveLength(2);
  const { size } = await readTree(db());
  const leaves = await readLeaves(db(), 0, size);
  expect(leaves.some(({ entry: { kind } }) => kind === "deployment.changed")).toBe(false);
  expect(await verifyState(testLog(db()), db())).toMatchObject({ ok: false });
});

it("another live colour, with an entry that says so, is a difference and no state of the log", async () => {
  await ended(plane, (await plane.promote(operator, dev)).id);
  await edit(
    "update lanes set changes = changes + 1, live_colour = case live_colour when 'blue' then 'green' else 'blue' end where environment = 'dev'",
  );
  const row = await db()
    .selectFrom("lanes")
    .selectAll()
    .where("environment", "=", "dev")
    .executeTakeFirstOrThrow();
  await forge(entryOf(lanesProjection, row));
  const notices: string[] = [];
  expect(await verifyState(testLog(db(), notices), db())).toMatchObject({
    ok: false,
    difference: { table: "lanes", row: "lane/shop/dev" },
  });
  expect(notices).toEqual([
    expect.stringContaining("that no server wrote (lane.changed lane/shop"),
  ]);
});

describe("on its way into the tree", () => {
  beforeEach(async () => {
    await bench.workers[0]?.reconciler.stop();
    await bench.log().flush();
  });

  it("an entry that was edited after its commit is set aside, whatever was edited", async () => {
    const changes = [
      "operation = operation || '0'",
      "kind = 'effect.outcome'",
      "stream = 'shop/production'",
      "actor = 'agent'",
      "commitment = sha256('x')",
    ];
    await edit("alter table ledger_entries disable trigger user");
    for (const [place, change] of changes.entries()) {
      await tableLedger.append(db(), entry(`edited-${place}`));
      await edit(`update ledger_entries set ${change} where operation = 'edited-${place}'`);
    }
    await tableLedger.append(db(), entry("left alone"));
    await bench.log().flush();
    expect(await rejections()).toHaveLength(changes.length);
    const { size } = await readTree(db());
    const leaves = await readLeaves(db(), 0, size);
    expect(leaves.map((leaf) => leaf.entry.operation)).toContain("left alone");
    expect(leaves.filter((leaf) => leaf.entry.operation.startsWith("edited"))).toEqual([]);
  });

  it("the mark of another entry is none", async () => {
    await tableLedger.append(db(), entry("genuine"));
    const { rows } = await bench.database.pool.query<{ mark: Buffer }>(
      "select mark from ledger_queue",
    );
    await forge(entry("forged"), rows[0]?.mark ?? null);
    await bench.log().flush();
    expect((await rejections()).map(({ payload }) => payload?.["operation"])).toEqual(["forged"]);
  });

  it("an entry that stands where ours belongs does not keep ours out", async () => {
    await forge(entry("p1/7/switch"));
    const act = () =>
      db()
        .transaction()
        .execute((tx) => tableLedger.append(tx, entry("beside"), entry("p1/7/switch")));
    await act();
    expect(await rejections()).toHaveLength(1);
    await bench.log().flush();
    const { size } = await readTree(db());
    const operations = (await readLeaves(db(), 0, size)).map((leaf) => leaf.entry.operation);
    expect(operations.filter((one) => one === "p1/7/switch" || one === "beside")).toHaveLength(2);
    // Written once more it is the same entry.
    await act();
    expect(await verifyState(testLog(db()), db())).toMatchObject({ ok: true });
  });

  /** An entry on no way into the tree, with a leaf of its own where nobody looks. */
  async function ghost(forged: LedgerEntry, leafAt: number | null = null): Promise<void> {
    await forge(forged);
    const of = "(select entry from ledger_entries where operation = $1)";
    await edit(`delete from ledger_queue where entry = ${of}`, [forged.operation]);
    if (leafAt === null) return;
    await edit(
      `insert into ledger_leaves (index, entry, stream, sequence, previous, time, hash)
        select $2, ${of}, 'shop/dev', 1000000, sha256('x'), now(), sha256('y')`,
      [forged.operation, leafAt],
    );
  }

  it("what stands beside the queue under the name of a rejection halts nothing", async () => {
    await ghost({ ...entry("ledger/rejected/-5"), kind: "ledger.rejected", stream: "system" });
    await edit("insert into ledger_queue (entry) values (-5)");
    await tableLedger.append(db(), entry("behind it"));
    await bench.log().flush();
    const named = (await rejections()).map(({ operation }) => operation);
    expect(named).toContain("ledger/rejected/-5");
    expect(named).toHaveLength(2);
    expect(await verifyState(testLog(db()), db())).toMatchObject({ ok: true });
  });

  it.each([
    ["no leaf", null],
    ["a leaf far beyond the tree", 1e12],
    ["a leaf right behind the tree's last", "next"],
  ])("what stands beside the queue with %s does not keep ours out", async (_, at) => {
    const { size } = await readTree(db());
    await ghost(entry("lane/shop/dev/8"), at === "next" ? size : (at as number | null));
    const appended = { ...entry("lane/shop/dev/8"), payload: { ours: true } };
    await tableLedger.append(db(), appended);
    await bench.log().flush();
    const leaves = await readLeaves(db(), 0, 1e13);
    const ours = leaves.filter((leaf) => leaf.entry.operation === "lane/shop/dev/8");
    expect(ours.map(({ opening }) => opening?.payload)).toEqual([{ ours: true }]);
    expect((await rejected(db())).count).toBe(1);
    const events = await plane.events({ after: 0, waitMs: 0, limit: 500 });
    expect(events.map(({ kind }) => kind)).toContain("ledger.rejected");
    // Written once more it is the same entry.
    await tableLedger.append(db(), appended);
    expect((await rejected(db())).count).toBe(1);
    expect(await verifyState(testLog(db()), db())).toMatchObject({ ok: true });
  });

  it("a marked row of the queue that somebody has copied gives one place, now and later", async () => {
    await tableLedger.append(db(), entry("once"));
    const { size } = await readTree(db());
    await edit("create table kept as select * from ledger_queue");
    await edit("insert into ledger_queue select * from kept");
    await edit("insert into ledger_queue (entry) select entry from kept");
    await bench.log().flush();
    await edit("insert into ledger_queue select * from kept");
    await tableLedger.append(db(), entry("behind it"));
    await bench.log().flush();
    await edit("drop table kept");
    const leaves = await readLeaves(db(), size, size + 10);
    expect(leaves.map((leaf) => leaf.entry.operation).slice(0, 1)).toEqual(["once"]);
    expect(leaves.filter((leaf) => leaf.entry.operation === "once")).toHaveLength(1);
    expect(leaves.map((leaf) => leaf.entry.operation)).toContain("behind it");
    expect(await verifyState(testLog(db()), db())).toMatchObject({ ok: true });
  });

  it("a leaf beyond the tree of an entry in the queue holds nothing up and gives no stream another end", async () => {
    await tableLedger.append(db(), entry("ours"));
    const { size } = await readTree(db());
    await edit(
      `insert into ledger_leaves (index, entry, stream, sequence, previous, time, hash)
        select $1, entry, stream, 1000000, sha256('x'), now(), sha256('y')
        from ledger_entries where operation = 'ours'`,
      [size],
    );
    await bench.log().flush();
    expect((await readTree(db())).size).toBe(size + 1);
    expect(await verifyState(testLog(db()), db())).toMatchObject({ ok: true });
  });

  it("an entry that was changed in the tree is not taken for ours, and the log goes on", async () => {
    await edit("alter table ledger_entries disable trigger user");
    await tableLedger.append(db(), entry("ledger/rejected/-6"));
    await bench.log().flush();
    await edit(
      "update ledger_entries set kind = 'ledger.rejected' where operation = 'ledger/rejected/-6'",
    );
    await edit("insert into ledger_queue (entry) values (-6)");
    const before = await readTree(db());
    await bench.log().flush();
    expect((await readTree(db())).size).toBe(before.size + 1);
    expect((await rejections()).map(({ operation }) => operation).at(-1)).toMatch(
      /^ledger\/rejected\/-6\/[0-9a-f]{16}$/,
    );
  });

  it("what is no entry, or has its place already, holds nothing up", async () => {
    await edit("insert into ledger_queue (entry) values (987654321)");
    await edit("insert into ledger_queue (entry) select min(entry) from ledger_entries");
    await tableLedger.append(db(), entry("behind it"));
    const before = await readTree(db());
    await bench.log().flush();
    expect((await readTree(db())).size).toBe(before.size + 3);
    expect(await rejections()).toHaveLength(2);
    expect(await verifyState(testLog(db()), db())).toMatchObject({ ok: true });
  });

  it("a server without the key writes nothing, and takes nothing in", async () => {
    const other = Buffer.alloc(32, 8);
    const database = await openDatabase<Schema>({
      databaseUrl: bench.database.databaseUrl,
    });
    try {
      const log = new LedgerLog({
        db: database.db,
        ledger: tableLedger,
        keys: { master: { read: () => other, make: () => other } },
        mirror: null,
        notice: () => undefined,
      });
      expect(await log.open("1.0.0")).toContain("server/ledger.key is another one");
      await expect(tableLedger.append(database.db, entry("x"))).rejects.toMatchObject({
        code: "unavailable",
      });
      await expect(log.flush()).rejects.toMatchObject({ code: "unavailable" });
      // The others go on.
      expect((await readTree(db())).behind).toBeNull();
    } finally {
      await database.close();
    }
  });
});

describe("a tree that somebody else has grown", () => {
  /** Everything that the sequencer does, but the mark. */
  async function growByHand(forged: LedgerEntry): Promise<number> {
    await forge(forged);
    const head = await readTree(db());
    const [{ entry: id, commitment, at } = { entry: "", commitment: Buffer.alloc(0), at: "" }] = (
      await bench.database.pool.query<{ entry: string; commitment: Buffer; at: Date }>(
        "select entry, commitment, at from ledger_entries where operation = $1",
        [forged.operation],
      )
    ).rows;
    const heads = await readLeaves(db(), 0, head.size);
    const last = heads.findLast((leaf) => leaf.entry.stream === forged.stream);
    const time = Math.max(new Date(at).getTime(), head.lastTime ?? 0);
    const sequence = (last?.entry.sequence ?? 0) + 1;
    const previous = last?.hash ?? null;
    const { operation, kind, stream, actor } = forged;
    const leaf = leafOf(
      { operation, kind, stream, actor, commitment },
      { sequence, previous, time },
    );
    const hash = Buffer.from(hashLeaf(encodeEntry(leaf)));
    const frontier = Frontier.from(head.size, head.frontier);
    frontier.append(hash);
    await edit("delete from ledger_queue");
    await edit(
      "insert into ledger_leaves (index, entry, stream, sequence, previous, time, hash) values ($1, $2, $3, $4, $5, $6, $7)",
      [head.size, id, forged.stream, sequence, previous, new Date(time), hash],
    );
    await edit("update ledger_tree set size = $1, root = $2, frontier = $3, last_time = $4", [
      frontier.size,
      Buffer.from(frontier.root()),
      Buffer.concat(frontier.hashes),
      new Date(time),
    ]);
    return frontier.size;
  }

  beforeEach(async () => {
    await bench.workers[0]?.reconciler.stop();
    await bench.log().flush();
  });

  it("is not signed, and makes the server read-only until a person has recovered it", async () => {
    const size = await growByHand(entry("never happened"));
    await expect(testLog(db()).flush()).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringContaining("tree was written by somebody else"),
    });
    expect(Number((await newestCheckpoint(db()))?.size)).toBe(size - 1);
    expect(await verifyState(testLog(db()), db())).toMatchObject({
      ok: false,
      difference: { table: "ledger_tree", column: "mark" },
    });
    expect(await testLog(db()).open("1.0.0")).toContain("written by somebody else");
    await expect(tableLedger.append(db(), entry("x"))).rejects.toMatchObject({
      code: "unavailable",
    });
  });

  it("is not taken for one from before marks, once the log has said that it knows them", async () => {
    await growByHand(entry("never happened"));
    await edit("update ledger_tree set mark = null");
    expect(await testLog(db()).open("1.0.0")).toContain("written by somebody else");
    // Nor when what said it is gone.
    await edit("update ledger_tree set behind = null");
    await edit("alter table ledger_entries disable trigger user");
    await edit("delete from ledger_entries where kind = 'server.upgraded'");
    expect(await testLog(db()).open("1.0.0")).toContain("written by somebody else");
  });
});

it("a store from before marks is taken over as it stands, waiting entries too, and once", async () => {
  const old = await EngineBench.create();
  try {
    const { db: olds, pool } = old.database;
    await tableLedger.append(olds, entry("in the tree"));
    await old.log().flush();
    await tableLedger.append(olds, entry("waiting"), entry("waiting too"));
    await pool.query("update ledger_tree set mark = null; update ledger_queue set mark = null");
    const before = (await readTree(olds)).size;
    const notices: string[] = [];
    expect(await testLog(olds, notices).open("1.0.0")).toBeNull();
    expect(notices).toEqual([expect.stringContaining(`${before} in the tree and 2 on their way`)]);
    await old.log().flush();
    const leaves = await readLeaves(olds, 0, before + 3);
    expect(leaves.slice(before).map((leaf) => leaf.entry.operation)).toEqual([
      "waiting",
      "waiting too",
      "server/version/1",
    ]);
    expect(leaves.at(-1)?.opening?.payload).toMatchObject({
      marks: 1,
      taken: { entries: before, waiting: 2 },
    });
    await pool.query("update ledger_tree set mark = null");
    expect(await testLog(olds).open("1.0.0")).toContain("written by somebody else");
  } finally {
    await old.close();
  }
});
