import { EventEmitter } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { aSigner } from "../../../../test/ledger/support.ts";
import { createMigratedDatabase } from "../../../../test/support/database.ts";
import { testLog } from "../../../../test/support/engine-bench.ts";
import { formatVerifierKey, noteKey, noteKeyTypes } from "../../../ledger/note.ts";
import type { LedgerOutside } from "../../../ports/ledger-outside.ts";
import type { Database } from "../../../store/database.ts";
import { everyLogKey } from "../../../store/queries/ledger-outside.ts";
import { tableLedger } from "../../../store/queries/ledger.ts";
import type { Schema } from "../../../store/schema.ts";
import type { Engine } from "../../engine.ts";
import { makeLedgerOutside } from "./control.ts";

let database: Database<Schema>;
let outside: LedgerOutside;
let folder: string;
let log: Engine["log"];
const somebody = { id: "operator" };
const key = formatVerifierKey(aSigner("witness.example/w1", noteKeyTypes.cosignature).key);
const witness = { key, url: "http://127.0.0.1:7430/w1/", operator: "example.org" };

beforeEach(async () => {
  database = await createMigratedDatabase<Schema>();
  folder = mkdtempSync(join(tmpdir(), "tidelock-outside-"));
  log = testLog(database.db);
  await log.open("1.0.0");
  const signals: Engine["signals"] = new EventEmitter();
  outside = makeLedgerOutside({ db: database.db, ledger: tableLedger, log, signals } as Engine);
});
afterEach(async () => {
  await database.close();
  rmSync(folder, { recursive: true, force: true });
});

async function kinds(): Promise<string[]> {
  const rows = await database.db
    .selectFrom("ledger_entries")
    .select("kind")
    .where("kind", "~", "^(witness|anchor)")
    .orderBy("entry")
    .execute();
  return rows.map((row) => row.kind);
}

describe("witnesses and anchors", () => {
  it("come, are listed and go, each time with an entry of the ledger", async () => {
    const added = await outside.addWitness(somebody, witness);
    expect(added).toMatchObject({
      name: "witness.example/w1",
      url: "http://127.0.0.1:7430/w1",
      cosigned: null,
    });
    await outside.addAnchor(somebody, {
      name: "nas",
      settings: { kind: "file", folder },
      everyMs: 5,
    });
    expect(await outside.listWitnesses()).toEqual([{ ...added, lastAnswer: null }]);
    log.noteAnswer("witness witness.example/w1", "it does not answer");
    const [asked] = await outside.listWitnesses();
    expect(asked?.lastAnswer).toMatchObject({ trouble: "it does not answer" });
    expect(await outside.listAnchors()).toMatchObject([
      { name: "nas", everyMs: 5, anchored: null },
    ]);
    await outside.removeWitness(somebody, added.name);
    await outside.removeAnchor(somebody, "nas");
    expect([await outside.listWitnesses(), await outside.listAnchors()]).toEqual([[], []]);
    await outside.addWitness(somebody, { ...witness, operator: "another" });
    expect(await outside.listWitnesses()).toMatchObject([{ operator: "another" }]);
    expect(await kinds()).toEqual([
      "witness.added",
      "anchor.added",
      "witness.removed",
      "anchor.removed",
      "witness.added",
    ]);
  });

  it("are there once, and nothing that is not there is removed", async () => {
    await outside.addWitness(somebody, witness);
    await expect(outside.addWitness(somebody, witness)).rejects.toThrow(/already/);
    await expect(outside.removeWitness(somebody, "x")).rejects.toThrow(/no witness x/);
    await expect(outside.removeAnchor(somebody, "x")).rejects.toThrow(/no anchor x/);
    expect(await kinds()).toEqual(["witness.added"]);
  });

  it("that cannot be ones are refused, and leave nothing behind", async () => {
    const plain = formatVerifierKey(aSigner("witness.example/w1").key);
    const [own] = await everyLogKey(database.db);
    const { cosignature } = noteKeyTypes;
    const log = formatVerifierKey(noteKey("independent", cosignature, Uint8Array.from(own ?? [])));
    for (const change of [
      { key: plain },
      { key: log },
      { key: "nonsense" },
      { url: "ftp://127.0.0.1/" },
      { url: "http://user:secret@127.0.0.1/" },
      { url: "http://127.0.0.1/?a=1" },
      { url: "127.0.0.1:80" },
    ]) {
      await expect(outside.addWitness(somebody, { ...witness, ...change })).rejects.toMatchObject({
        code: "invalid-input",
      });
    }
    const nowhere = { kind: "file", folder: join(folder, "missing") } as const;
    await expect(
      outside.addAnchor(somebody, { name: "nas", settings: nowhere, everyMs: 0 }),
    ).rejects.toThrow(/not there/);
    expect(await kinds()).toEqual([]);
  });
});
