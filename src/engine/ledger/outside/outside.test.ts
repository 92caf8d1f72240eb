import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { copyDatabase, createMigratedDatabase } from "../../../../test/support/database.ts";
import { testLog } from "../../../../test/support/engine-bench.ts";
import { type RunningWitness, startWitness } from "../../../../test/support/witness.ts";
import { judgeCheckpoints } from "../../../ledger/divergence.ts";
import { parseEvidence } from "../../../ledger/evidence-file.ts";
import { assess } from "../../../ledger/quorum.ts";
import { TrustRoot } from "../../../model/trust.ts";
import { verifyCheckpoint } from "../../../ledger/checkpoint.ts";
import { type NoteKey, formatVerifierKey, noteKey, noteKeyTypes } from "../../../ledger/note.ts";
import { cosignedNote } from "../../../reports/pack-history.ts";
import type { Database } from "../../../store/database.ts";
import { newestCheckpoint } from "../../../store/queries/ledger-checkpoints.ts";
import {
  endWitness,
  everyLogKey,
  listAnchors,
  listWitnesses,
  putAnchor,
  putWitness,
} from "../../../store/queries/ledger-outside.ts";
import { readTree } from "../../../store/queries/ledger-tree.ts";
import { tableLedger } from "../../../store/queries/ledger.ts";
import type { Schema } from "../../../store/schema.ts";
import type { Engine } from "../../engine.ts";
import { recoverLedger } from "../recover.ts";
import type { LedgerLog } from "../log.ts";
import { OutsideWorker } from "./outside-worker.ts";

type TestDatabase = Database<Schema> & { readonly databaseUrl: string };

/** Two cores and several servers: what happens at once may take a while here. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  await expect.poll(holds, { timeout: 15_000, interval: 20 }).toBe(true);
}

/** A log with some entries, to which nobody is connected: its state of yesterday. */
let backup: string;
let origin: string;
let key: NoteKey;

beforeAll(async () => {
  const database = await createMigratedDatabase<Schema>();
  const log = testLog(database.db);
  await log.open("1.0.0");
  await write(database, log, "yesterday");
  ({ origin } = await readTree(database.db));
  const [publicKey] = await everyLogKey(database.db);
  key = noteKey(origin, noteKeyTypes.ed25519, Uint8Array.from(publicKey ?? []));
  backup = database.databaseUrl;
  await database.db.destroy();
});

async function write({ db }: TestDatabase, log: LedgerLog, operation: string): Promise<number> {
  await tableLedger.append(db, {
    operation,
    kind: "decision.made",
    stream: "shop/dev",
    actor: "tidelock",
    payload: { operation },
  });
  const checkpoint = await log.flush();
  return Number(checkpoint?.size);
}

interface Server {
  readonly database: TestDatabase;
  readonly log: LedgerLog;
  readonly notices: string[];
  readonly worker: OutsideWorker;
}

const evidence: string[] = [];
const open: (() => Promise<void>)[] = [];
let witness: RunningWitness;
let folder: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "tidelock-outside-"));
  witness = await startWitness({ logs: [formatVerifierKey(key)], name: "witness.example/w1" });
});

afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close();
  await witness.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** The backup, and a server that works on it. */
async function restored(): Promise<Server> {
  const database = await copyDatabase<Schema>(backup);
  open.push(() => database.close());
  const notices: string[] = [];
  const log = testLog(database.db, notices);
  const notice = (message: string) => void notices.push(message);
  const pace = { gatherMs: 5, retryMs: 100, patienceMs: 200 };
  evidence.length = 0;
  const keepEvidence = (text: string) => `evidence ${evidence.push(text)}`;
  const worker = new OutsideWorker({ db: database.db, log, notice, keepEvidence }, pace);
  open.push(() => worker.stop());
  return { database, log, notices, worker };
}

async function knowOutside({ db }: TestDatabase, url = witness.url): Promise<void> {
  const { name } = witness.key;
  await putWitness(db, { name, key: witness.vkey, url, operator: "somebody else" });
  const settings = { place: { kind: "file", folder }, everyMs: 0 };
  await putAnchor(db, { name: "elsewhere", kind: "file", settings });
}

const cosignedSize = async ({ db }: TestDatabase) =>
  Number((await listWitnesses(db))[0]?.size ?? 0);
const anchoredSize = async ({ db }: TestDatabase) => Number((await listAnchors(db))[0]?.size ?? 0);

