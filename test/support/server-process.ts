import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { eventually } from "./child.ts";

export type Act = "kill" | "stop" | "pause";

interface Line {
  readonly id?: number;
  readonly result?: unknown;
  readonly error?: string;
  readonly passed?: string;
  readonly reached?: string;
  readonly notice?: string;
  readonly ready?: true;
}

/** A real server in a process of its own (server-program.ts), for tests that kill and stop it. */
export class ServerProcess {
  readonly child: ChildProcess;
  /** Points that it has come by, each once, in order. */
  readonly passed: string[] = [];
  readonly notices: string[] = [];
  readonly #ended: Promise<void>;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  #reached: string | null = null;
  #ready = false;
  #gone = false;
  #id = 0;
  #stderr = "";

  /** Loads the program and waits to be told to become a server: a stand-by costs no time later. */
  constructor(dataDir: string, databaseUrl: string) {
    const file = new URL("./server-program.ts", import.meta.url).pathname;
    const argv = ["--disable-warning=ExperimentalWarning", file, dataDir, databaseUrl];
    this.child = spawn(process.execPath, argv, { stdio: ["pipe", "pipe", "pipe"] });
    this.child.stdin?.on("error", () => undefined);
    this.child.stderr?.on("data", (data: Buffer) => (this.#stderr += data.toString()));
    this.#ended = new Promise((resolve) => {
      this.child.once("close", () => {
        this.#gone = true;
        for (const one of this.#waiting.values()) one.reject(new Error("the server is gone"));
        resolve();
      });
    });
    if (!this.child.stdout) throw new Error("no stdout");
    createInterface({ input: this.child.stdout }).on("line", (text) => {
      this.#hear(JSON.parse(text) as Line);
    });
  }

  #hear(line: Line): void {
    if (line.ready) this.#ready = true;
    if (line.notice !== undefined) this.notices.push(line.notice);
    if (line.reached !== undefined) this.#reached = line.reached;
    const place = line.passed ?? line.reached;
    if (place !== undefined && !this.passed.includes(place)) this.passed.push(place);
    if (line.id === undefined) return;
    const waiting = this.#waiting.get(line.id);
    this.#waiting.delete(line.id);
    if (line.error === undefined) waiting?.resolve(line.result);
    else waiting?.reject(new Error(line.error));
  }

  #tell(order: object): void {
    this.child.stdin?.write(`${JSON.stringify(order)}\n`);
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  get gone(): boolean {
    return this.#gone;
  }

  async compose(): Promise<void> {
    this.#tell({ compose: true });
    await eventually(
      "the server is up",
      () => {
        if (this.#gone) throw new Error(`the server ended: ${this.#stderr}`);
        return this.#ready;
      },
      60_000,
    );
  }

  call<T>(method: string, ...params: unknown[]): Promise<T> {
    if (this.#gone) return Promise.reject(new Error("the server is gone"));
    const id = (this.#id += 1);
    const waiting = Promise.withResolvers<unknown>();
    this.#waiting.set(id, waiting);
    this.#tell({ call: { id, method, params } });
    return waiting.promise as Promise<T>;
  }

  /** What shall happen at a point, the next time that it is come by. */
  arm(point: string, act: Act): void {
    this.#reached = null;
    this.#tell({ arm: { point, act } });
  }

  async untilReached(point: string): Promise<void> {
    await eventually(`the server comes to ${point}`, () => this.#reached === point, 30_000);
  }

  go(): void {
    this.#tell({ go: true });
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  async kill(): Promise<void> {
    this.child.kill("SIGKILL");
    await this.#ended;
  }

  async ended(): Promise<void> {
    await this.#ended;
  }
}
