import { watch } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";
import { type AgentClient, connectAgent } from "../../../src/agent/client.ts";
import { AgentState } from "../../../src/agent/state/schema.ts";
import type { PromotionView } from "../../../src/api/views.ts";
import { layout } from "../../../src/model/layout.ts";
import type { Lane } from "../../../src/model/primitives.ts";
import { hasEnded } from "../../../src/model/promotion.ts";
import { Release, treeMediaType } from "../../../src/model/release.ts";
import {
  freePort,
  makeDataDir,
  storeServer,
  tearDown,
  until,
} from "../../support/agent-harness.ts";
import { createTestDatabase, type TestDatabase } from "../../support/database.ts";
import { ServerProcess } from "../../support/server-process.ts";
import { documentsOf, sources, type ServiceName, services } from "./service.ts";

export const operator = { id: "operator" };
export const environment = "production";
const endsWithinMs = 60_000;

/**
 * The real thing, on which case after case is played: a data directory with its agent, router and services,
 * a database, the server that works now, and one that is loaded and waits to take its place.
 */
export class Rig {
  readonly dataDir: string;
  readonly agent: AgentClient;
  readonly pool: pg.Pool;
  server: ServerProcess;
  readonly #database: TestDatabase;
  readonly #ports: ReadonlyMap<ServiceName, number>;
  #standBy: ServerProcess;

  private constructor(
    dataDir: string,
    database: TestDatabase,
    ports: ReadonlyMap<ServiceName, number>,
  ) {
    this.dataDir = dataDir;
    this.#database = database;
    this.#ports = ports;
    this.agent = connectAgent(dataDir, { connectTimeoutMs: 20_000 });
    this.pool = new pg.Pool({ connectionString: database.databaseUrl, max: 2 });
    this.server = new ServerProcess(dataDir, database.databaseUrl);
    this.#standBy = new ServerProcess(dataDir, database.databaseUrl);
  }

  static async create(): Promise<Rig> {
    const ports = new Map<ServiceName, number>();
    for (const name of services) ports.set(name, await freePort());
    const rig = new Rig(await makeDataDir(), await createTestDatabase(), ports);
    await rig.server.compose();
    await rig.register();
    for (const { service, version, source } of sources) {
      const { digest, size } = await storeServer(rig.dataDir, source);
      const artifact = { name: "tree", digest, size, mediaType: treeMediaType };
      const release = Release.parse({
        kind: "Release",
        formatVersion: 1,
        service,
        version,
        artifacts: [artifact],
        source: { kind: "none" },
        build: { kind: "finished" },
        configuration: [],
      });
      await rig.server.call("createRelease", operator, release);
    }
    return rig;
  }

  /** The pipelines of all services; a service that was removed is there again. */
  async register(): Promise<void> {
    const text = documentsOf(this.#ports);
    await this.server.call("applyDocuments", operator, "tidelock.yaml", text);
  }

  port(service: ServiceName): number {
    return this.#ports.get(service) ?? 0;
  }

  /** The next server takes the place of this one, whatever became of it. */
  async takeOver(): Promise<ServerProcess> {
    const before = this.server;
    this.server = this.#standBy;
    this.#standBy = new ServerProcess(this.dataDir, this.#database.databaseUrl);
    await this.server.compose();
    return before;
  }

  async promote(service: ServiceName, version: string): Promise<PromotionView> {
    const request = { service, environment, release: version };
    const { id } = await this.server.call<PromotionView>("promote", operator, request);
    return this.ended(id);
  }

  ended(id: string): Promise<PromotionView> {
    return until(
      `${id} ends`,
      async () => {
        const view = await this.server.call<PromotionView>("showPromotion", id);
        return hasEnded(view.state) && view;
      },
      endsWithinMs,
    );
  }

  async newest(lane: Lane): Promise<string> {
    const filter = { ...lane, limit: 1 };
    const [newest] = await this.server.call<PromotionView[]>("listPromotions", filter);
    return newest?.id ?? "";
  }

  /** What the agent has on disk. */
  async agentState(): Promise<AgentState> {
    const file = join(layout(this.dataDir).agent, "state.json");
    return AgentState.parse(JSON.parse(await readFile(file, "utf8")));
  }

  async agentPid(): Promise<number> {
    return (await this.agent.info()).pid;
  }

  async routerPid(): Promise<number> {
    return (await this.agentState()).routers[environment]?.identity.pid ?? 0;
  }

  /** Resolves as soon as the agent has written the named file, or when the time is over. */
  written(file: string, withinMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const watcher = watch(layout(this.dataDir).agent, (_event, name) => {
        if (name === file) end(true);
      });
      const timer = setTimeout(() => end(false), withinMs);
      const end = (seen: boolean): void => {
        clearTimeout(timer);
        watcher.close();
        resolve(seen);
      };
    });
  }

  async close(): Promise<void> {
    await Promise.all([this.server.kill(), this.#standBy.kill()]);
    await this.pool.end();
    await tearDown(this.dataDir, this.agent);
    await this.#database.drop();
  }
}
