import { Kysely, PostgresDialect } from "kysely";
import pg from "pg";
import type { EngineHooks, EngineSettings } from "../../src/engine/engine.ts";
import type { HostAgent } from "../../src/ports/host-agent.ts";
import { EntryMarks, markWith } from "../../src/store/queries/ledger-marks.ts";
import type { Schema } from "../../src/store/schema.ts";
import { testMaster } from "./database.ts";
import type { EngineBench, Worker } from "./engine-bench.ts";

/** What happens to a worker at a point: it dies there, or it stands still until it is thawed. */
export type Fate = "killed" | "frozen";

/**
 * A worker with its own way to database and agent, which meets its fate at a named point, as by SIGKILL or
 * SIGSTOP: nothing of it goes on, its timers included, until (frozen only) `thaw`.
 */
export class MortalWorker {
  readonly worker: Worker;
  /** Settles when the point has been reached. */
  readonly met: Promise<void>;
  readonly #pool: pg.Pool;
  readonly #sockets = new Set<pg.PoolClient>();
  #still: Promise<void> | undefined;
  #thaw: () => void = () => undefined;

  constructor(
    bench: EngineBench,
    point: string,
    fate: Fate,
    settings: Partial<EngineSettings> = {},
  ) {
    this.#pool = new pg.Pool({ connectionString: bench.database.databaseUrl, max: 6 });
    this.#pool.on("error", () => undefined);
    this.#pool.on("connect", (client) => {
      client.on("error", () => undefined);
      this.#sockets.add(client as pg.PoolClient);
    });
    let meet: () => void = () => undefined;
    this.met = new Promise((resolve) => (meet = resolve));
    const hooks: EngineHooks = {
      reach: async (reached) => {
        if (reached === point && this.#still === undefined) {
          this.#still = new Promise((resolve) => (this.#thaw = resolve));
          if (fate === "killed") this.#die();
          meet();
        }
        await this.#still;
      },
    };
    this.worker = bench.worker({ hooks, db: this.#db(), agent: this.#agent(bench.host), settings });
  }

  /** A frozen worker goes on from exactly where it stood. */
  thaw(): void {
    this.#thaw();
  }

  async close(): Promise<void> {
    this.#thaw();
    await this.worker.reconciler.stop().catch(() => undefined);
    await this.#pool.end().catch(() => undefined);
  }

  /** The kernel closes what a killed process had open. */
  #die(): void {
    for (const client of this.#sockets) {
      (
        client as unknown as { connection: { stream: { destroy(): void } } }
      ).connection.stream.destroy();
    }
  }

  #db(): Kysely<Schema> {
    const connect = async () => {
      await this.#still;
      const client = await this.#pool.connect();
      return {
        query: async (...query: unknown[]) => {
          await this.#still;
          return (client.query as (...args: unknown[]) => unknown)(...query);
        },
        release: () => client.release(),
      };
    };
    const pool = { connect, end: () => this.#pool.end() } as unknown as pg.Pool;
    const db = new Kysely<Schema>({ dialect: new PostgresDialect({ pool }) });
    // A server of its own, with the key of all of them.
    markWith(db, new EntryMarks(testMaster));
    return db;
  }

  #agent(host: HostAgent): HostAgent {
    return {
      call: async (method, params) => {
        await this.#still;
        const answer = await host.call(method, params);
        await this.#still;
        return answer;
      },
    };
  }
}
