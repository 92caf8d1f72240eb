import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";

/** A backend that records the bytes it gets, connection by connection, and answers as it is told to. */
export class RawBackend {
  readonly connections: { socket: Socket; received: string }[] = [];
  readonly #server: Server;
  /** Called with everything a connection has sent so far; write the answer when it is complete. */
  onBytes: (socket: Socket, received: string, connection: { received: string }) => void;

  constructor(onBytes?: RawBackend["onBytes"]) {
    this.onBytes =
      onBytes ??
      ((socket, received, connection) => {
        if (!complete(received)) return;
        connection.received = `${received}\u0000`;
        socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
      });
    this.#server = createServer((socket) => {
      const connection = { socket, received: "" };
      this.connections.push(connection);
      socket.on("error", () => socket.destroy());
      socket.on("data", (data) => {
        connection.received += data.toString("latin1");
        const start = connection.received.lastIndexOf("\u0000") + 1;
        this.onBytes(socket, connection.received.slice(start), {
          set received(text: string) {
            connection.received = connection.received.slice(0, start) + text;
          },
          get received() {
            return connection.received;
          },
        });
      });
    });
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Complete requests received, in order of connection. */
  get requests(): string[] {
    return this.connections.flatMap(({ received }) => received.split("\u0000").slice(0, -1));
  }

  forget(): void {
    for (const { socket } of this.connections.splice(0)) socket.destroy();
  }

  async listen(port = 0): Promise<number> {
    this.#server.listen(port, "127.0.0.1");
    await once(this.#server, "listening");
    return this.port;
  }

  async close(): Promise<void> {
    this.forget();
    if (!this.#server.listening) return;
    this.#server.close();
    await once(this.#server, "close");
  }
}

/** Whether `text` holds exactly one whole request, read the plain way. */
export function complete(text: string): boolean {
  const end = text.indexOf("\r\n\r\n");
  if (end === -1) return false;
  const head = text.slice(0, end).toLowerCase();
  const body = text.slice(end + 4);
  if (/\r\ntransfer-encoding: chunked/.test(head))
    return /(?:^|\r\n)0\r\n(?:[^\r\n]+\r\n)*\r\n$/.test(body);
  const length = /\r\ncontent-length: (\d+)/.exec(head);
  return length ? body.length >= Number(length[1]) : true;
}

/** A client's connection on which a test writes and reads bytes. */
export class RawClient {
  readonly socket: Socket;
  text = "";
  ended = false;
  closed = false;

  constructor(port: number) {
    this.socket = connect(port, "127.0.0.1");
    this.socket.setEncoding("latin1");
    this.socket.on("data", (data: string) => {
      this.text += data;
    });
    this.socket.on("end", () => {
      this.ended = true;
    });
    this.socket.on("close", () => {
      this.closed = true;
    });
    this.socket.on("error", () => this.socket.destroy());
  }

  send(text: string): void {
    this.socket.write(text, "latin1");
  }

  /** Waits until what came back fits `pattern`, or the connection closed, or the time is up. */
  async until(pattern: RegExp, timeoutMs = 20_000): Promise<string> {
    const end = performance.now() + timeoutMs;
    while (!pattern.test(this.text) && !this.closed && performance.now() < end) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    return this.text;
  }

  async untilClosed(timeoutMs = 20_000): Promise<string> {
    const end = performance.now() + timeoutMs;
    while (!this.closed && performance.now() < end) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    if (!this.closed) throw new Error(`still open after ${timeoutMs} ms: ${this.text}`);
    return this.text;
  }

  end(): void {
    this.socket.destroy();
  }
}

/** Sends `text` on a connection of its own and answers the status lines that came back. */
export async function statusesOf(port: number, text: string, waitMs = 150): Promise<number[]> {
  const client = new RawClient(port);
  client.send(text);
  await client.until(/HTTP\/1\.1 \d\d\d[\s\S]*\r\n\r\n/);
  // Whatever else would come as an answer to smuggled bytes.
  await new Promise((resolve) => setTimeout(resolve, waitMs));
  client.end();
  return [...client.text.matchAll(/HTTP\/1\.1 (\d\d\d) /g)].map((match) => Number(match[1]));
}
