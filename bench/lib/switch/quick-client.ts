import { connect, type Socket } from "node:net";

export interface QuickAnswer {
  readonly status: number;
  readonly release: string;
  readonly body: string;
}

/** Below the router's own limit for idle clients (65 s). */
const longestIdleMs = 30_000;

/**
 * As little HTTP/1.1 client as the bulk of the traffic needs: requests and responses with Content-Length, on a
 * connection of its own or a kept one. It never retries: what goes wrong is handed back as an error.
 */
export class QuickConnection {
  readonly #socket: Socket;
  #received = "";
  #waiting: { resolve: (answer: QuickAnswer) => void; reject: (error: Error) => void } | null =
    null;
  #closed: Error | null = null;
  #lastUsed = performance.now();

  constructor(port: number) {
    this.#socket = connect({ port, host: "127.0.0.1", noDelay: true });
    this.#socket.setEncoding("latin1");
    this.#socket.on("data", (data: string) => this.#onData(data));
    this.#socket.on("error", (error) => this.#end(error));
    this.#socket.on("close", () => this.#end(new Error("closed before the response was complete")));
  }

  /**
   * A kept connection that the server has closed in the meantime, or that has been idle for so long that it may be
   * about to, is not used again: so does every HTTP client, before it sends anything.
   */
  get usable(): boolean {
    const fresh = performance.now() - this.#lastUsed < longestIdleMs;
    return this.#closed === null && this.#waiting === null && fresh;
  }

  send(request: string): Promise<QuickAnswer> {
    return new Promise((resolve, reject) => {
      if (this.#closed) {
        reject(new Error("used after it was closed", { cause: this.#closed }));
        return;
      }
      this.#received = "";
      this.#waiting = { resolve, reject };
      this.#socket.write(request, "latin1");
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #onData(data: string): void {
    const received = this.#received + data;
    this.#received = received;
    const end = received.indexOf("\r\n\r\n");
    if (end === -1 || !this.#waiting) return;
    const head = received.slice(0, end);
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? Number.NaN);
    const body = received.slice(end + 4);
    if (body.length < length) return;
    const { resolve, reject } = this.#waiting;
    this.#waiting = null;
    this.#lastUsed = performance.now();
    if (body.length !== length) reject(new Error("more came than the length says"));
    else {
      const release = /\r\nx-release: ([^\r]*)/i.exec(head)?.[1] ?? "";
      resolve({ status: Number(head.slice(9, 12)), release, body });
    }
  }

  #end(error: Error): void {
    this.#closed ??= error;
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.reject(error);
  }
}
