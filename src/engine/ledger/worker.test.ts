import { EventEmitter } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CompiledQuery } from "kysely";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createMigratedDatabase } from "../../../test/support/database.ts";
import { testLog, until } from "../../../test/support/engine-bench.ts";
import type { Database } from "../../store/database.ts";
import { newestCheckpoint } from "../../store/queries/ledger-checkpoints.ts";
import { backlog } from "../../store/queries/ledger-tree.ts";
import { tableLedger } from "../../store/queries/ledger.ts";
import type { Schema } from "../../store/schema.ts";
import type { Engine } from "../engine.ts";
import { fileMirror } from "./mirror.ts";
import { LedgerWorker } from "./worker.ts";

let database: Database<Schema>;
let folder: string;
beforeEach(async () => {
  database = await createMigratedDatabase<Schema>();
  folder = mkdtempSync(join(tmpdir(), "ledger-"));
});
afterEach(async () => {
  await database.close();
  rmSync(folder, { recursive: true });
});

const entry = (operation: string) => ({
  operation,
  kind: "effect.intent",
  stream: "shop/dev",
  actor: "tidelock",
  payload: { operation },
});

it("gives what others committed its place without being told, and says so once it is signed", async () => {
  const { db } = database;
  const log = testLog(db);
  await log.open("1.0.0");
  const told: number[] = [];
  log.afterCheckpoint(({ size }) => void told.push(Number(size)));
  const signals: Engine["signals"] = new EventEmitter();
  const worker = new LedgerWorker({ db, log, signals, notice: () => undefined });
  worker.start();
  try {
    await until(
      () => newestCheckpoint(db),
      (seen) => Number(seen?.size) === 3,
    );
    await tableLedger.append(db, entry("silent"));
    await until(
      () => newestCheckpoint(db),
      (seen) => Number(seen?.size) === 4,
    );
    await tableLedger.append(db, entry("announced"));
    signals.emit("change");
    await until(
      () => newestCheckpoint(db),
      (seen) => Number(seen?.size) === 5,
    );
    expect((await backlog(db)).waiting).toBe(0);
    await until(
      () => told,
      (sizes) => sizes.length === 3,
    );
    expect(told).toEqual([3, 4, 5]);
  } finally {
    await worker.stop();
  }
});

it("takes no answer that was overtaken by its own later ones for a database that was put back", async () => {
  let overtaken: Promise<void> | undefined;
  const slow = new Proxy(database.db, {
    get(db, name) {
      const value: unknown = Reflect.get(db, name);
      if (name !== "executeQuery") return typeof value === "function" ? value.bind(db) : value;
      return async (query: CompiledQuery) => {
        // The one that is asked first, whichever is answered first.
        const held = overtaken;
        overtaken = undefined;
        const answer = await db.executeQuery(query);
        await held;
        return answer;
      };
    },
  });
  const log = testLog(slow);
  await log.open("1.0.0");
  await log.flush();
  let arrive = () => {};
  overtaken = new Promise<void>((resolve) => (arrive = resolve));
  const looking = log.checkWorld();
  await tableLedger.append(database.db, entry("meanwhile"));
  const { size } = (await log.flush()) ?? {};
  expect(Number(size)).toBe(4);
  arrive();
  expect(await looking).toBeNull();
  // Nor is what is known made older by it.
  expect(log.knownOutside()).toMatchObject({ size: 4 });
});

it("keeps the last checkpoint beside the database, and nothing of a damaged one", async () => {
  const path = join(folder, "checkpoint");
  const mirror = fileMirror(path);
  expect(mirror.read()).toBeNull();
  const log = testLog(database.db);
  await log.open("1.0.0");
  const checkpoint = await log.flush();
  mirror.write(checkpoint?.note ?? "");
  expect(mirror.read()?.size).toBe(3);
  mirror.write("torn by a power cut");
  expect(mirror.read()).toBeNull();
});

it("tells of a version that is another one than before, once", async () => {
  const { db } = database;
  for (const version of ["1.0.0", "1.0.0", "1.1.0", "1.0.0"]) await testLog(db).open(version);
  const rows = await db
    .selectFrom("ledger_entries")
    .select("payload")
    .where("kind", "=", "server.upgraded")
    .orderBy("entry")
    .execute();
  expect(rows.map(({ payload }) => payload)).toEqual([
    { from: null, to: "1.0.0", marks: 1 },
    { from: "1.0.0", to: "1.1.0", marks: 1 },
    { from: "1.1.0", to: "1.0.0", marks: 1 },
  ]);
});
