import { spawn, type ChildProcess } from "node:child_process";
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { RouterAnswer, RouterLane, RouterState } from "../../../src/agent/router-control.ts";
import type { RouteObservation, RouteSpec } from "../../../src/ports/host-agent.ts";

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

/** Polls until `probe` answers something, or fails with `what`. */
export async function eventually<T>(
  what: string,
  probe: () => T | null | undefined | false | Promise<T | null | undefined | false>,
  timeoutMs = 25_000,
): Promise<T> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const value = await probe();
    if (value) return value;
    if (performance.now() > end) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

export interface ControlError {
  readonly code: string;
  readonly message: string;
  readonly where: string | null;
}

export class ControlRefusal extends Error {
  readonly error: ControlError;
  constructor(error: ControlError) {
    super(`${error.code}: ${error.message}`);
    this.error = error;
  }
}

/** The real router process under a test, driven as the agent drives it: by its state file and its socket. */
export class RouterProcess {
  readonly directory: string;
  readonly stateFile: string;
  readonly accessLog: string;
  readonly testerPrivateKey: KeyObject;
  readonly #testerPublicKey: string;
  #child: ChildProcess | null = null;
  #stderr = "";
  #generation = 0;
  #lanes: RouterLane[] = [];
  #requestId = 0;

  constructor() {
    this.directory = mkdtempSync(join(tmpdir(), "tidelock-router-"));
    this.stateFile = join(this.directory, "router-production.json");
    this.accessLog = join(this.directory, "access.log");
    const pair = generateKeyPairSync("ed25519");
    this.testerPrivateKey = pair.privateKey;
    this.#testerPublicKey = pair.publicKey.export({ type: "spki", format: "pem" }).toString();
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** Null while it runs. */
  get exitCode(): number | null {
    return this.#child?.exitCode ?? null;
  }

  get generation(): number {
    return this.#generation;
  }

  /** The state as it would be written now. */
  state(lanes: RouterLane[] = this.#lanes): RouterState {
    return {
      formatVersion: 1,
      environment: "production",
      generation: this.#generation,
      lanes,
      testerPublicKey: this.#testerPublicKey,
      accessLog: this.accessLog,
      runAs: null,
    };
  }

  write(lanes: RouterLane[]): void {
    this.#generation++;
    this.#lanes = lanes;
    this.writeRaw(JSON.stringify(this.state()));
  }

  writeRaw(text: string): void {
    writeFileSync(`${this.stateFile}.new`, text, { mode: 0o600 });
    renameSync(`${this.stateFile}.new`, this.stateFile);
  }

  async start(lanes: RouterLane[], settings: Record<string, number> = {}): Promise<void> {
    this.write(lanes);
    await this.spawn(settings);
  }

  /** Starts the process on whatever the state file holds. */
  async spawn(settings: Record<string, number> = {}): Promise<void> {
    const child = spawn(process.execPath, ["src/agent/router/main.ts", this.stateFile], {
      stdio: ["ignore", "ignore", "pipe"],
      env: { ...process.env, TIDELOCK_ROUTER_SETTINGS: JSON.stringify(settings) },
    });
    this.#stderr = "";
    this.#child = child;
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr += text;
    });
    await eventually("the router serves", () => {
      if (child.exitCode !== null) throw new Error(`the router ended: ${this.#stderr}`);
      return this.#stderr.includes("serving generation");
    });
  }

  /** Writes `lanes` and loads them. @throws ControlRefusal */
  async load(lanes: RouterLane[]): Promise<RouterAnswer> {
    this.write(lanes);
    return (await this.control({ method: "load" })) as RouterAnswer;
  }

  async read(): Promise<RouterAnswer> {
    return (await this.control({ method: "read" })) as RouterAnswer;
  }

  async lane(key: string): Promise<NonNullable<RouteObservation["effective"]>> {
    const answer = await this.read();
    const effective = answer.lanes.find(({ lane }) => lane === key)?.effective;
    if (!effective) throw new Error(`${key} is not served`);
    return effective;
  }

  async control(frame: Record<string, unknown>): Promise<unknown> {
    const socket = connect(this.stateFile.replace(/\.json$/, ".sock"));
    try {
      await once(socket, "connect");
      const id = ++this.#requestId;
      socket.write(`${JSON.stringify({ id, ...frame })}\n`);
      for await (const line of createInterface({ input: socket })) {
        const reply = JSON.parse(line) as { id: number; result?: unknown; error?: ControlError };
        if (reply.id !== id) continue;
        if (reply.error) throw new ControlRefusal(reply.error);
        return reply.result;
      }
      throw new Error("the router closed the control connection");
    } finally {
      socket.destroy();
    }
  }

  /** Parsed access log lines; waits until there are at least `count`. */
  async accessLines(count: number): Promise<Record<string, unknown>[]> {
    return await eventually(`${count} access log lines`, () => {
      const lines = readFileSync(this.accessLog, "utf8").split("\n").filter(Boolean);
      return (
        lines.length >= count && lines.map((line) => JSON.parse(line) as Record<string, unknown>)
      );
    });
  }

  async kill(signal: NodeJS.Signals = "SIGKILL"): Promise<number | null> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return null;
    const exited = once(child, "exit");
    child.kill(signal);
    await exited;
    return child.exitCode;
  }

  async end(): Promise<void> {
    await this.kill();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** A lane with usual values; `blue` and `green` are backend ports, null for a colour without a release. */
export function lane(
  listen: string,
  options: {
    blue?: readonly number[] | null;
    green?: readonly number[] | null;
    route?: Partial<RouteSpec>;
    names?: { blue: string; green: string };
  } = {},
): RouterLane {
  const names = options.names ?? { blue: "shop@1", green: "shop@2" };
  const colour = (name: string, ports: readonly number[] | null | undefined) => ({
    releaseName: ports ? name : null,
    backends: (ports ?? []).map((port) => ({ host: "127.0.0.1", port })),
  });
  return {
    route: {
      lane: "shop/production",
      listen,
      tls: null,
      trustedProxies: [],
      limits: { headerBytes: 16_384, bodyBytes: 10 * 1024 * 1024 },
      weights: { blue: 100, green: 0 },
      drainMs: 2_000,
      ...options.route,
    },
    colours: { blue: colour(names.blue, options.blue), green: colour(names.green, options.green) },
  };
}
