/**
 * A load generator of its own, so that a bench runs on a machine with nothing but Node:
 * `node load.ts <port> <connections> <milliseconds> <rate>` prints one JSON object. Rate 0 is closed-loop (each
 * connection sends as soon as it has its answer: the highest throughput). Any other rate is open-loop: requests
 * are due at fixed times whatever the answers do, and latency counts from when a request was due, so that a
 * stall is seen by every request that it delays.
 */
import { connect, type Socket } from "node:net";

export interface LoadResult {
  readonly requests: number;
  readonly failed: number;
  readonly seconds: number;
  /** Milliseconds from due to complete, sorted; open-loop only. */
  readonly latencies: number[];
}

const request = Buffer.from(
  "GET /bench HTTP/1.1\r\nHost: shop\r\nUser-Agent: tidelock-bench\r\nAccept: */*\r\n\r\n",
);
const okStatus = Buffer.from("HTTP/1.1 200");

class Connection {
  readonly #socket: Socket;
  readonly #onDone: (ok: boolean, connection: Connection) => void;
  /** Size of a whole response: all are alike, which the first one's Content-Length tells. */
  #size = 0;
  #received = 0;
  /** When the request under way was due. */
  due = 0;
  #busy = false;

  constructor(port: number, onDone: (ok: boolean, connection: Connection) => void) {
    this.#onDone = onDone;
    this.#socket = connect({ port, host: "127.0.0.1", noDelay: true });
    this.#socket.on("data", (data) => this.#onData(data));
    this.#socket.on("error", () => this.#socket.destroy());
    this.#socket.on("close", () => {
      if (this.#busy) this.#done(false);
    });
  }

  opened(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.once("connect", resolve);
      this.#socket.once("error", reject);
    });
  }

  send(): void {
    this.#busy = true;
    this.#received = 0;
    this.#socket.write(request);
  }

  close(): void {
    this.#busy = false;
    this.#socket.destroy();
  }

  #onData(data: Buffer): void {
    if (this.#received === 0) {
      if (okStatus.compare(data, 0, okStatus.length) !== 0) {
        this.#done(false);
        return;
      }
      const end = data.indexOf("\r\n\r\n");
      // Every response states its length: another one than the first's would be an answer cut or mixed up.
      const at = data.indexOf("ontent-");
      const length = Number.parseInt(
        /ontent-length: *(\d+)/i.exec(data.toString("latin1", at - 1, end))?.[1] ?? "",
        10,
      );
      this.#size = end + 4 + length;
    }
    this.#received += data.length;
    if (this.#received >= this.#size) this.#done(this.#received === this.#size);
  }

  #done(ok: boolean): void {
    this.#busy = false;
    this.#onDone(ok, this);
  }
}

async function main(): Promise<LoadResult> {
  const [port = 0, connections = 1, milliseconds = 1000, rate = 0] = process.argv
    .slice(2)
    .map(Number);
  const latencies: number[] = [];
  const free: Connection[] = [];
  const waiting: number[] = [];
  let requests = 0;
  let failed = 0;
  let running = true;
  const onDone = (ok: boolean, connection: Connection): void => {
    requests++;
    if (!ok) failed++;
    if (rate === 0) {
      if (running) connection.send();
      return;
    }
    latencies.push(performance.now() - connection.due);
    const due = waiting.shift();
    if (due === undefined) free.push(connection);
    else sendDue(connection, due);
  };
  const sendDue = (connection: Connection, due: number): void => {
    connection.due = due;
    connection.send();
  };
  const all = Array.from({ length: connections }, () => new Connection(port, onDone));
  await Promise.all(all.map((connection) => connection.opened()));
  const start = performance.now();
  if (rate === 0) {
    for (const connection of all) connection.send();
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
  } else {
    free.push(...all);
    await openLoop(start, milliseconds, rate, (due) => {
      const connection = free.pop();
      if (connection) sendDue(connection, due);
      else waiting.push(due);
    });
  }
  running = false;
  const seconds = (performance.now() - start) / 1000;
  for (const connection of all) connection.close();
  return { requests, failed, seconds, latencies: latencies.sort((a, b) => a - b) };
}

async function openLoop(
  start: number,
  milliseconds: number,
  rate: number,
  send: (due: number) => void,
): Promise<void> {
  const total = Math.floor((milliseconds / 1000) * rate);
  for (let sent = 0; sent < total;) {
    const now = performance.now();
    while (sent < total && start + (sent / rate) * 1000 <= now) {
      send(start + (sent / rate) * 1000);
      sent++;
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  // What is still under way belongs to the measurement.
  await new Promise((resolve) => setTimeout(resolve, 200));
}

process.stdout.write(JSON.stringify(await main()));
