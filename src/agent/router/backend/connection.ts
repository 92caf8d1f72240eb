import { connect, type Socket } from "node:net";
import { ResponseParser, type ResponseSink } from "./response-parser.ts";
import { settings } from "../settings.ts";

/**
 * One connection to a backend. It carries one exchange at a time (no pipelining) and knows what a retry
 * has to know: whether it ever connected, whether it was used before, whether response bytes came.
 *
 *   connecting ──> busy ⇄ idle ──> closed
 *                    └──> tunnel ──> closed
 */
export interface ExchangeFailure {
  readonly kind: "connect" | "broken" | "protocol";
  readonly message: string;
  /** The connection had served an exchange before this one. */
  readonly reused: boolean;
  /** At least one byte of the response had arrived. */
  readonly responseBegun: boolean;
}

/** What the owner of an exchange is told. After `onBodyEnd` or `onFailure` nothing more comes. */
export interface ExchangeSink extends ResponseSink {
  onConnected(): void;
  /** Everything of one read has been told: what waits for company may go out now. */
  onReadEnd(): void;
  /** The socket's buffer is empty again after `write` had answered false. */
  onDrain(): void;
  /** After 101: `data` are bytes of the tunnel, valid only during the call. */
  onTunnelData(data: Buffer): void;
  /** The backend ended its side of the tunnel. */
  onTunnelEnd(): void;
  onFailure(failure: ExchangeFailure): void;
}

/**
 * All connections read into one buffer: a read is handed to the parser and consumed before the next one
 * starts. It spares an allocation of 64 KiB for each read.
 */
const readBuffer = Buffer.allocUnsafeSlow(64 * 1024);

export interface ConnectionOwner {
  /** The connection is free again, or closed; exactly one call for each exchange and one at the very end. */
  onIdle(connection: BackendConnection): void;
  onClosed(connection: BackendConnection): void;
}

export class BackendConnection {
  readonly #socket: Socket;
  readonly #owner: ConnectionOwner;
  readonly #parser = new ResponseParser();
  #sink: ExchangeSink | null = null;
  #exchanges = 0;
  #connected = false;
  #closed = false;
  #responseBegun = false;
  /** The whole request has been handed over: without it the connection cannot be used again. */
  #requestEnded = false;
  #connectTimer: NodeJS.Timeout | null;
  #idleSince = 0;

  constructor(host: string, port: number, owner: ConnectionOwner) {
    this.#owner = owner;
    this.#socket = connect({
      host,
      port,
      noDelay: true,
      allowHalfOpen: true,
      onread: { buffer: readBuffer, callback: (read, buffer) => this.#onRead(read, buffer) },
    });
    this.#socket.on("connect", () => this.#onConnect());
    this.#socket.on("drain", () => this.#sink?.onDrain());
    this.#socket.on("end", () => this.#onEnd());
    this.#socket.on("error", (error) => this.#onError(error));
    this.#socket.on("close", () => this.#onClose());
    this.#connectTimer = setTimeout(() => {
      this.#fail("connect", `no connection within ${settings.connectTimeoutMs} ms`);
    }, settings.connectTimeoutMs);
  }

  get connected(): boolean {
    return this.#connected;
  }

  get usable(): boolean {
    return !this.#closed && this.#sink === null;
  }

  /** `performance.now()` of the last time it became idle. */
  get idleSince(): number {
    return this.#idleSince;
  }

  /** Starts an exchange; bytes written before the connection stands leave only when it does. */
  begin(sink: ExchangeSink, method: string, upgradable: boolean): void {
    this.#sink = sink;
    this.#exchanges++;
    this.#responseBegun = false;
    this.#requestEnded = false;
    this.#parser.begin(method, upgradable);
  }

  /** False: wait for `onDrain`. */
  write(data: string | Buffer): boolean {
    return typeof data === "string" ? this.#socket.write(data, "latin1") : this.#socket.write(data);
  }

  cork(): void {
    this.#socket.cork();
  }

  uncork(): void {
    this.#socket.uncork();
  }

  /** The request is complete. Call it before or after the response ends. */
  endRequest(): void {
    this.#requestEnded = true;
  }

  /** Ends our side of a tunnel. */
  endTunnel(): void {
    this.#socket.end();
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Gives up without telling the sink. */
  destroy(): void {
    this.#sink = null;
    this.#close();
  }

  #onConnect(): void {
    this.#connected = true;
    this.#clearConnectTimer();
    this.#sink?.onConnected();
  }

  #onRead(read: number, buffer: Uint8Array): boolean {
    const sink = this.#sink;
    // Bytes that nobody asked for: whatever they are, they must not become somebody's response.
    if (!sink) {
      this.#close();
      return false;
    }
    const bytes = (buffer as Buffer).subarray(0, read);
    if (this.#parser.upgraded) {
      sink.onTunnelData(bytes);
      return true;
    }
    this.#responseBegun = true;
    try {
      this.#parse(bytes, sink);
    } catch (error) {
      this.#fail("protocol", error instanceof Error ? error.message : String(error));
      return false;
    }
    return true;
  }

  #parse(bytes: Buffer, sink: ExchangeSink): void {
    const rest = this.#parser.execute(bytes, sink);
    sink.onReadEnd();
    if (this.#parser.upgraded) {
      if (rest) sink.onTunnelData(rest);
    } else if (this.#parser.done) {
      this.#finish(rest === null);
    }
  }

  /** The response is complete; `clean` when no bytes follow it. */
  #finish(clean: boolean): void {
    if (this.#sink === null) return;
    this.#sink = null;
    if (!clean || !this.#requestEnded || !this.#parser.reusable || this.#socket.readableEnded) {
      this.#close();
      return;
    }
    this.#idleSince = performance.now();
    this.#socket.resume();
    this.#owner.onIdle(this);
  }

  #onEnd(): void {
    const sink = this.#sink;
    if (sink && this.#parser.upgraded) {
      sink.onTunnelEnd();
      return;
    }
    if (sink && this.#parser.eof(sink)) {
      this.#sink = null;
      this.#close();
      return;
    }
    this.#fail("broken", "it closed the connection before the response was complete");
  }

  #onError(error: Error): void {
    this.#fail(this.#connected ? "broken" : "connect", error.message);
  }

  #onClose(): void {
    this.#fail("broken", "the connection closed before the response was complete");
  }

  #fail(kind: ExchangeFailure["kind"], message: string): void {
    const sink = this.#sink;
    this.#sink = null;
    this.#close();
    sink?.onFailure({
      kind,
      message,
      reused: this.#exchanges > 1,
      responseBegun: this.#responseBegun,
    });
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#clearConnectTimer();
    this.#socket.destroy();
    this.#owner.onClosed(this);
  }

  #clearConnectTimer(): void {
    if (this.#connectTimer) clearTimeout(this.#connectTimer);
    this.#connectTimer = null;
  }
}
