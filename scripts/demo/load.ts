import { randomBytes, randomUUID } from "node:crypto";
import { Agent, request } from "node:http";

/** What the client saw, for the table and the live line. */
export interface LoadReport {
  readonly sent: number;
  readonly failed: number;
  /** Answered by which version of the service, e.g. `{"1.0.0": 812}`; asked on every fourth request. */
  readonly versions: Readonly<Record<string, number>>;
  /** The first few failures, in words. */
  readonly failures: readonly string[];
  /** Milliseconds from when a request was due until its answer was whole. */
  readonly latency: { readonly p50: number; readonly p99: number };
  readonly perSecond: number;
}

interface Exchange {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly body?: string;
  readonly cookie?: string;
}

const maxPostsPerCart = 100;
const timeoutMs = 10_000;

/**
 * An open-loop client: requests leave on a fixed schedule, whether or not earlier ones were answered, so that
 * a stall shows as many late requests and not as one. It never retries. Anything but a whole answer with a
 * status under 400 counts as failed. Each POST carries its own id; `settle` reads the carts back and counts
 * one that is missing or there twice as failed too.
 */
export class Load {
  readonly #address: URL;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 256 });
  readonly #latencies: number[] = [];
  readonly #versions: Record<string, number> = {};
  readonly #failures: string[] = [];
  /** Acknowledged POSTs of each cart. */
  readonly #carts = new Map<string, number>();
  readonly #started = performance.now();
  readonly #inFlight = new Set<Promise<void>>();
  #timer: NodeJS.Timeout | null = null;
  #cart = "";
  #sent = 0;
  #failed = 0;

  constructor(address: string) {
    this.#address = new URL(address);
  }

  /** Sends `perSecond` requests a second until `stop`. */
  start(perSecond: number): void {
    const begun = performance.now();
    let scheduled = 0;
    this.#timer = setInterval(() => {
      const due = ((performance.now() - begun) / 1000) * perSecond;
      for (; scheduled < due; scheduled += 1) {
        this.#send(this.#next(scheduled), begun + (scheduled / perSecond) * 1000);
      }
    }, 2);
  }

  /** Ends the schedule and waits for what is in flight. */
  async stop(): Promise<void> {
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
    await Promise.all(this.#inFlight);
  }

  /** Every acknowledged POST must be in its cart exactly once. */
  async settle(): Promise<void> {
    for (const [cart, acknowledged] of this.#carts) {
      const text = await this.#exchange({ method: "GET", path: "/cart", cookie: cart });
      const { requests } = JSON.parse(text) as { requests: number };
      if (requests !== acknowledged) {
        this.#fail(`cart ${cart}: ${acknowledged} POSTs acknowledged, ${requests} found`);
      }
    }
    this.#agent.destroy();
  }

  report(): LoadReport {
    const sorted = this.#latencies.toSorted((a, b) => a - b);
    const at = (share: number): number =>
      sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
    return {
      sent: this.#sent,
      failed: this.#failed,
      versions: { ...this.#versions },
      failures: this.#failures,
      latency: { p50: at(0.5), p99: at(0.99) },
      perSecond: this.#sent / ((performance.now() - this.#started) / 1000),
    };
  }

  #next(index: number): Exchange {
    if (index % 4 === 0) return { method: "GET", path: "/version" };
    if (index % 4 === 1) return { method: "GET", path: "/items" };
    if (index % 4 === 2) return { method: "GET", path: "/" };
    if (this.#cart === "" || (this.#carts.get(this.#cart) ?? 0) >= maxPostsPerCart / 2) {
      this.#cart = randomBytes(16).toString("hex");
    }
    const body = JSON.stringify({ item: "mug", request: randomUUID() });
    return { method: "POST", path: "/cart/items", body, cookie: this.#cart };
  }

  #send(exchange: Exchange, dueAt: number): void {
    this.#sent += 1;
    const done = this.#exchange(exchange).then(
      (text) => {
        this.#latencies.push(performance.now() - dueAt);
        if (exchange.path === "/version") this.#count(text);
        if (exchange.method === "POST") {
          const cart = exchange.cookie ?? "";
          this.#carts.set(cart, (this.#carts.get(cart) ?? 0) + 1);
        }
      },
      (error: unknown) => this.#fail(`${exchange.method} ${exchange.path}: ${String(error)}`),
    );
    const settled = done.finally(() => this.#inFlight.delete(settled));
    this.#inFlight.add(settled);
  }

  #count(text: string): void {
    const { version } = JSON.parse(text) as { version: string };
    this.#versions[version] = (this.#versions[version] ?? 0) + 1;
  }

  #fail(reason: string): void {
    this.#failed += 1;
    if (this.#failures.length < 5) this.#failures.push(reason);
  }

  #exchange({ method, path, body, cookie }: Exchange): Promise<string> {
    return new Promise((resolve, reject) => {
      const headers = {
        ...(cookie === undefined ? {} : { cookie: `cart=${cookie}` }),
        ...(body === undefined
          ? {}
          : { "content-type": "application/json", "content-length": Buffer.byteLength(body) }),
      };
      const { hostname, port } = this.#address;
      const options = { agent: this.#agent, method, path, headers, hostname, port };
      const sent = request({ ...options, timeout: timeoutMs }, (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (chunk: string) => (text += chunk));
        response.on("error", reject);
        response.on("end", () => {
          const status = response.statusCode ?? 0;
          if (!response.complete) reject(new Error("the answer was cut off"));
          else if (status >= 400) reject(new Error(`status ${status}: ${text.slice(0, 100)}`));
          else resolve(text);
        });
      });
      sent.on("timeout", () => sent.destroy(new Error(`no answer in ${timeoutMs} ms`)));
      sent.on("error", reject);
      sent.end(body);
    });
  }
}
