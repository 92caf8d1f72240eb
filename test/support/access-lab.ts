import type { FastifyInstance } from "fastify";
import { buildApp } from "../../src/server/app.ts";
import { defaultLimits } from "../../src/server/limits/limits.ts";
import { silentLog } from "../../src/server/log.ts";
import { MemoryContentStore } from "../fixtures/memory-content-store.ts";
import { EngineBench, type Worker, type WorkerOptions } from "./engine-bench.ts";

const quick = { perSecond: 1_000_000, burst: 1_000_000 };

export interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
  readonly text: string;
}

/** Servers over one database, asked without a network. */
export class AccessLab {
  readonly bench: EngineBench;
  readonly worker: Worker;
  readonly apps: FastifyInstance[] = [];
  readonly bootstrap = "b".repeat(43);
  /** Every route that the first server has. */
  readonly routes: { readonly method: string; readonly url: string; readonly open: boolean }[] = [];

  readonly #options: WorkerOptions;

  constructor(bench: EngineBench, options: WorkerOptions) {
    this.bench = bench;
    this.#options = options;
    this.worker = bench.worker(options);
  }

  static async create(options: WorkerOptions = {}): Promise<AccessLab> {
    const lab = new AccessLab(await EngineBench.create(), options);
    await lab.server();
    return lab;
  }

  /** One more server, with an engine of its own. */
  async server(): Promise<number> {
    const { controlPlane } =
      this.apps.length === 0 ? this.worker : this.bench.worker(this.#options);
    const app = await buildApp({
      controlPlane,
      content: new MemoryContentStore(),
      identity: { version: "0", dataDir: "/", database: "embedded", startedAt: "", url: "" },
      token: this.bootstrap,
      hostNames: [],
      files: null,
      log: silentLog,
      stop: () => undefined,
      heartbeatMs: 50,
      // Asks faster than anybody may.
      limits: { ...defaultLimits, calls: quick, expensive: quick, open: quick, signIns: quick },
      onRoute: ({ method, url, config }) => {
        if (this.apps.length > 0) return;
        const open = config?.access !== undefined && "public" in config.access;
        this.routes.push({ method: String(method), url, open });
      },
    });
    await app.ready();
    return this.apps.push(app) - 1;
  }

  async ask(
    token: string | null,
    method: "GET" | "POST" | "PUT" | "DELETE" | "HEAD",
    url: string,
    payload?: object | Buffer,
    { server = 0, headers = {} }: { server?: number; headers?: Record<string, string> } = {},
  ): Promise<Answer> {
    const app = this.apps[server];
    if (!app) throw new Error("no such server");
    const answer = await app.inject({
      method,
      url,
      headers: {
        host: "localhost",
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...(Buffer.isBuffer(payload) ? { "content-type": "application/octet-stream" } : {}),
        ...headers,
      },
      ...(payload === undefined ? {} : { payload }),
    });
    let body: Record<string, unknown> = {};
    try {
      body = answer.json();
    } catch {
      // Not JSON: what it was is in `text`.
    }
    return { status: answer.statusCode, body, text: answer.body };
  }

  /** A machine's token with a role. */
  async token(
    role: string,
    service: string | null = null,
    environment: string | null = null,
  ): Promise<{ readonly id: string; readonly token: string }> {
    const { status, body, text } = await this.ask(this.bootstrap, "POST", "/api/v1/tokens", {
      name: `for-${role}`,
      role,
      service,
      environment,
      lastsMs: 3_600_000,
    });
    if (status !== 200) throw new Error(text);
    return { id: String(body["id"]), token: String(body["token"]) };
  }

  /** A person with roles, and a token of theirs. */
  async person(
    name: string,
    ...roles: readonly (readonly [string, string | null, string | null])[]
  ): Promise<string> {
    const must = async (path: string, payload: object) => {
      const { status, body, text } = await this.ask(this.bootstrap, "POST", path, payload);
      if (status !== 200) throw new Error(text);
      return body;
    };
    await must("/api/v1/people", { name, also: [`${name}.old`] });
    for (const [role, service, environment] of roles) {
      await must("/api/v1/role-assignments", { to: { person: name }, role, service, environment });
    }
    const token = { name: "laptop", person: name, service: null, environment: null };
    return String((await must("/api/v1/tokens", { ...token, lastsMs: 3_600_000 }))["token"]);
  }

  async close(): Promise<void> {
    for (const app of this.apps) await app.close();
    await this.bench.close();
  }
}
