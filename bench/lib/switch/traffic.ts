import { createHash, randomBytes } from "node:crypto";
import { request, type IncomingMessage } from "node:http";
import { WebSocket } from "ws";
import { QuickConnection, type QuickAnswer } from "./quick-client.ts";
import type { Tally } from "./tally.ts";
import type { Timeline } from "./timeline.ts";

/** How many of each kind are due in a second, whatever became of those before. */
export interface Mix {
  /** On kept connections. */
  readonly reads: number;
  /** On a connection of their own. */
  readonly newConnections: number;
  /** POSTs with an id, half of them on kept connections. */
  readonly orders: number;
  readonly longResponses: number;
  readonly uploads: number;
  /** New WebSocket sessions. */
  readonly websockets: number;
}

export const fullMix: Mix = {
  reads: 1_700,
  newConnections: 180,
  orders: 180,
  longResponses: 15,
  uploads: 8,
  websockets: 2,
};

/** An answer that takes longer than this is a failure too. */
const patienceMs = 15_000;
const read = "GET / HTTP/1.1\r\nHost: shop\r\n\r\n";
const readOnce = "GET / HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n";

/**
 * An open-loop client without retries: what is due is sent, and every answer is held against what the timeline
 * allows. `stop` sends nothing more and waits for what is under way.
 */
export class Traffic {
  readonly #port: number;
  readonly #tally: Tally;
  readonly #timeline: Timeline;
  readonly #longMs: number;
  readonly #kept: QuickConnection[] = [];
  readonly #underWay = new Set<Promise<void>>();
  readonly #sessions = new Set<WebSocket>();
  readonly #stopped = new AbortController();
  #nextOrder = 0;
  #nextSession = 0;
  readonly #runId = randomBytes(4).toString("hex");

  /** @param longMs how long a long response and an upload take; less than the drain's ceiling. */
  constructor(port: number, tally: Tally, timeline: Timeline, longMs: number) {
    this.#port = port;
    this.#tally = tally;
    this.#timeline = timeline;
    this.#longMs = longMs;
  }

