import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { BackendConnection, ExchangeFailure, ExchangeSink } from "./backend/connection.ts";
import type { BackendPool } from "./backend/pool.ts";
import type { ResponseHead } from "./backend/response-parser.ts";
import { chooseBackend } from "./balance.ts";
import type { ColourTarget, Flight, Lane } from "./lane.ts";
import type { RequestHead } from "./request-head.ts";
import { allowedTrailers, clientHeaders } from "./response-head.ts";
import { settings } from "./settings.ts";
import { Tunnel } from "./tunnel.ts";

/** How a request ended, for the access log and the lane's counters. */
export interface FlightEnd {
  readonly status: number;
  readonly bytes: number;
  readonly cause: string | null;
  /** The backend's (or our) failing, not the client's leaving. */
  readonly failed: boolean;
}

/** Small bodies go out in one write with their header. */
const oneWriteBytes = 32 * 1024;

/**
 * One request on its way through the router: to a backend of the colour it was given, and back.
 *
 *   attempting ──> (refused connection: next backend; dead reused connection: once more, fresh)
 *       └──> exchanging ──> done
 *                  └──101──> tunnelling ──> done
 */
export class HttpFlight implements Flight, ExchangeSink {
  readonly #lane: Lane;
  readonly #target: ColourTarget;
  readonly #head: RequestHead;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #expectContinue: boolean;
  readonly #upgradeSocket: Socket | null;
  readonly #upgradeHead: Buffer | null;
  readonly #bodyLimit: number;
  readonly #onDone: (end: FlightEnd) => void;
  readonly #safe: boolean;
  #pool: BackendPool | null = null;
  #connection: BackendConnection | null = null;
  #tried: Set<BackendPool> | null = null;
  #retriedFresh = false;
  #done = false;
  #uploading = false;
  #uploadPaused = false;
  /** The client waits for our 100 before it sends its body. */
  #heldBack: boolean;
  #uploaded = 0;
  #responseHead: ResponseHead | null = null;
  #headSent = false;
  #bytes = 0;
  #tunnel: Tunnel | null = null;
  /** Start of the current upload window, and the bytes it has brought. */
  #windowStart = 0;
  #windowBytes = 0;
  #waitingSince: number;
  #stalledSince = 0;

  constructor(options: {
    lane: Lane;
    target: ColourTarget;
    head: RequestHead;
    request: IncomingMessage;
    response: ServerResponse;
    expectContinue: boolean;
    upgrade: { socket: Socket; head: Buffer } | null;
    bodyLimit: number;
    onDone: (end: FlightEnd) => void;
  }) {
    this.#lane = options.lane;
    this.#target = options.target;
    this.#head = options.head;
    this.#request = options.request;
    this.#response = options.response;
    this.#expectContinue = options.expectContinue;
    this.#heldBack = options.expectContinue;
    this.#upgradeSocket = options.upgrade?.socket ?? null;
    this.#upgradeHead = options.upgrade?.head ?? null;
    this.#bodyLimit = options.bodyLimit;
    this.#onDone = options.onDone;
    const { method } = options.request;
    this.#safe =
      options.head.body.kind === "none" &&
      options.upgrade === null &&
      (method === "GET" || method === "HEAD" || method === "OPTIONS");
    this.#waitingSince = performance.now();
  }

  get colour(): ColourTarget["colour"] {
    return this.#target.colour;
  }

  get pool(): BackendPool | null {
    return this.#pool;
  }

  start(): void {
    this.#attempt(false);
  }

