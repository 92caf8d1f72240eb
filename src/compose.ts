import { readProviders } from "./issuers/providers-file.ts";
import { createHash, randomUUID } from "node:crypto";
import { EventEmitter } from "node:events";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fromKysely, PgBoss } from "pg-boss";
import { connectAgent } from "./agent/client.ts";
import { awaitAgent, ensureAgent } from "./agent/launch.ts";
import { askForReview } from "./git-hosts/review.ts";
import { trackers } from "./trackers/registry.ts";
import { checks } from "./checks/registry.ts";
import { routerFor } from "./routers/registry.ts";
import { targetFor } from "./targets/registry.ts";
import { AgentLink } from "./engine/agent-link.ts";
import { makeControlPlane } from "./engine/control-plane.ts";
import {
  defaultSettings,
  type Engine,
  type EngineHooks,
  type EngineSettings,
} from "./engine/engine.ts";
import { LedgerLog } from "./engine/ledger/log.ts";
import { emptySpool } from "./engine/findings/import/spool.ts";
import { fileMirror } from "./engine/ledger/mirror.ts";
import { OutsideWorker } from "./engine/ledger/outside/outside-worker.ts";
import { LedgerWorker } from "./engine/ledger/worker.ts";
import { EngineWorker } from "./engine/worker.ts";
import type { Layout } from "./model/layout.ts";
import type { Lane } from "./model/primitives.ts";
import { laneKey } from "./model/primitives.ts";
import type { ContentStore } from "./ports/content-store.ts";
import type { ControlPlane } from "./ports/control-plane.ts";
import { createKey, readKey } from "./secrets/local/key-file.ts";
import { LocalSecrets } from "./secrets/local/local-secrets.ts";
import { DiskContentStore } from "./store/content-store.ts";
import { type Database, openDatabase } from "./store/database.ts";
import { writeDurably } from "./store/durable-file.ts";
import { migrate } from "./store/migrate.ts";
import { recordSecret, secretTable } from "./store/secret-table.ts";
import { announce } from "./store/queries/events.ts";
import { tableLedger } from "./store/queries/ledger.ts";
import type { Schema, Tx } from "./store/schema.ts";

/** The only file that knows every adapter (server side). */
export interface ComposeOptions {
  readonly paths: Layout;
  readonly version: string;
  /** `DATABASE_URL`; absent: the data directory's own PostgreSQL. */
  readonly databaseUrl?: string;
  /** Private keys that are given from outside instead of made here: PEM files, mode 0600. */
  readonly ledgerKeyFiles?: Readonly<Partial<Record<"log" | "evidence", string>>>;
  /** `wait`: a supervisor keeps the agent, and the server never starts one. Default `start`. */
  readonly agent?: "start" | "wait";
  /** What happens in the background. */
  readonly notice?: (message: string) => void;
  readonly settings?: Partial<EngineSettings>;
  /** File that says where people sign in at somebody else's. */
  readonly identityProviders?: string;
  /** For crash tests only: the server passes none, and no variable or flag can. */
  readonly hooks?: EngineHooks;
}

/** What stands behind the HTTP server. */
export interface ComposedServer {
  readonly controlPlane: ControlPlane;
  readonly content: ContentStore;
  readonly database: "embedded" | "external";
  /** Ends the worker and leaves database and agent; services go on. */
  close(): Promise<void>;
}

