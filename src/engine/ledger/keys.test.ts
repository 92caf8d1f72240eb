import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createMigratedDatabase } from "../../../test/support/database.ts";
import { parseNote } from "../../ledger/note.ts";
import { verifyCheckpoint } from "../../ledger/checkpoint.ts";
import { noteKey, noteKeyTypes } from "../../ledger/note.ts";
import type { Database } from "../../store/database.ts";
import { keyIdOf } from "../../store/ledger-keys.ts";
import { readTree } from "../../store/queries/ledger-tree.ts";
import { tableLedger } from "../../store/queries/ledger.ts";
import type { Schema } from "../../store/schema.ts";
import type { Engine } from "../engine.ts";
import { LedgerLog } from "./log.ts";
import { fileMirror } from "./mirror.ts";
import { recoverLedger } from "./recover.ts";
import { verifyState } from "./verify-state.ts";

let database: Database<Schema>;
let folder: string;

beforeEach(async () => {
  database = await createMigratedDatabase<Schema>();
  folder = mkdtempSync(join(tmpdir(), "tidelock-keys-"));
});
afterEach(async () => {
  await database.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A server on this data directory; another one is the same started anew. */
function server(files: { log?: string; evidence?: string } = {}, db = database.db): LedgerLog {
  let master: Buffer | undefined = Buffer.alloc(32, 7);
  return new LedgerLog({
    db,
    ledger: tableLedger,
    keys: { master: { read: () => master, make: () => (master = Buffer.alloc(32, 7)) }, files },
    mirror: fileMirror(join(folder, "ledger-checkpoint")),
    notice: () => undefined,
  });
}

/** As the documentation says: `openssl genpkey`. */
function keyFile(name: string, ...before: string[]): string {
  const path = join(folder, name);
  execFileSync("openssl", ["genpkey", "-algorithm", "ed25519", "-out", path]);
  const blocks = [readFileSync(path, "utf8"), ...before.map((file) => readFileSync(file, "utf8"))];
  writeFileSync(path, blocks.join(""), { mode: 0o600 });
  chmodSync(path, 0o600);
  return path;
}

async function write(log: LedgerLog, operation: string, db = database.db): Promise<string> {
  await tableLedger.append(db, {
    operation,
    kind: "secret.read",
    stream: "shop/dev",
    actor: "operator",
    payload: {},
  });
  return (await log.flush())?.note ?? "";
}

const keyRows = () =>
  database.db.selectFrom("ledger_keys").selectAll().where("use", "=", "log").execute();
const signatures = (note: string) => parseNote(note).signatures.length;

async function states(): Promise<readonly string[]> {
  const rows = await keyRows();
  return rows.map((row) => (row.retired_at ? "retired" : row.signs_until ? "ending" : "active"));
}

describe("keys that are given from outside", () => {
  it("sign, lie nowhere in the database, and are changed in their file with an overlap", async () => {
    const first = keyFile("first.pem");
    const one = server({ log: first });
    await one.open("1.0.0");
    expect(signatures(await write(one, "a"))).toBe(1);
    expect((await keyRows()).map(({ sealed }) => sealed)).toEqual([null]);
    await expect(one.keys.rotate("operator", "log")).rejects.toMatchObject({ code: "conflict" });

    const both = keyFile("both.pem", first);
    const two = server({ log: both });
    await two.open("1.0.0");
    expect(signatures(await write(two, "b"))).toBe(2);
    // What the file holds no more has signed for the last time.
    const [newest = ""] = readFileSync(both, "utf8").split(/(?<=END PRIVATE KEY-----\n)/);
    writeFileSync(join(folder, "last.pem"), newest, { mode: 0o600 });
    const three = server({ log: join(folder, "last.pem") });
    await three.open("1.0.0");
    expect(signatures(await write(three, "c"))).toBe(1);
    await three.keys.retireDue();
    expect((await states()).toSorted()).toEqual(["active", "retired"]);
    expect(await verifyState(three, database.db)).toMatchObject({ ok: true });
  });

  it("take over from sealed ones, which sign beside them for the overlap", async () => {
    const sealed = server();
    await sealed.open("1.0.0");
    await write(sealed, "a");
    const given = server({ log: keyFile("given.pem") });
    await given.open("1.0.0");
    expect(signatures(await write(given, "b"))).toBe(2);
    expect((await states()).toSorted()).toEqual(["active", "ending"]);
    expect(await verifyState(given, database.db)).toMatchObject({ ok: true });
  });

  it("that are not here stop the signing, and say which file is missing", async () => {
    const path = keyFile("given.pem");
    await server({ log: path }).open("1.0.0");
    rmSync(path);
    await expect(write(server(), "a")).rejects.toMatchObject({
      code: "unavailable",
      where: "the key file that was given from outside",
    });
  });

  it.each([
    ["that others may read", (path: string) => chmodSync(path, 0o644), /others may read it/],
    ["with no key in it", (path: string) => writeFileSync(path, "x"), /no PKCS#8 private key/],
    [
      "with a key of another kind",
      (path: string) =>
        void execFileSync("openssl", ["genpkey", "-algorithm", "x25519", "-out", path]),
      /no Ed25519 key/,
    ],
    ["that is not there", (path: string) => rmSync(path), /ENOENT/],
  ])("in a file %s are refused before anything is written", async (_, spoil, why) => {
    const path = keyFile("given.pem");
    spoil(path);
    await expect(server({ log: path }).open("1.0.0")).rejects.toMatchObject({
      code: "invalid-input",
      where: path,
      message: expect.stringMatching(why) as string,
    });
    expect(await keyRows()).toEqual([]);
  });
});

describe("a key whose overlap is over", () => {
  it("is retired: signs nothing more, and what it signed is still believed", async () => {
    const log = server();
    await log.open("1.0.0");
    const old = await write(log, "a");
    // Long enough for a busy machine to write in between.
    await log.keys.rotate("operator", "log", 3_000);
    expect(signatures(await write(log, "b"))).toBe(2);
    const retired = async () => {
      await log.keys.retireDue();
      return (await states()).toSorted().join();
    };
    await expect.poll(retired, { timeout: 20_000 }).toBe("active,retired");
    const after = await write(log, "c");
    expect(signatures(after)).toBe(1);

    const { origin } = await readTree(database.db);
    const rows = await keyRows();
    const keyOf = (state: "retired" | "active") => {
      const row = rows.find(({ retired_at: at }) => (at === null) === (state === "active"));
      return noteKey(origin, noteKeyTypes.ed25519, row?.public_key ?? new Uint8Array(32));
    };
    expect(verifyCheckpoint(old, { origin, keys: [keyOf("retired")] }).ok).toBe(true);
    expect(verifyCheckpoint(after, { origin, keys: [keyOf("retired")] }).ok).toBe(false);
    expect(verifyCheckpoint(after, { origin, keys: [keyOf("active")] }).ok).toBe(true);
    const said = await database.db
      .selectFrom("ledger_entries")
      .select(["kind", "operation"])
      .where("kind", "in", ["key.ending", "key.retired"])
      .orderBy("entry")
      .execute();
    const id = keyIdOf(keyOf("retired").publicKey);
    expect(said).toEqual([
      { kind: "key.ending", operation: `key/log/${id}/2` },
      { kind: "key.retired", operation: `key/log/${id}/3` },
    ]);
    expect(await verifyState(log, database.db)).toMatchObject({ ok: true });
  });
});

describe("a database backup that is older than the keys", () => {
  it("is read-only until a person recovers it: then it gets new keys and goes on as a successor", async () => {
    const log = server();
    await log.open("1.0.0");
    await write(log, "a");
    // As the database was before its first server: its tables, its id, and nothing in them.
    await database.pool.query(`
      alter table ledger_keys disable trigger user;
      alter table ledger_entries disable trigger user;
      alter table ledger_leaves disable trigger user;
      alter table ledger_checkpoints disable trigger user;
      delete from ledger_keys; delete from ledger_leaves; delete from ledger_queue;
      delete from ledger_entries; delete from ledger_checkpoints; delete from ledger_people;
      update ledger_tree set size = 0, root = sha256(''), frontier = '', last_time = null;
      update store set program_version = null, program_changes = 0`);
    const started = server();
    expect(await started.open("1.0.0")).toMatch(/holds 0 entries .* was put back/);
    expect(await keyRows()).toEqual([]);
    await expect(write(started, "b")).rejects.toThrow(/read-only/);

    const said = await recoverLedger(engineOf(started), { id: "operator" });
    expect(said).toMatch(/goes on as tidelock\/[0-9a-f-]+\/2/);
    expect(await states()).toEqual(["active"]);
    const note = await write(started, "c");
    expect(note.split("\n")[0]).toMatch(/\/2$/);
    expect(await verifyState(started, database.db)).toMatchObject({ ok: true });
    expect(await server().open("1.0.0")).toBeNull();
  });
});

function engineOf(log: LedgerLog): Engine {
  const signals = { emit: () => true };
  return { db: database.db, ledger: tableLedger, log, signals } as unknown as Engine;
}