describe("the log's checkpoints", () => {
  it("are cosigned and anchored soon after they are made, each continuing the last", async () => {
    const { database, log, worker } = await restored();
    await knowOutside(database);
    worker.start();
    for (const operation of ["a", "b", "c"]) {
      const size = await write(database, log, operation);
      await until(async () => (await cosignedSize(database)) === size);
      await until(async () => (await anchoredSize(database)) === size);
      const checkpoint = await newestCheckpoint(database.db);
      const note = (await cosignedNote(database.db, checkpoint?.log ?? 0, size)) ?? "";
      expect(verifyCheckpoint(note, { origin, keys: [key] }, [witness.key])).toMatchObject({
        ok: true,
        checkpoint: { size, cosignedBy: [{ key: witness.key }] },
      });
    }
    const [anchored] = await listAnchors(database.db);
    expect(anchored?.place).toMatch(/\.checkpoint$/);
  });

  it("wait for a witness that is away, while the others go on", async () => {
    const { database, log, notices, worker } = await restored();
    await witness.stop();
    await knowOutside(database);
    worker.start();
    const size = await write(database, log, "a");
    await until(async () => (await anchoredSize(database)) === size);
    await until(async () =>
      notices.some((text) => /witness.example\/w1 does not answer/.test(text)),
    );
    expect((await readTree(database.db)).behind).toBeNull();
    witness = await startWitness({ logs: [formatVerifierKey(key)], name: "another" });
    expect(notices.filter((text) => /does not answer/.test(text))).toHaveLength(1);
  });

  it("are not shown to a witness that was removed", async () => {
    const { database, log, worker } = await restored();
    await knowOutside(database);
    expect(await endWitness(database.db, witness.key.name)).toBe(true);
    worker.start();
    const size = await write(database, log, "a");
    await until(async () => (await anchoredSize(database)) === size);
    expect(await listWitnesses(database.db)).toEqual([]);
  });
});

