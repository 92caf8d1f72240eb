import { createHmac } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { EngineBench } from "../../../test/support/engine-bench.ts";
import { canonicalJson } from "../../model/canonical.ts";
import { announce, eventsAfter, sequenceEvents } from "../../store/queries/events.ts";
import { tableLedger } from "../../store/queries/ledger.ts";

let bench: EngineBench;
beforeEach(async () => {
  bench = await EngineBench.create({ keys: false });
});
afterEach(() => bench.close());

const entry = (operation: string, stream = "shop/dev") => ({
  operation,
  kind: "effect.intent",
  stream,
  actor: "tidelock",
  payload: { operation },
});

describe("the ledger", () => {
  it("writes one operation and kind once, whoever writes, and queues it once for the tree", async () => {
    const { db } = bench.database;
    const names = Array.from({ length: 20 }, (_, place) => `operation-${place % 10}`);
    await Promise.all(
      names.map((name) => db.transaction().execute((tx) => tableLedger.append(tx, entry(name)))),
    );
    const rows = await db
      .selectFrom("ledger_entries")
      .select(["entry", "operation"])
      .orderBy("entry")
      .execute();
    expect(rows).toHaveLength(10);
    expect(new Set(rows.map((row) => row.operation)).size).toBe(10);
    const queue = await db.selectFrom("ledger_queue").selectAll().orderBy("entry").execute();
    expect(queue.map((row) => row.entry)).toEqual(rows.map((row) => row.entry));
  });

  it("keeps the order of entries that are written together, and nothing of a rollback", async () => {
    const { db } = bench.database;
    await db.transaction().execute((tx) => tableLedger.append(tx, entry("a"), entry("b")));
    await db
      .transaction()
      .execute(async (tx) => {
        await tableLedger.append(tx, entry("c"));
        throw new Error("changed our mind");
      })
      .catch(() => undefined);
    await tableLedger.append(db, entry("d"));
    const rows = await db.selectFrom("ledger_entries").selectAll().orderBy("entry").execute();
    expect(rows.map((row) => row.operation)).toEqual(["a", "b", "d"]);
  });

  it("names people by a pseudonym that is the same next time, and its own programs by name", async () => {
    const { db } = bench.database;
    const by = (actor: string, operation: string) => ({ ...entry(operation), actor });
    await tableLedger.append(db, by("anna", "a"), by("tidelock", "b"), by("agent", "c"));
    await tableLedger.append(db, by("anna", "d"), by("bert", "e"));
    const rows = await db
      .selectFrom("ledger_entries")
      .select("actor")
      .where("kind", "!=", "person.met")
      .orderBy("entry")
      .execute();
    const [anna, program, agent, again, bert] = rows.map(({ actor }) => actor);
    expect([program, agent]).toEqual(["tidelock", "agent"]);
    expect(anna).toMatch(/^person:[0-9a-f]{32}$/);
    expect(again).toBe(anna);
    expect(bert).not.toBe(anna);
  });

  it("commits to the payload: salt and payload give the commitment again", async () => {
    const { db } = bench.database;
    await tableLedger.append(db, entry("a"));
    const row = await db.selectFrom("ledger_entries").selectAll().executeTakeFirstOrThrow();
    const again = createHmac("sha256", row.salt ?? "")
      .update(canonicalJson(row.payload))
      .digest();
    expect(again.equals(row.commitment)).toBe(true);
  });

  it("refuses a payload that no entry can hold", async () => {
    const big = { ...entry("a"), payload: { text: "x".repeat(60_000) } };
    await expect(tableLedger.append(bench.database.db, big)).rejects.toMatchObject({
      code: "invalid-input",
    });
  });

  it("lets payload and salt be erased together, and nothing else be changed", async () => {
    const { db, pool } = bench.database;
    await tableLedger.append(db, entry("a"));
    for (const change of [
      "payload = null",
      "salt = null",
      "payload = null, salt = null, kind = 'x'",
    ])
      await expect(pool.query(`update ledger_entries set ${change}`)).rejects.toThrow();
    await pool.query("update ledger_entries set payload = null, salt = null");
    expect(await db.selectFrom("ledger_entries").select(["salt", "payload"]).execute()).toEqual([
      { salt: null, payload: null },
    ]);
    await expect(pool.query("update ledger_entries set salt = '\\x00'")).rejects.toThrow();
  });

  it.each([
    "update ledger_entries set actor = 'nobody'",
    "delete from ledger_entries",
    "truncate ledger_entries cascade",
  ])("refuses: %s", async (statement) => {
    await tableLedger.append(bench.database.db, entry("a"));
    await expect(bench.database.pool.query(statement)).rejects.toThrow("append-only");
  });
});

describe("events", () => {
  it("of a transaction that commits late get an id above all that were read before", async () => {
    const { db } = bench.database;
    let late: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (late = resolve));
    const slow = db.transaction().execute(async (tx) => {
      await announce(tx, { kind: "slow", message: "written first, committed last" });
      await gate;
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
    await announce(db, { kind: "quick", message: "committed first" });
    const head = await sequenceEvents(db);
    const seen = await eventsAfter(db, { after: 0, limit: 10 });
    expect(seen.map((event) => event.kind)).toEqual(["quick"]);
    late();
    await slow;
    await sequenceEvents(db);
    const rest = await eventsAfter(db, { after: head, limit: 10 });
    expect(rest.map((event) => event.kind)).toEqual(["slow"]);
  });

  it("are numbered densely by any number of readers, and none is lost or doubled", async () => {
    const { db } = bench.database;
    const collected: number[] = [];
    let after = 0;
    let writing = true;
    const reader = (async () => {
      for (;;) {
        const last = !writing;
        await sequenceEvents(db);
        const found = await eventsAfter(db, { after, limit: 1_000 });
        collected.push(...found.map((event) => event.id));
        after = found.at(-1)?.id ?? after;
        if (last) return;
      }
    })();
    const writers = Array.from({ length: 8 }, async (_, place) => {
      for (let count = 0; count < 10; count += 1) {
        await announce(db, { kind: "note", message: `${place}/${count}` });
        await sequenceEvents(db);
      }
    });
    await Promise.all(writers);
    writing = false;
    await reader;
    expect(collected).toEqual(Array.from({ length: 80 }, (_, place) => place + 1));
  });
});