/** Opens the store, finds or starts the agent, and starts the worker. Nothing stays when it throws. */
export async function compose(options: ComposeOptions): Promise<ComposedServer> {
  const { paths, version } = options;
  const notice = options.notice ?? (() => undefined);
  const { identityProviders } = options;
  // Before the database starts: what is wrong with a file is said at once.
  const providers = identityProviders === undefined ? undefined : readProviders(identityProviders);
  const database = await openDatabase<Schema>(
    options.databaseUrl === undefined
      ? { dataDir: paths.root }
      : { databaseUrl: options.databaseUrl },
    { onNotice: notice },
  );
  const undo: (() => Promise<void>)[] = [() => database.close()];
  const close = async () => {
    for (const step of undo.splice(0).toReversed()) await step();
  };
  try {
    await migrate(database.pool, { programVersion: version });
    const content = await DiskContentStore.open(paths.blobs);
    const log = openLog(options, database.db, notice);
    const keepEvidence = evidenceKeeper(join(paths.server, "evidence"));
    const outside = new OutsideWorker({ db: database.db, log, notice, keepEvidence });
    await outside.lookFirst();
    const behind = await log.open(version);
    if (behind) notice(`read-only: ${behind}; see \`tidelock ledger status\``);
    const jobs = await startJobs(database, notice);
    undo.push(() => jobs.stop());
    const reach = options.agent === "wait" ? awaitAgent : ensureAgent;
    const connection = connectAgent(paths.root, { onRefused: () => link.startAgain() });
    const link: AgentLink = new AgentLink(() => reach(paths.root), connection, notice);
    await link.connect();
    undo.push(async () => link.close());
    const secrets = new LocalSecrets<Tx>(
      secretTable(database.db),
      join(paths.server, "secrets.key"),
    );
    const engine: Engine = {
      worker: randomUUID(),
      db: database.db,
      ledger: tableLedger,
      log,
      agent: link,
      agentInfo: () => link.info,
      targetFor: (declaration) => targetFor(link, declaration),
      routerFor: (declaration) => routerFor(link, declaration),
      checks,
      secrets: new Map([[secrets.id, secrets]]),
      trackers,
      askForReview,
      content,
      spool: join(paths.server, "spool"),
      runningChecks: new Map(),
      wake: jobs.wake,
      signals: new EventEmitter(),
      settings: { ...defaultSettings, ...options.settings },
      hooks: options.hooks,
      ...(providers === undefined ? {} : { providers }),
      notice,
    };
    jobs.onLane((lane) => engine.signals.emit("lane", lane));
    await emptySpool(engine.spool);
    const ledgerWorker = new LedgerWorker(engine);
    ledgerWorker.start();
    undo.push(() => ledgerWorker.stop());
    outside.start();
    undo.push(() => outside.stop());
    const worker = new EngineWorker(engine);
    worker.start();
    undo.push(() => worker.stop());
    const controlPlane = makeControlPlane(engine, secretKeeper(engine, secrets));
    return { controlPlane, content, database: database.kind, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Two checkpoints that do not belong together, each pair in a file of its own. */
function evidenceKeeper(folder: string): (text: string) => string {
  return (text) => {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const file = join(
      folder,
      `${createHash("sha256").update(text).digest("hex").slice(0, 16)}.json`,
    );
    writeDurably(file, text);
    return file;
  };
}

/** The ledger's tree; private keys are sealed under a file of the data directory, like the secrets. */
export function openLog(
  { paths, ledgerKeyFiles }: Pick<ComposeOptions, "paths" | "ledgerKeyFiles">,
  db: Engine["db"],
  notice: (message: string) => void,
): LedgerLog {
  const keyFile = join(paths.server, "ledger.key");
  return new LedgerLog({
    db,
    ledger: tableLedger,
    keys: {
      master: {
        read: () => readKey(keyFile, "the ledger's keys"),
        make: () => createKey(keyFile, "the ledger's keys"),
      },
      ...(ledgerKeyFiles === undefined ? {} : { files: ledgerKeyFiles }),
    },
    mirror: fileMirror(join(paths.server, "ledger-checkpoint")),
    notice,
  });
}

const laneQueue = "lane";

/** Wake-ups: hints that travel through the database, so that any server may act on them. */
async function startJobs(database: Database<Schema>, notice: (message: string) => void) {
  const boss = new PgBoss({
    db: { executeSql: async (text, values) => database.pool.query(text, values) },
    schema: "jobs",
    schedule: false,
  });
  boss.on("error", (error) => notice(`jobs: ${error.message}`));
  await boss.start();
  // `short`: one waiting wake-up a lane is enough.
  await boss.createQueue(laneQueue, {
    policy: "short",
    retryLimit: 0,
    expireInSeconds: 60,
    retentionSeconds: 3_600,
    deleteAfterSeconds: 60,
  });
  return {
    wake: async (tx: Engine["db"], lane: Lane) => {
      await boss.send(
        laneQueue,
        { service: lane.service, environment: lane.environment },
        { singletonKey: laneKey(lane), db: fromKysely(tx) },
      );
    },
    onLane: (look: (lane: Lane) => void) => {
      void boss.work<Lane>(
        laneQueue,
        { pollingIntervalSeconds: 1, batchSize: 100 },
        async (found) => {
          for (const { data } of found) look(data);
        },
      );
    },
    stop: () => boss.stop({ graceful: true, close: false, timeout: 2_000 }),
  };
}

/** A secret goes in with its record; its value goes nowhere else. */
function secretKeeper(
  engine: Engine,
  secrets: LocalSecrets<Tx>,
): Pick<ControlPlane, "putSecret" | "listSecrets"> {
  return {
    listSecrets: (lane) => secrets.list(lane),
    putSecret: async (actor, lane, name, value) => {
      const put = await engine.db.transaction().execute(async (tx) => {
        const stored = await secrets.put(tx, lane, { name, value, actor: actor.id });
        await recordSecret(tx, lane, stored, actor.id);
        await announce(tx, {
          kind: "secret.put",
          ...lane,
          message: `${actor.id} set the secret ${name}, version ${stored.version}`,
        });
        return stored;
      });
      engine.signals.emit("change");
      return put;
    },
  };
}

/** For whoever owns the machine, without a server. */
export { recoverAccess } from "./engine/access/sign-in/bootstrap.ts";
