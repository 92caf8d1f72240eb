import { Agent, get } from "node:http";

export interface Failure {
  /** `performance.now()` when it was known. */
  readonly at: number;
  readonly why: string;
}

/** A 503 of the router: nobody is live. A failure, except where a strategy has such a gap. */
export const nobodyLive = "503";

/**
 * Users: a request every so often, whether the one before was answered or not, on a fresh connection and on
 * a kept one in turn, without a retry. Each answer must be a whole body that a release is known to give.
 */
export class SteadyClient {
  requests = 0;
  readonly failures: Failure[] = [];
  readonly versions = new Set<string>();
  /** `performance.now()` of the newest good answer. */
  lastGood = 0;
  readonly #port: number;
  readonly #kept = new Agent({ keepAlive: true, maxSockets: 4 });
  readonly #flying = new Set<Promise<void>>();
  readonly #timer: NodeJS.Timeout;

  constructor(port: number, everyMs = 12) {
    this.#port = port;
    this.#timer = setInterval(() => this.#fly(), everyMs);
  }

  #fly(): void {
    if (this.#flying.size >= 64) return;
    this.requests += 1;
    const kept = this.requests % 2 === 0;
    const flight = this.#ask(kept)
      .then(
        (version) => {
          this.versions.add(version);
          this.lastGood = performance.now();
        },
        (error: unknown) => {
          this.failures.push({ at: performance.now(), why: messageOf(error) });
        },
      )
      .finally(() => this.#flying.delete(flight));
    this.#flying.add(flight);
  }

  #ask(kept: boolean): Promise<string> {
    return new Promise((resolve, reject) => {
      const request = get({
        host: "127.0.0.1",
        port: this.#port,
        path: "/",
        agent: kept ? this.#kept : false,
        timeout: 10_000,
      });
      request.on("timeout", () => request.destroy(new Error("no answer in 10 s")));
      request.on("error", reject);
      request.on("response", (response) => {
        let body = "";
        response.setEncoding("utf8");
        response.on("data", (text: string) => (body += text));
        response.on("error", reject);
        response.on("end", () => {
          if (response.statusCode === 503) reject(new Error(nobodyLive));
          else if (response.statusCode !== 200) reject(new Error(`status ${response.statusCode}`));
          else if (!/^version \d+\.\d+\.\d+$/.test(body)) reject(new Error(`body ${body}`));
          else resolve(body.slice("version ".length));
        });
      });
    });
  }

  /** No further request; returns when every one has ended. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#flying);
    this.#kept.destroy();
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
