import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createMigratedDatabase } from "../../../test/support/database.ts";
import type { Lane } from "../../model/primitives.ts";
import type { Database } from "../../store/database.ts";
import type { Schema, Tx } from "../../store/schema.ts";
import { secretTable } from "../../store/secret-table.ts";
import { LocalSecrets } from "./local-secrets.ts";
import { seal, unseal } from "./seal.ts";

let database: Database<Schema>;
let folder: string;
let keyFile: string;
let secrets: LocalSecrets<Tx>;

const production: Lane = { service: "shop", environment: "production" };
const staging: Lane = { service: "shop", environment: "staging" };
const value = "hunter2-very-secret";

beforeAll(async () => {
  database = await createMigratedDatabase<Schema>();
});

afterAll(() => database.close());

beforeEach(async () => {
  await database.db.deleteFrom("secrets").execute();
  folder = mkdtempSync(join(tmpdir(), "secrets-"));
  keyFile = join(folder, "secrets.key");
  secrets = new LocalSecrets(secretTable(database.db), keyFile);
  return () => rmSync(folder, { recursive: true });
});

const put = (name: string, text: string, lane = production) =>
  database.db
    .transaction()
    .execute((tx) => secrets.put(tx, lane, { name, value: text, actor: "operator" }));
const resolve = (name: string, version?: string, lane = production) =>
  secrets.resolve(lane, { provider: "local", name, ...(version && { version }) });

describe("LocalSecrets", () => {
  it("gives back every version that was put, and the newest without one", async () => {
    expect(await put("TOKEN", "first")).toEqual({ name: "TOKEN", version: "1" });
    expect(await put("TOKEN", "second")).toEqual({ name: "TOKEN", version: "2" });
    await put("TOKEN", "elsewhere", staging);
    expect(await resolve("TOKEN")).toBe("second");
    expect(await resolve("TOKEN", "1")).toBe("first");
    expect(await secrets.list(production)).toEqual([
      { name: "TOKEN", version: "2", createdAt: expect.any(String) as string },
    ]);
  });

  it("gives two operators at once two versions", async () => {
    const versions = await Promise.all(["a", "b", "c"].map((text) => put("TOKEN", text)));
    expect(versions.map(({ version }) => version).sort()).toEqual(["1", "2", "3"]);
  });

  it("keeps nothing when the caller's transaction fails", async () => {
    const failing = database.db.transaction().execute(async (tx) => {
      await secrets.put(tx, production, { name: "TOKEN", value, actor: "operator" });
      throw new Error("the ledger refused");
    });
    await expect(failing).rejects.toThrow("the ledger refused");
    await expect(resolve("TOKEN")).rejects.toMatchObject({ code: "not-found" });
  });

  it("keeps its key private and the value out of the database", async () => {
    await put("TOKEN", value);
    expect(statSync(keyFile).mode & 0o777).toBe(0o600);
    const rows = await database.db.selectFrom("secrets").selectAll().execute();
    const stored = rows.map((row) => row.sealed.toString("latin1")).join();
    expect(JSON.stringify(rows) + stored).not.toContain(value);
  });

  it("refuses a ciphertext that was moved to another name, version or lane", async () => {
    await put("A", value);
    await put("B", "other");
    await put("A", "newer");
    const { sealed } = await database.db
      .selectFrom("secrets")
      .select("sealed")
      .where("name", "=", "A")
      .where("version", "=", 1)
      .executeTakeFirstOrThrow();
    await put("A", "elsewhere", staging);
    await database.db.updateTable("secrets").set({ sealed }).execute();
    expect(await resolve("A", "1")).toBe(value);
    const moved = [resolve("B"), resolve("A", "2"), resolve("A", "1", staging)];
    for (const failure of await Promise.allSettled(moved)) {
      expect(failure).toMatchObject({ reason: { code: "digest-mismatch" } });
      expect(
        JSON.stringify(failure) + String((failure as { reason: Error }).reason.stack),
      ).not.toContain(value);
    }
  });

  it("says that the key is another one, or gone, and never makes a new one beside stored secrets", async () => {
    await put("TOKEN", value);
    rmSync(keyFile);
    await expect(resolve("TOKEN")).rejects.toMatchObject({ code: "not-found", where: keyFile });
    await expect(put("OTHER", value)).rejects.toMatchObject({ code: "not-found", where: keyFile });
    writeFileSync(keyFile, "00".repeat(32), { mode: 0o600 });
    await expect(resolve("TOKEN")).rejects.toMatchObject({ code: "incompatible", where: keyFile });
  });

  it("refuses a key that others may read, or that is damaged", async () => {
    await put("TOKEN", value);
    chmodSync(keyFile, 0o644);
    await expect(resolve("TOKEN")).rejects.toThrow("other users may read the key");
    chmodSync(keyFile, 0o600);
    writeFileSync(keyFile, "short");
    await expect(resolve("TOKEN")).rejects.toThrow("damaged");
  });

  it("names what is missing, with the command that sets it", async () => {
    await expect(resolve("TOKEN")).rejects.toMatchObject({
      code: "not-found",
      message: "there is no secret TOKEN for shop/production",
      hint: "set it with: tidelock secret set TOKEN --service shop --environment production",
    });
    await put("TOKEN", value);
    await expect(resolve("TOKEN", "2")).rejects.toThrow("TOKEN version 2");
    await expect(resolve("TOKEN", "1; drop table")).rejects.toMatchObject({ code: "not-found" });
  });
});

describe("seal", () => {
  const place = fc.record({
    lane: fc.constantFrom(production, staging),
    name: fc.string({ minLength: 1, unit: "grapheme" }),
    version: fc.integer({ min: 1, max: 1_000_000 }),
  });
  const key = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes));

  it("is undone by unseal, and hides equal values", () => {
    fc.assert(
      fc.property(key, place, fc.string({ unit: "grapheme" }), (bytes, where, text) => {
        const sealed = seal(bytes, where, text);
        expect(unseal(bytes, where, sealed)).toBe(text);
        expect(seal(bytes, where, text).equals(sealed)).toBe(false);
      }),
    );
  });

  it("gives nothing back when any bit was changed or any byte is missing", () => {
    fc.assert(
      fc.property(key, place, fc.string(), fc.nat(), fc.nat(7), (bytes, where, text, at, bit) => {
        const sealed = seal(bytes, where, text);
        const index = at % sealed.length;
        const cut = sealed.subarray(0, index);
        expect(() => unseal(bytes, where, cut)).toThrow("was changed");
        sealed[index] = (sealed[index] ?? 0) ^ (1 << bit);
        expect(() => unseal(bytes, where, sealed)).toThrow("was changed");
      }),
    );
  });
});