/** A witness that takes connections and never answers. */
async function silentUrl(): Promise<string> {
  const silent = createServer(() => undefined).listen(0, "127.0.0.1");
  await once(silent, "listening");
  open.push(async () => {
    silent.closeAllConnections();
    silent.close();
  });
  return `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
}

describe("with two witnesses, one of which never answers, the log's checkpoints", () => {
  it("are cosigned by the other one, each in its own time, and anchored", async () => {
    const { database, log, worker } = await restored();
    await knowOutside(database);
    const slow = { name: "witness.example/slow", url: await silentUrl(), operator: "third" };
    const cosigner = noteKey(slow.name, noteKeyTypes.cosignature, key.publicKey);
    await putWitness(database.db, { ...slow, key: formatVerifierKey(cosigner) });
    worker.start();
    const begun = performance.now();
    for (const operation of ["a", "b", "c"]) {
      const size = await write(database, log, operation);
      await until(async () =>
        (await listWitnesses(database.db)).some((one) => Number(one.size) === size),
      );
      await until(async () => (await anchoredSize(database)) === size);
    }
    // One exchange with the slow one takes ten seconds.
    expect(performance.now() - begun).toBeLessThan(9_000);
  });

  it("do not reach a quorum of two, which the reader is told, and a quorum of one", async () => {
    const { database, log, worker } = await restored();
    await knowOutside(database);
    worker.start();
    const size = await write(database, log, "a");
    await until(async () => (await cosignedSize(database)) === size);
    const note = (await cosignedNote(database.db, 1, size)) ?? "";
    const away = noteKey("witness.example/away", noteKeyTypes.cosignature, key.publicKey);
    const trust = (quorum: number) =>
      TrustRoot.parse({
        kind: "TrustRoot",
        formatVersion: 1,
        log: { origin, keys: [formatVerifierKey(key)], operator: "us" },
        witnesses: [
          { key: witness.vkey, operator: "somebody else" },
          { key: formatVerifierKey(away), operator: "third" },
        ],
        quorum,
      });
    expect(assess(Buffer.from(note), trust(1), [])).toMatchObject({
      ok: true,
      assurance: { grade: "witnessed", operators: ["somebody else"] },
    });
    expect(assess(Buffer.from(note), trust(2), [])).toMatchObject({
      ok: false,
      problem: expect.stringMatching(/1 .*2|2 .*1/) as string,
    });
  });
});

/** A server that goes on after the backup was taken, until witness and anchor know what it did. */
async function today(): Promise<number> {
  const { database, log, worker } = await restored();
  await knowOutside(database);
  worker.start();
  await write(database, log, "today");
  const size = await write(database, log, "today too");
  await until(async () => (await cosignedSize(database)) === size);
  await until(async () => (await anchoredSize(database)) === size);
  await worker.stop();
  return size;
}

describe("a database that was put back to an older state", () => {
  it.each(["witness", "anchor"] as const)(
    "is found out by its %s alone, and read-only",
    async (who) => {
      await today();
      const { database, log, notices, worker } = await restored();
      await knowOutside(database);
      if (who === "witness") await database.db.deleteFrom("ledger_anchors").execute();
      else await database.db.deleteFrom("ledger_witnesses").execute();
      worker.start();
      await until(async () => (await readTree(database.db)).behind !== null);
      expect((await readTree(database.db)).behind).toMatch(
        new RegExp(`the ${who} .* knows \\d+: it was put back to an older state`),
      );
      expect(notices.join("\n")).toMatch(/the ledger is read-only/);
      await expect(write(database, log, "after")).rejects.toThrow(/older state/);
    },
  );

  it.each(["witness", "anchor"] as const)(
    "is recovered with all that its %s knows to be lost on record",
    async (who) => {
      const newest = await today();
      const { database, log, worker } = await restored();
      await knowOutside(database);
      if (who === "witness") await database.db.deleteFrom("ledger_anchors").execute();
      else await database.db.deleteFrom("ledger_witnesses").execute();
      const { size } = await readTree(database.db);
      worker.start();
      await until(async () => (await readTree(database.db)).behind !== null);
      await worker.stop();
      const signals = { emit: () => true };
      const engine = { db: database.db, ledger: tableLedger, log, signals } as unknown as Engine;
      await recoverLedger(engine, { id: "operator" });
      const { payload } = await database.db
        .selectFrom("ledger_entries")
        .select("payload")
        .where("kind", "=", "log.succeeded")
        .executeTakeFirstOrThrow();
      expect(payload).toMatchObject({ known: { size: newest }, lostEntries: newest - size });
      expect(newest).toBeGreaterThan(size);
    },
  );

  it("is read-only before it has written anything, when its witness answers", async () => {
    await today();
    const { database, log, worker } = await restored();
    await knowOutside(database);
    const { size } = await readTree(database.db);
    await worker.lookFirst();
    expect(await log.open("2.0.0")).toMatch(/older state/);
    expect((await readTree(database.db)).size).toBe(size);
  });

  it("starts without a witness that does not answer, soon", async () => {
    const { database, worker } = await restored();
    await knowOutside(database, await silentUrl());
    const begun = performance.now();
    await worker.lookFirst(200);
    expect(performance.now() - begun).toBeLessThan(5_000);
    expect((await readTree(database.db)).behind).toBeNull();
  });

  it("is found out although it has grown past what the witness knows", async () => {
    await today();
    const { database, log, worker } = await restored();
    for (const operation of ["other", "things", "happened", "since"])
      await write(database, log, operation);
    await knowOutside(database);
    worker.start();
    await until(async () => (await readTree(database.db)).behind !== null);
    expect((await readTree(database.db)).behind).toMatch(/tells another history/);
    await until(async () => evidence.length > 0);
    const judged = judgeCheckpoints({ ...parseEvidence(evidence[0] ?? ""), origin, keys: [key] });
    expect(judged).toMatchObject({ kind: "diverged", evidence: { kind: "fork" } });
  });
});

describe("what is not signed by the log's own key", () => {
  it("makes nothing read-only, whatever a witness says", async () => {
    const liar = createServer((request, response) => {
      request.resume();
      if (request.method === "GET") response.end("tidelock/x\n99\nAAAA\n\n\u2014 x AAAAAAAA\n");
      else
        response.writeHead(409, { "content-type": "text/x.tlog.size" }).end("4503599627370496\n");
    }).listen(0, "127.0.0.1");
    await once(liar, "listening");
    open.push(async () => void liar.close());
    const { database, log, notices, worker } = await restored();
    const { port } = liar.address() as AddressInfo;
    await knowOutside(database, `http://127.0.0.1:${port}`);
    worker.start();
    const size = await write(database, log, "a");
    await until(async () => (await anchoredSize(database)) === size);
    await until(async () =>
      notices.some((text) => /no checkpoint that a key of this log signed/.test(text)),
    );
    expect((await readTree(database.db)).behind).toBeNull();
    expect(await cosignedSize(database)).toBe(0);
  });
});