  /**
   * Sends the request to a backend. Only safe requests without a body travel on connections that were used
   * before: such a connection may be closing while we write, and what then became of the request nobody
   * can know (RFC 9110 section 9.2.2). Everything else gets a connection of its own.
   */
  #attempt(fresh: boolean): void {
    const pool = chooseBackend(
      this.#target.pools,
      this.#lane.turn(),
      performance.now(),
      this.#tried,
    );
    if (!pool) {
      this.#refuse(503, "no-backend", `no instance of ${this.#target.colour} accepts connections`);
      return;
    }
    this.#pool = pool;
    pool.inFlight++;
    const connection = pool.acquire(fresh || !this.#safe);
    this.#connection = connection;
    const { body, upgrade, text } = this.#head;
    connection.begin(this, this.#request.method ?? "GET", upgrade !== null);
    if (body.kind === "none") {
      connection.endRequest();
      connection.write(
        upgrade === null
          ? `${text}\r\n`
          : `${text}connection: upgrade\r\nupgrade: ${upgrade}\r\n\r\n`,
      );
      return;
    }
    const expect = this.#expectContinue ? "expect: 100-continue\r\n" : "";
    const framing =
      body.kind === "length" ? `content-length: ${body.bytes}` : "transfer-encoding: chunked";
    connection.write(`${text}${expect}${framing}\r\n\r\n`);
  }

  onConnected(): void {
    if (!this.#done && this.#head.body.kind !== "none" && !this.#uploading) this.#startUpload();
  }

  #startUpload(): void {
    this.#uploading = true;
    this.#windowStart = performance.now();
    const request = this.#request;
    request.on("data", (chunk: Buffer) => this.#onUpload(chunk));
    request.on("end", () => this.#onUploadEnd());
    request.on("error", () => this.clientGone());
  }

  #onUpload(chunk: Buffer): void {
    this.#windowBytes += chunk.length;
    this.#heldBack = false;
    // After the answer is complete the rest of an upload is read only to be thrown away.
    if (this.#done || !this.#connection) return;
    this.#uploaded += chunk.length;
    if (this.#uploaded > this.#bodyLimit) {
      this.#refuse(413, "body-too-large", `the body is larger than ${this.#bodyLimit} bytes`);
      return;
    }
    if (!this.#writeUpload(chunk)) {
      this.#uploadPaused = true;
      this.#request.pause();
    }
  }

  #writeUpload(chunk: Buffer): boolean {
    const connection = this.#connection as BackendConnection;
    if (this.#head.body.kind === "length") return connection.write(chunk);
    connection.cork();
    connection.write(`${chunk.length.toString(16)}\r\n`);
    connection.write(chunk);
    const room = connection.write("\r\n");
    connection.uncork();
    return room;
  }

  #onUploadEnd(): void {
    if (this.#done || !this.#connection) return;
    this.#uploading = false;
    if (this.#head.body.kind === "chunked") {
      let last = "0\r\n";
      for (const [name, value] of allowedTrailers(this.#request.rawTrailers)) {
        last += `${name}: ${value}\r\n`;
      }
      this.#connection.write(`${last}\r\n`);
    }
    this.#connection.endRequest();
    this.#waitingSince = performance.now();
  }

  onDrain(): void {
    if (this.#tunnel) this.#tunnel.onBackendDrain();
    else if (this.#uploadPaused) {
      this.#uploadPaused = false;
      this.#windowStart = performance.now();
      this.#windowBytes = 0;
      this.#request.resume();
    }
  }

  onInformational(head: ResponseHead): void {
    if (this.#done || this.#upgradeSocket || this.#request.httpVersionMinor === 0) return;
    if (head.status === 100) {
      if (!this.#heldBack) return;
      this.#heldBack = false;
      this.#windowStart = performance.now();
      this.#response.writeContinue();
      return;
    }
    // Newer than the oldest Node 24; without it the client just misses a hint.
    this.#response.writeInformation?.(head.status, clientHeaders(head, false));
  }

  onHead(head: ResponseHead): void {
    if (this.#done) return;
    if (head.status === 101) this.#startTunnel(head);
    else this.#responseHead = head;
  }

  /** Writes the header when the read that brought it brought no body to go with it. */
  onReadEnd(): void {
    if (this.#done || this.#headSent || !this.#responseHead) return;
    this.#sendHead(this.#responseHead);
    this.#response.flushHeaders();
  }

  onBody(chunk: Buffer, last: boolean): void {
    if (this.#done) return;
    this.#bytes += chunk.length;
    if (!this.#headSent) this.#sendHead(this.#responseHead as ResponseHead);
    if (last && chunk.length <= oneWriteBytes) {
      this.#response.end(chunk.toString("latin1"), "latin1");
      return;
    }
    // The read buffer is used again at once: what waits in the socket needs memory of its own.
    if (!this.#response.write(Buffer.from(chunk))) this.#awaitReader();
  }

  #awaitReader(): void {
    if (this.#stalledSince !== 0) return;
    this.#stalledSince = performance.now();
    this.#connection?.pause();
    this.#response.once("drain", () => {
      this.#stalledSince = 0;
      if (!this.#done) this.#connection?.resume();
    });
  }

  onComplete(trailers: string[]): void {
    if (this.#done) return;
    const head = this.#responseHead as ResponseHead;
    if (!this.#headSent) this.#sendHead(head);
    if (!this.#response.writableEnded) {
      if (trailers.length > 0 && this.#trailersGoThrough(head)) {
        this.#response.addTrailers(allowedTrailers(trailers));
      }
      this.#response.end();
    }
    this.#connection = null;
    this.#finish(head.status, null, false);
  }

  #trailersGoThrough(head: ResponseHead): boolean {
    return head.chunked && this.#request.httpVersionMinor > 0 && this.#request.method !== "HEAD";
  }

  #sendHead(head: ResponseHead): void {
    this.#headSent = true;
    const headers = clientHeaders(head, this.#trailersGoThrough(head));
    // The client may still be sending a body that nobody wants: afterwards this connection cannot go on.
    if (this.#head.body.kind !== "none" && !this.#request.complete) this.#closeGently(headers);
    this.#response.writeHead(head.status, head.reason, headers);
  }

  /** Ends the client's connection after this response, in a way that lets it read the response first. */
  #closeGently(headers: string[]): void {
    headers.push("connection", "close");
    const { socket } = this.#request;
    socket.destroySoon = () => lingeringClose(socket);
  }

  onFailure(failure: ExchangeFailure): void {
    this.#connection = null;
    if (this.#pool) this.#pool.inFlight--;
    const pool = this.#pool;
    this.#pool = null;
    if (this.#tunnel) {
      this.#tunnel.onBackendFailure();
      return;
    }
    if (this.#done) return;
    if (failure.kind === "connect" && pool) {
      pool.suspectUntil = performance.now() + settings.suspectMs;
      this.#tried ??= new Set();
      this.#tried.add(pool);
      this.#attempt(false);
      return;
    }
    const retry = failure.reused && !failure.responseBegun && this.#safe && !this.#retriedFresh;
    if (retry) {
      this.#retriedFresh = true;
      this.#attempt(true);
      return;
    }
    if (this.#headSent) this.#cut("backend-broken");
    else {
      this.#refuse(
        502,
        `backend-${failure.kind}`,
        `the ${this.#target.colour} instance failed: ${failure.message}`,
      );
    }
  }

  /** The client closed its connection. */
  clientGone(): void {
    if (this.#done || this.#tunnel) return;
    this.#dropConnection();
    this.#finish(this.#responseHead?.status ?? 499, "client-gone", false);
  }

  endAtCeiling(): "websocket" | "request" {
    if (this.#tunnel) return this.#tunnel.goAway() ? "websocket" : "request";
    if (this.#headSent) this.#cut("drain-ceiling");
    else this.#refuse(503, "drain-ceiling", "the release that worked on this request was replaced");
    return "request";
  }

  sweep(now: number): void {
    if (this.#done) return;
    if (this.#tunnel) {
      this.#tunnel.sweep(now);
      return;
    }
    if (this.#stalledSince !== 0) {
      if (now - this.#stalledSince > settings.stalledReaderMs) this.#cut("client-stalled");
      return;
    }
    if (this.#uploading && !this.#uploadPaused && !this.#heldBack) {
      if (now - this.#windowStart < settings.uploadWindowMs) return;
      if (this.#windowBytes < settings.minimumUploadBytes) {
        if (this.#headSent) this.#cut("slow-upload");
        else this.#refuse(408, "slow-upload", "the body came too slowly");
      }
      this.#windowStart = now;
      this.#windowBytes = 0;
      return;
    }
    if (!this.#responseHead && now - this.#waitingSince > settings.responseHeadTimeoutMs) {
      this.#refuse(
        504,
        "backend-timeout",
        `the ${this.#target.colour} instance did not answer in time`,
      );
    }
  }

  #startTunnel(head: ResponseHead): void {
    const socket = this.#upgradeSocket;
    const connection = this.#connection;
    if (!socket || !connection) return;
    this.#responseHead = head;
    this.#headSent = true;
    let text = `HTTP/1.1 101 ${head.reason || "Switching Protocols"}\r\n`;
    const headers = clientHeaders(head, false);
    for (let i = 0; i < headers.length; i += 2) text += `${headers[i]}: ${headers[i + 1]}\r\n`;
    const protocol = this.#head.upgrade ?? "";
    socket.write(`${text}connection: upgrade\r\nupgrade: ${protocol}\r\n\r\n`, "latin1");
    this.#tunnel = new Tunnel(
      socket,
      connection,
      protocol.toLowerCase() === "websocket",
      (bytes) => {
        this.#bytes = bytes;
        this.#connection = null;
        this.#finish(101, null, false);
      },
    );
    if (this.#upgradeHead && this.#upgradeHead.length > 0) socket.unshift(this.#upgradeHead);
    socket.resume();
  }

  onTunnelData(data: Buffer): void {
    this.#tunnel?.onBackendData(data);
  }

  onTunnelEnd(): void {
    this.#tunnel?.onBackendEnd();
  }

  /** Answers for the backend. */
  #refuse(status: number, cause: string, text: string): void {
    this.#dropConnection();
    if (this.#headSent) {
      this.#cut(cause);
      return;
    }
    const unread = this.#head.body.kind !== "none" && !this.#request.complete;
    const headers = refusalHeaders(cause, status);
    if (unread) this.#closeGently(headers);
    this.#headSent = true;
    sendRefusal(this.#response, status, headers, refusalText(cause, text, this.#head.requestId));
    this.#finish(status, cause, status >= 500);
  }

  /** Ends a response that cannot be completed, so that the client sees it. */
  #cut(cause: string): void {
    this.#dropConnection();
    this.#response.destroy();
    this.#finish(this.#responseHead?.status ?? 0, cause, cause !== "client-stalled");
  }

  #dropConnection(): void {
    this.#connection?.destroy();
    this.#connection = null;
  }

  #finish(status: number, cause: string | null, failed: boolean): void {
    if (this.#done) return;
    this.#done = true;
    if (this.#pool) this.#pool.inFlight--;
    if (this.#uploadPaused) this.#request.resume();
    this.#onDone({ status, bytes: this.#bytes, cause, failed });
  }
}

/** Half-closes, then throws away what still comes, so that no reset overtakes the response (RFC 9112 section 9.6). */
function lingeringClose(socket: Socket): void {
  socket.end();
  socket.resume();
  setTimeout(() => socket.destroy(), settings.lingerMs).unref();
}

export function refusalHeaders(code: string, status: number): string[] {
  const headers = ["content-type", "text/plain; charset=utf-8", "x-tidelock-error", code];
  headers.push("cache-control", "no-store");
  if (status === 503) headers.push("retry-after", "1");
  return headers;
}

export function refusalText(code: string, text: string, requestId: string): string {
  return `Tidelock router: ${text} (${code}, request ${requestId})\n`;
}

export function sendRefusal(
  response: ServerResponse,
  status: number,
  headers: string[],
  text: string,
): void {
  response.writeHead(status, [...headers, "content-length", String(Buffer.byteLength(text))]);
  response.end(text);
}
