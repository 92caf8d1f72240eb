import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createMigratedDatabase } from "../../../test/support/database.ts";
import { commit } from "../../ledger/entry.ts";
import { toHex } from "../../ledger/bytes.ts";
import type { LedgerEntry } from "../../ports/ledger.ts";
import type { Database } from "../database.ts";
import type { Schema } from "../schema.ts";
import { tableLedger } from "./ledger.ts";

let database: Database<Schema>;
beforeAll(async () => {
  database = await createMigratedDatabase<Schema>();
});
afterAll(() => database.close());

const entry = (operation: string, more: Partial<LedgerEntry> = {}): LedgerEntry => ({
  operation,
  kind: "effect.intent",
  stream: "shop/dev",
  actor: "tidelock",
  payload: { operation },
  ...more,
});

const rows = () => database.db.selectFrom("ledger_entries").selectAll().orderBy("entry").execute();

describe("an append", () => {
  it("writes what was given, one or many, each under a salt of its own, and once", async () => {
    const odd = 'ä "quoted", {braces}, \\ and \n';
    await tableLedger.append(database.db, entry(odd, { payload: { odd, none: null } }));
    await tableLedger.append(database.db, entry("b"), entry(odd), entry(`${odd}2`), entry("b"));
    await tableLedger.append(database.db, entry("b", { payload: { another: 1 } }));
    const written = await rows();
    expect(written.map(({ operation }) => operation)).toEqual([odd, "b", `${odd}2`]);
    for (const { salt, payload, commitment } of written) {
      expect(commit(salt ?? new Uint8Array(), payload ?? {})).toBe(
        `hmac-sha256:${toHex(commitment)}`,
      );
    }
    expect(new Set(written.map(({ salt }) => salt?.toString("hex"))).size).toBe(3);
    const queue = await database.db.selectFrom("ledger_queue").select("entry").execute();
    expect(queue.map((one) => one.entry).toSorted()).toEqual(written.map((one) => one.entry));
  });

  it.each([
    ["no operation", { operation: "" }, "invalid-input"],
    ["a long operation", { operation: "x".repeat(1_025) }, "invalid-input"],
    ["an operation that is no Unicode", { operation: "x\ud800" }, "invalid-input"],
    ["a long stream", { stream: "x".repeat(513) }, "invalid-input"],
    ["a kind that is none", { kind: "Effect Intent" }, "internal"],
    ["a big payload", { payload: { big: "x".repeat(60_000) } }, "invalid-input"],
  ])("refuses %s, and the transaction with it", async (_, more, code) => {
    const before = (await rows()).length;
    const appended = database.db.transaction().execute(async (tx) => {
      await tableLedger.append(tx, entry(`beside ${code}`));
      await tableLedger.append(tx, entry("unfit", more));
    });
    await expect(appended).rejects.toMatchObject({ code });
    expect(await rows()).toHaveLength(before);
  });

  it("writes nothing while this database is known to be older than the world", async () => {
    const { db } = database;
    await db.updateTable("ledger_tree").set({ behind: "put back" }).execute();
    const before = (await rows()).length;
    for (const entries of [[entry("late")], [entry("late"), entry("later")]]) {
      await expect(tableLedger.append(db, ...entries)).rejects.toMatchObject({
        code: "unavailable",
      });
    }
    const inside = db.transaction().execute((tx) => tableLedger.append(tx, entry("inside")));
    await expect(inside).rejects.toMatchObject({ code: "unavailable" });
    expect(await rows()).toHaveLength(before);
    await db.updateTable("ledger_tree").set({ behind: null }).execute();
  });
});
