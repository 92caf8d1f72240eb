import { connect, createServer, type Server, type Socket } from "node:net";
import { STATUS_CODES } from "node:http";
import type { Effect } from "./effect.ts";
import { LateLine } from "./late-line.ts";

const mostConnections = 512;
/** A dependency that does not take a connection in this time is as good as down. Milliseconds. */
const connectMs = 30_000;

interface Upstream {
  readonly host: string;
  readonly port: number;
}

/** The way to one dependency: hands everything on as it is, unless an effect says otherwise. */
export class Relay {
  readonly server: Server;
  readonly #upstream: Upstream;
  readonly #pairs = new Set<Pair>();
  #effect: Effect | null = null;

  constructor(upstream: Upstream) {
    this.#upstream = upstream;
    this.server = createServer({ allowHalfOpen: true, noDelay: true }, (client) =>
      this.#take(client),
    );
    this.server.maxConnections = mostConnections;
  }

  begin(effect: Effect): void {
    this.#effect = effect;
    const { fault } = effect;
    if (fault.kind !== "error" || fault.how !== "reset" || fault.share < 1) return;
    for (const pair of this.#pairs) pair.reset(effect);
  }

  /** What is still kept back goes out at once. */
  end(): void {
    this.#effect = null;
    for (const pair of this.#pairs) pair.flush();
  }

  #take(client: Socket): void {
    client.on("error", () => client.destroy());
    if (this.#effect?.refuses()) {
      this.#effect.resets += 1;
      client.resetAndDestroy();
      return;
    }
    const pair = new Pair(client, this.#upstream, () => this.#effect);
    this.#pairs.add(pair);
    pair.onClose(() => this.#pairs.delete(pair));
  }
}

/** One connection of the service, and ours to the dependency. */
class Pair {
  readonly #client: Socket;
  readonly #upstream: Socket;
  readonly #line: LateLine;
  readonly #effect: () => Effect | null;
  #answered = false;

  constructor(client: Socket, { host, port }: Upstream, effect: () => Effect | null) {
    this.#client = client;
    this.#effect = effect;
    const upstream = connect({
      host,
      port,
      allowHalfOpen: true,
      noDelay: true,
      timeout: connectMs,
    });
    this.#upstream = upstream;
    this.#line = new LateLine(client, upstream);
    // What cannot be reached looks as near to that as a connection that was taken can.
    upstream.on("error", () => client.resetAndDestroy());
    upstream.once("connect", () => upstream.setTimeout(0));
    upstream.on("timeout", () => upstream.destroy(new Error("no connection")));
    upstream.on("data", (piece: Buffer) => {
      if (client.write(piece)) return;
      upstream.pause();
      client.once("drain", () => upstream.resume());
    });
    upstream.on("end", () => client.end());
    client.on("data", (piece: Buffer) => this.#forward(piece));
    client.on("end", () => this.#line.end());
    client.on("close", () => upstream.destroy());
    upstream.on("close", () => {
      if (!client.writableEnded) client.destroy();
    });
  }

  onClose(closed: () => void): void {
    this.#client.once("close", closed);
  }

  flush(): void {
    this.#line.flush();
  }

  reset(effect: Effect): void {
    effect.resets += 1;
    this.#client.resetAndDestroy();
  }

  #forward(piece: Buffer): void {
    if (this.#answered) return;
    const effect = this.#effect();
    const verdict = effect?.judge(piece) ?? { keepMs: 0 };
    if (verdict === "reset" && effect) return this.reset(effect);
    if (verdict === "status" && effect) return this.#answer(effect);
    const keepMs = typeof verdict === "object" ? verdict.keepMs : 0;
    const late = effect?.fault.kind === "latency" ? effect : null;
    this.#line.push(piece, keepMs, (ms, how) => late?.wasKept(ms, how));
  }

  #answer(effect: Effect): void {
    const status = effect.fault.kind === "error" ? effect.fault.status : 503;
    effect.statuses += 1;
    this.#answered = true;
    const body = "a fault that Tidelock injects\n";
    this.#upstream.removeAllListeners("data");
    this.#client.end(
      `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? "Error"}\r\ncontent-type: text/plain\r\n` +
        `content-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`,
    );
    this.#upstream.destroy();
  }
}
