import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { PromotionView } from "../../../src/api/views.ts";
import { checks } from "../../../src/checks/registry.ts";
import { compose, type ComposedServer } from "../../../src/compose.ts";
import { downLocally, findAgent } from "../../../src/compose-local.ts";
import { hasEnded } from "../../../src/model/promotion.ts";
import { Release, treeMediaType } from "../../../src/model/release.ts";
import type { Check, Touch } from "../../../src/ports/check.ts";
import { type Database, openDatabase } from "../../../src/store/database.ts";
import { openDataDir } from "../../../src/store/data-dir.ts";
import type { Schema } from "../../../src/store/schema.ts";
import { storeTree } from "../../../test/support/agent-harness.ts";
import { freePort, inRepository } from "../processes.ts";

const operator = { id: "operator" };
const limitMs = 600_000;

/** A check that finds everything well and does nothing for it. */
function nothing(id: string, touch: Touch): Check {
  return {
    id,
    schema: z.object({}).loose(),
    touch,
    cost: "cheap",
    disturbs: [],
    sensitiveTo: [],
    judgedBy: "itself",
    run: async () => ({
      verdict: "pass",
      summary: "nothing was done",
      exercised: { requests: 1, assertions: 0, files: 0 },
      tools: {},
      results: [],
    }),
  };
}

/** One pipeline of the bench: a service by its name, and what its environment has beside the usual. */
export interface Subject {
  readonly service: string;
  /** Lines of the pipeline's environment, indented by six. */
  readonly environment: string;
}

/** The real server without its HTTP part: embedded PostgreSQL, host agent, router and services. */
export class Installation {
  readonly #folder: string;
  readonly #database: Database<Schema>;
  #server: ComposedServer;
  #atOnce: number;
  #version = 0;
  readonly #tree: { digest: string; size: number };

  private constructor(made: {
    folder: string;
    database: Database<Schema>;
    server: ComposedServer;
    tree: { digest: string; size: number };
  }) {
    this.#folder = made.folder;
    this.#database = made.database;
    this.#server = made.server;
    this.#tree = made.tree;
    this.#atOnce = 4;
  }

  static async make(subjects: readonly Subject[]): Promise<Installation> {
    // The registry is a plain map underneath: a bench may add what no program has.
    const own = checks as Map<string, Check>;
    own.set("nothing-in-files", nothing("nothing-in-files", "files"));
    own.set("nothing-at-service", nothing("nothing-at-service", "passive"));
    // Not TMPDIR: a RAM disk would make every commit free; and as root PostgreSQL's user must pass.
    const folder = mkdtempSync("/var/tmp/tidelock-bench-checks-");
    chmodSync(folder, 0o755);
    const server = await serverIn(folder, 4);
    const database = await openDatabase<Schema>({ dataDir: folder });
    const tree = await storeTree(folder, serviceFiles());
    const made = new Installation({ folder, database, server, tree });
    const text = await documentsOf(subjects);
    await server.controlPlane.applyDocuments(operator, "tidelock.yaml", text);
    return made;
  }

  /** How many checks of one promotion may run at the same time from here on. */
  async atOnce(count: number): Promise<void> {
    if (count === this.#atOnce) return;
    await this.#server.close();
    this.#server = await serverIn(this.#folder, count);
    this.#atOnce = count;
  }

  /** Brings a new release of the same files to its environment. Throws unless it arrives. */
  async promote(service: string): Promise<PromotionView> {
    const { controlPlane } = this.#server;
    this.#version += 1;
    const release = Release.parse({
      kind: "Release",
      formatVersion: 1,
      service,
      version: `1.0.${this.#version}`,
      artifacts: [{ name: "tree", ...this.#tree, mediaType: treeMediaType }],
      source: { kind: "none" },
      build: { kind: "finished" },
      configuration: [],
    });
    await controlPlane.createRelease(operator, release);
    const start = performance.now();
    const request = { service, environment: "bench", release: release.version };
    const { id } = await controlPlane.promote(operator, request);
    for (;;) {
      const view = await controlPlane.showPromotion(id);
      const ms = performance.now() - start;
      if (hasEnded(view.state)) {
        if (view.state !== "complete") throw new Error(`${service}: ${view.message}`);
        return view;
      }
      if (ms > limitMs) throw new Error(`${service}: ${view.state} after ${limitMs / 1_000} s`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  /** The next transaction number: what lies between two is the writing transactions of everybody. */
  async transactions(): Promise<number> {
    const sql = "select pg_snapshot_xmax(pg_current_snapshot())::text as next";
    const { rows } = await this.#database.pool.query<{ next: string }>(sql);
    return Number(rows[0]?.next);
  }

  /** One row of the weight of a report, one durable commit each: how long each takes, in milliseconds. */
  async bareCommits(count: number): Promise<number[]> {
    const { pool } = this.#database;
    await pool.query(
      "create table if not exists bench_bare (id bigint generated always as identity primary key, payload text not null)",
    );
    const took: number[] = [];
    for (let index = 0; index < count; index += 1) {
      const start = performance.now();
      await pool.query("insert into bench_bare (payload) values ($1)", ["x".repeat(500)]);
      took.push(performance.now() - start);
    }
    return took;
  }

  async close(): Promise<void> {
    await this.#server.close();
    await this.#database.close();
    await downLocally(this.#folder);
    // It still writes while it ends.
    while ((await findAgent(this.#folder)) !== null)
      await new Promise((next) => setTimeout(next, 50));
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

function serverIn(folder: string, checksAtOnce: number): Promise<ComposedServer> {
  return compose({ paths: openDataDir(folder), version: "0.0.0", settings: { checksAtOnce } });
}

/** A small page with its security headers, which the lab `unsafe-header` is about. */
function serviceFiles(): { name: string; content: string }[] {
  const folder = inRepository("examples/labs/unsafe-header/service");
  return readdirSync(folder).map((name) => ({
    name,
    content: readFileSync(join(folder, name), "utf8"),
  }));
}

async function documentsOf(subjects: readonly Subject[]): Promise<string> {
  const listen: string[] = [];
  for (const { service } of subjects) listen.push(`${service}: "127.0.0.1:${await freePort()}"`);
  const pipelines = subjects.map(
    ({ service, environment }) => `
apiVersion: tidelock.dev/v1
kind: Pipeline
metadata: { name: ${service} }
spec:
  processes:
    web:
      command: [node, server.mjs]
      ready: { kind: http, path: /, interval: 50ms }
  environments:
    - name: bench
      watch: { for: 100ms, interval: 50ms, failures: 2 }
      drain: 100ms
${environment}`,
  );
  return [
    `apiVersion: tidelock.dev/v1
kind: Environment
metadata: { name: bench }
spec:
  tier: testing
  router: { type: embedded, listen: { ${listen.join(", ")} } }
`,
    ...pipelines,
  ].join("\n---\n");
}