  start(mix: Mix): void {
    void this.#everySecond(mix.reads, () => this.#read());
    void this.#everySecond(mix.newConnections, () => this.#readOnce());
    void this.#everySecond(mix.orders, () => this.#order());
    void this.#everySecond(mix.longResponses, () => this.#longResponse());
    void this.#everySecond(mix.uploads, () => this.#upload());
    void this.#everySecond(mix.websockets, () => this.#session());
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    for (const session of this.#sessions) closeOnceOpen(session);
    await Promise.all(this.#underWay);
    for (const connection of this.#kept) connection.close();
  }

  async #everySecond(rate: number, send: () => Promise<void>): Promise<void> {
    const start = performance.now();
    let sent = 0;
    while (!this.#stopped.signal.aborted) {
      const due = Math.floor(((performance.now() - start) / 1000) * rate);
      // A machine on which this client cannot keep its schedule shows in the figures, not in a flood to catch up.
      const late = Math.max(0, due - sent - Math.ceil(rate / 4));
      this.#tally.notSent += late;
      sent += late;
      const turn = Math.min(due, sent + 100);
      for (; sent < turn; sent++) this.#track(send());
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }

  #track(work: Promise<void>): void {
    this.#underWay.add(work);
    void work.finally(() => this.#underWay.delete(work));
  }

  async #read(): Promise<void> {
    const connection = this.#keptConnection();
    await this.#attempt("read", connection, read, 200, true);
    if (connection.usable) this.#kept.push(connection);
  }

  #keptConnection(): QuickConnection {
    for (let kept = this.#kept.pop(); kept; kept = this.#kept.pop()) {
      if (kept.usable) return kept;
      kept.close();
    }
    return new QuickConnection(this.#port);
  }

  async #readOnce(): Promise<void> {
    const connection = new QuickConnection(this.#port);
    await this.#attempt("new connection", connection, readOnce, 200, true);
    connection.close();
  }

  async #order(): Promise<void> {
    const id = `${this.#runId}-${this.#nextOrder++}`;
    const keep = this.#nextOrder % 2 === 0;
    this.#tally.orders.set(id, false);
    const connection = keep ? this.#keptConnection() : new QuickConnection(this.#port);
    const text = `POST /order/${id} HTTP/1.1\r\nHost: shop\r\nContent-Length: 9\r\n\r\n${"some data"}`;
    if (await this.#attempt("order", connection, text, 201, false))
      this.#tally.orders.set(id, true);
    if (keep && connection.usable) this.#kept.push(connection);
    else connection.close();
  }

  async #attempt(
    kind: string,
    connection: QuickConnection,
    text: string,
    status: number,
    whole: boolean,
  ): Promise<boolean> {
    const mark = this.#timeline.mark();
    try {
      const answer = await inTime(connection.send(text));
      const wrong = this.#wrong(answer, mark, status, whole);
      if (wrong) this.#tally.fail(kind, wrong);
      else this.#tally.done(kind);
      return wrong === null;
    } catch (error) {
      connection.close();
      this.#tally.fail(kind, error instanceof Error ? error.message : String(error));
      return false;
    }
  }

  #wrong(answer: QuickAnswer, mark: number, status: number, whole: boolean): string | null {
    if (answer.status !== status) return `status ${answer.status}: ${answer.body}`;
    if (!this.#timeline.allows(answer.release, mark)) return `answered by ${answer.release}`;
    const body = `${answer.release};`.repeat(1024).slice(0, 1024);
    if (whole && answer.body !== body) return "a body of another release, or damaged";
    return null;
  }

  async #longResponse(): Promise<void> {
    const mark = this.#timeline.mark();
    try {
      const outgoing = request({
        port: this.#port,
        host: "127.0.0.1",
        path: `/long?ms=${this.#longMs}`,
        agent: false,
      });
      outgoing.end();
      const { release, body } = await inTime(collect(outgoing));
      const whole = Array.from({ length: 20 }, (_, piece) =>
        `${release}:${piece};`.padEnd(500, "."),
      ).join("");
      if (body !== whole)
        this.#tally.fail("long response", `cut or mixed after ${body.length} bytes`);
      else if (!this.#timeline.allows(release, mark))
        this.#tally.fail("long response", `answered by ${release}`);
      else this.#tally.done("long response");
    } catch (error) {
      this.#tally.fail("long response", error instanceof Error ? error.message : String(error));
    }
  }

  async #upload(): Promise<void> {
    const hash = createHash("sha256");
    const chunked = Math.random() < 0.5;
    const headers = chunked ? {} : { "content-length": 20 * 20_000 };
    try {
      const outgoing = request({
        port: this.#port,
        host: "127.0.0.1",
        path: "/upload",
        method: "PUT",
        headers,
        agent: false,
      });
      const answer = collect(outgoing);
      // Handled below; here it must only not count as unhandled while the pieces are sent.
      answer.catch(() => undefined);
      for (let piece = 0; piece < 20; piece++) {
        const bytes = randomBytes(20_000);
        hash.update(bytes);
        outgoing.write(bytes);
        await new Promise((resolve) => setTimeout(resolve, this.#longMs / 20));
      }
      outgoing.end();
      const { body } = await inTime(answer);
      if (body !== hash.digest("hex")) this.#tally.fail("upload", `answered ${body}`);
      else this.#tally.done("upload");
    } catch (error) {
      this.#tally.fail("upload", error instanceof Error ? error.message : String(error));
    }
  }

  /** Every other session ends by itself after a second, the rest stay until somebody ends them. */
  async #session(): Promise<void> {
    const socket = new WebSocket(`ws://127.0.0.1:${this.#port}/ws`, { perMessageDeflate: false });
    const stays = this.#nextSession++ % 2 === 0;
    const sent: Buffer[] = [];
    let wrong: string | null = null;
    let greeted = false;
    this.#sessions.add(socket);
    socket.on("error", (error) => {
      wrong ??= error.message;
    });
    socket.on("message", (data: Buffer) => {
      if (!greeted) greeted = true;
      else if (!sent.shift()?.equals(data)) wrong ??= "an echo that was not sent";
    });
    const timer = setInterval(() => {
      if (socket.readyState !== WebSocket.OPEN) return;
      const message = randomBytes(Math.floor(Math.random() * 30_000) + 1);
      sent.push(message);
      socket.send(message);
    }, 50);
    if (!stays) socket.on("open", () => setTimeout(leave, 1_000));
    const leave = (): void => {
      clearInterval(timer);
      // Everything echoed, then goodbye.
      const wait = setInterval(() => {
        if (sent.length > 0 && socket.readyState === WebSocket.OPEN) return;
        clearInterval(wait);
        socket.close(1000);
      }, 10);
    };
    const code = await new Promise<number>((resolve) => socket.on("close", resolve));
    clearInterval(timer);
    this.#sessions.delete(socket);
    if (wrong !== null) this.#tally.fail("websocket", wrong);
    else if (code === 1001) {
      this.#tally.websocketsEnded1001++;
      this.#tally.done("websocket");
    } else if (code === 1000) this.#tally.done("websocket");
    else this.#tally.fail("websocket", `ended with ${code}`);
  }
}

function closeOnceOpen(socket: WebSocket): void {
  if (socket.readyState === WebSocket.CONNECTING) socket.on("open", () => socket.close(1000));
  else socket.close(1000);
}

async function collect(
  outgoing: ReturnType<typeof request>,
): Promise<{ release: string; body: string }> {
  const incoming = await new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.on("response", resolve);
    outgoing.on("error", reject);
  });
  let body = "";
  for await (const chunk of incoming.setEncoding("latin1")) body += chunk as string;
  if (incoming.statusCode !== 200) throw new Error(`status ${incoming.statusCode}: ${body}`);
  return { release: String(incoming.headers["x-release"] ?? ""), body };
}

async function inTime<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${patienceMs} ms`)), patienceMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
