import { askForReview } from "../../src/git-hosts/review.ts";
import { trackers } from "../../src/trackers/registry.ts";
import { createHash, randomUUID } from "node:crypto";
import { EventEmitter } from "node:events";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { Release, releaseId, treeMediaType } from "../../src/model/release.ts";
import type { Digest, Lane } from "../../src/model/primitives.ts";
import { hasEnded } from "../../src/model/promotion.ts";
import type { CheckReport } from "../../src/model/verdict.ts";
import type { PromotionView } from "../../src/api/views.ts";
import type { Check } from "../../src/ports/check.ts";
import type { ContentStore } from "../../src/ports/content-store.ts";
import type { ControlPlane } from "../../src/ports/control-plane.ts";
import type { HostAgent } from "../../src/ports/host-agent.ts";
import { TidelockError } from "../../src/model/errors.ts";
import {
  defaultSettings,
  type Engine,
  type EngineHooks,
  type EngineSettings,
} from "../../src/engine/engine.ts";
import { LedgerLog } from "../../src/engine/ledger/log.ts";
import { makeControlPlane } from "../../src/engine/control-plane.ts";
import { Reconciler } from "../../src/engine/lanes/reconciler.ts";
import { tableLedger } from "../../src/store/queries/ledger.ts";
import type { Database } from "../../src/store/database.ts";
import type { Schema } from "../../src/store/schema.ts";
import { createMigratedDatabase, testMaster } from "./database.ts";
import { FakeHost, fakeRouter, fakeTarget } from "./fake-host.ts";

export const operator = { id: "operator" };

/** Fast enough for tests; the proportions are those of production. */
const testSettings: EngineSettings = {
  ...defaultSettings,
  leaseMs: 2_000,
  sweepMs: 200,
  pollMs: 10,
  identityLookMs: 20,
  identityProofMs: 50,
  restartMs: 200,
  agentAwayMs: 30,
  keepLeaseMs: 500,
};

/** Blobs in memory; a test may damage one. */
export class MemoryContent implements ContentStore {
  readonly blobs = new Map<Digest, Buffer>();

  add(text: string): { digest: Digest; size: number } {
    const bytes = Buffer.from(text);
    const digest = digestOfBytes(bytes);
    this.blobs.set(digest, bytes);
    return { digest, size: bytes.length };
  }

  async put(): Promise<never> {
    throw new Error("tests use add()");
  }

  async has(digest: Digest): Promise<boolean> {
    return this.blobs.has(digest);
  }

  async path(digest: Digest): Promise<string> {
    return `/blobs/${digest}`;
  }

  async verify(digest: Digest): Promise<{ size: number }> {
    const bytes = this.blobs.get(digest);
    if (!bytes) throw new TidelockError("not-found", `no blob ${digest}`);
    if (digestOfBytes(bytes) !== digest) {
      throw new TidelockError("digest-mismatch", `the blob ${digest} holds other bytes`);
    }
    return { size: bytes.length };
  }
}

