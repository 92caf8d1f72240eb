import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

const mostHits = 10_000;

/** A listener of ours that a service under test should have no reason to call. It answers, and remembers. */
export class Canary implements AsyncDisposable {
  readonly #server: Server;
  readonly #hits = new Set<string>();
  readonly #bodies = new Map<string, string>();
  readonly #address: string;

  private constructor(server: Server, address: string) {
    this.#server = server;
    this.#address = address;
  }

  static async open(address: string): Promise<Canary> {
    const server = createServer();
    const canary = new Canary(server, address);
    server.on("request", (request, response) => {
      request.resume();
      const token = /^\/([a-z]{8,40})\b/.exec(request.url ?? "")?.[1];
      if (token !== undefined && canary.#hits.size < mostHits) canary.#hits.add(token);
      response.setHeader("connection", "close");
      response.end(canary.#bodies.get(token ?? "") ?? `canary-${token ?? "none"}`);
    });
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(0, address, resolve);
    });
    return canary;
  }

  /** An address of the canary that nobody else has; `body` is what it answers there. */
  url(token: string, body?: string, suffix = ""): string {
    if (body !== undefined) this.#bodies.set(token, body);
    const { port } = this.#server.address() as AddressInfo;
    const host = this.#address.includes(":") ? `[${this.#address}]` : this.#address;
    return `http://${host}:${port}/${token}${suffix}`;
  }

  /** Whether it was called there, now or within a moment. */
  async heard(token: string, waitMs = 150): Promise<boolean> {
    for (let left = waitMs; left > 0 && !this.#hits.has(token); left -= 25) await sleep(25);
    return this.#hits.has(token);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => {
      this.#server.close(resolve);
    });
  }
}