function digestOfBytes(bytes: Buffer): Digest {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

/** A check whose verdict a test sets; `hold` keeps it running until released. */
export class StagedCheck {
  verdicts: CheckReport["verdict"][] = [];
  runs: string[] = [];
  hold: Promise<void> | undefined;
  /** Laid over every report. */
  report: Partial<CheckReport> = {};

  readonly check: Check = {
    id: "staged",
    schema: z.object({}).loose(),
    touch: "passive",
    cost: "cheap",
    disturbs: [],
    sensitiveTo: [],
    judgedBy: "itself",
    run: async (context) => {
      this.runs.push(context.run);
      await this.hold;
      const verdict = this.verdicts.shift() ?? "pass";
      return {
        verdict,
        summary: `staged ${verdict}`,
        exercised: { requests: 1, assertions: 1, files: 0 },
        tools: {},
        results: [],
        ...this.report,
      };
    },
  };
}

export interface Worker {
  readonly engine: Engine;
  readonly controlPlane: ControlPlane;
  readonly reconciler: Reconciler;
  readonly notices: string[];
}

type BenchDatabase = Database<Schema> & { readonly databaseUrl: string };

export interface WorkerOptions {
  readonly hooks?: EngineHooks;
  readonly settings?: Partial<EngineSettings>;
  readonly providers?: NonNullable<Engine["providers"]>;
  /** This server's clock, milliseconds. */
  readonly clock?: () => number;
  /** Its own way to the database and to the agent, so that it can lose both. */
  readonly db?: Engine["db"];
  readonly agent?: HostAgent;
}

/** One database, one fake host, any number of workers. */
export class EngineBench {
  readonly database: BenchDatabase;
  readonly host: FakeHost;
  readonly content: MemoryContent;
  readonly staged = new StagedCheck();
  /** Further kinds of checks, for workers that are made later. */
  readonly extra = new Map<string, Check>();
  readonly secrets = new Map<string, string>();
  readonly workers: Worker[] = [];
  readonly spool = join(tmpdir(), `tidelock-spool-${randomUUID()}`);

  constructor(database: BenchDatabase, host = new FakeHost(), content = new MemoryContent()) {
    this.database = database;
    this.host = host;
    this.content = content;
  }

  /** `keys: false`: an empty ledger, in which no engine can work. */
  static async create({ keys = true, content = new MemoryContent() } = {}): Promise<EngineBench> {
    const database = await createMigratedDatabase<Schema>();
    // As a server does when it starts: nothing is recorded without a key that signs it.
    if (keys) await testLog(database.db).keys.ensure();
    return new EngineBench(database, new FakeHost(), content);
  }

  /** The tree of this bench's ledger; nothing gives entries their place unless somebody asks. */
  log(db: Engine["db"] = this.database.db): LedgerLog {
    return testLog(db);
  }

  /** A control plane that answers and does nothing by itself. */
  observer(): ControlPlane {
    return this.#make({}).controlPlane;
  }

  worker(options: WorkerOptions = {}): Worker {
    const worker = this.#make(options);
    worker.reconciler.start();
    this.workers.push(worker);
    return worker;
  }

  #make(options: WorkerOptions): Worker {
    const notices: string[] = [];
    const agent = options.agent ?? this.host;
    const engine: Engine = {
      worker: randomUUID(),
      db: options.db ?? this.database.db,
      ledger: tableLedger,
      log: testLog(options.db ?? this.database.db, notices, options.clock),
      agent,
      agentInfo: () => this.host.info(),
      targetFor: () => fakeTarget(agent),
      routerFor: () => fakeRouter(agent),
      checks: new Map([["staged", this.staged.check], ...this.extra]),
      secrets: new Map([["local", { id: "local", resolve: this.#resolve }]]),
      trackers,
      askForReview,
      content: this.content,
      spool: this.spool,
      runningChecks: new Map(),
      wake: () => Promise.resolve(),
      signals: new EventEmitter(),
      settings: { ...testSettings, ...options.settings },
      hooks: options.hooks,
      ...(options.providers === undefined ? {} : { providers: options.providers }),
      notice: (message) => notices.push(message),
    };
    const controlPlane = makeControlPlane(engine, {
      putSecret: () => Promise.reject(new Error("not in this bench")),
      listSecrets: () => Promise.resolve([]),
    });
    return { engine, controlPlane, reconciler: new Reconciler(engine), notices };
  }

  readonly #resolve = async (_lane: Lane, { name }: { name: string }): Promise<string> => {
    const value = this.secrets.get(name);
    if (value !== undefined) return value;
    throw new TidelockError("not-found", `there is no secret ${name}`);
  };

  async close(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.reconciler.stop()));
    await rm(this.spool, { recursive: true, force: true });
    await this.database.close();
  }
}

/** A ledger whose keys any process of a test can open. */
export function testLog(
  db: Engine["db"],
  notices: string[] = [],
  clock: () => number = Date.now,
): LedgerLog {
  return new LedgerLog({
    db,
    ledger: tableLedger,
    keys: { master: { read: () => testMaster, make: () => testMaster } },
    mirror: null,
    clock,
    notice: (message) => notices.push(message),
  });
}

export function makeRelease(
  bench: Pick<EngineBench, "content">,
  version: string,
  overrides: Partial<Release> = {},
): Release {
  const artifact = bench.content.add(`shop ${version}`);
  return Release.parse({
    kind: "Release",
    formatVersion: 1,
    service: "shop",
    version,
    artifacts: [{ name: "tree", ...artifact, mediaType: treeMediaType }],
    source: { kind: "none" },
    build: { kind: "finished" },
    configuration: [],
    ...overrides,
  });
}

export { releaseId };

/** `dev` and `production`, a check in production, short watches. */
export function documents(
  options: { production?: string; dev?: string; floor?: string } = {},
): string {
  return `
apiVersion: tidelock.dev/v1
kind: Environment
metadata: { name: dev }
spec:
  tier: development
  router: { type: embedded, listen: { shop: "127.0.0.1:18081" } }
---
apiVersion: tidelock.dev/v1
kind: Environment
metadata: { name: production }
spec:
  tier: production
  router: { type: embedded, listen: { shop: "127.0.0.1:18082" } }
${options.floor ?? ""}
---
apiVersion: tidelock.dev/v1
kind: Pipeline
metadata: { name: shop }
spec:
  processes:
    web:
      command: [node, server.js]
      ready: { kind: tcp, timeout: 1s }
  environments:
    - name: dev
      watch: { for: 20ms, interval: 10ms, failures: 2 }
${options.dev ?? ""}
    - name: production
      watch: { for: 40ms, interval: 10ms, failures: 3 }
      checks: [{ name: smoke, uses: staged }]
${options.production ?? ""}
`;
}

/** Polls until the promotion has ended. */
export async function ended(
  controlPlane: ControlPlane,
  id: string,
  withinMs = 15_000,
): Promise<PromotionView> {
  return until(
    () => controlPlane.showPromotion(id),
    (view) => hasEnded(view.state),
    withinMs,
  );
}

export async function until<T>(
  look: () => Promise<T> | T,
  good: (seen: T) => boolean,
  withinMs = 15_000,
): Promise<T> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const seen = await look();
    if (good(seen)) return seen;
    if (performance.now() > deadline) throw new Error(`still ${JSON.stringify(seen, null, 1)}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
