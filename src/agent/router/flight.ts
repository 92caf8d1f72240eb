import { STATUS_CODES } from "node:http";
import type { BackendConnection, ExchangeFailure, ExchangeSink } from "./backend/connection.ts";
import type { BackendPool } from "./backend/pool.ts";
import type { ResponseHead } from "./backend/response-head.ts";
import { chooseBackend } from "./balance.ts";
import type { ClientConnection, RequestHandler } from "./client/connection.ts";
import type { Refusal, RequestHead } from "./client/request-head.ts";
import { allowedTrailers } from "./http/syntax.ts";
import type { ColourTarget, Flight, Lane } from "./lane.ts";
import { settings } from "./settings.ts";
import { Tunnel } from "./tunnel.ts";

/** How a request ended, for the access log and the lane's counters. */
export interface FlightEnd {
  readonly status: number;
  /** Body bytes sent to the client. */
  readonly bytes: number;
  /** Why the router itself answered or gave up; null when the backend's answer went through. */
  readonly cause: string | null;
  /** The backend's (or our) failing, not the client's leaving. */
  readonly failed: boolean;
}

export interface FlightOwner {
  readonly lane: Lane;
  /** For a response that has no Date of its own. */
  date(): string;
  onFlightEnd(flight: HttpFlight, end: FlightEnd): void;
}

/**
 * One request on its way through the router: to a backend of the colour it was given, and back.
 *
 *   attempting ──> (refused connection: next backend; dead reused connection: once more, fresh)
 *       └──> exchanging ──> done
 *                  └──101──> tunnelling ──> done
 */
export class HttpFlight implements Flight, ExchangeSink, RequestHandler {
  readonly head: RequestHead;
  readonly target: ColourTarget;
  readonly tester: boolean;
  readonly client: ClientConnection;
  readonly startedAt = performance.now();
  place = -1;
  readonly #owner: FlightOwner;
  readonly #bodyLimit: number;
  /** May be sent again, and so may travel on a connection that was used before. */
  readonly #safe: boolean;
  #pool: BackendPool | null = null;
  #connection: BackendConnection | null = null;
  #tried: Set<BackendPool> | null = null;
  #retriedFresh = false;
  #done = false;
  /** The client waits for our 100 before it sends its body. */
  #heldBack: boolean;
  #uploading = false;
  #uploadPaused = false;
  #uploaded = 0;
  /** Start of the current upload window, and the bytes it has brought. */
  #windowStart = 0;
  #windowBytes = 0;
  #response: ResponseHead | null = null;
  #headSent = false;
  #bytes = 0;
  #tunnel: Tunnel | null = null;
  /** Since when the backend owes us something. */
  #waitingSince = this.startedAt;
  /** Since when the client takes nothing; 0: it does. */
  #stalledSince = 0;

  constructor(
    owner: FlightOwner,
    client: ClientConnection,
    head: RequestHead,
    target: ColourTarget,
    tester: boolean,
    bodyLimit: number,
  ) {
    this.#owner = owner;
    this.client = client;
    this.head = head;
    this.target = target;
    this.tester = tester;
    this.#bodyLimit = bodyLimit;
    this.#heldBack = head.expectContinue;
    const { method } = head;
    this.#safe =
      head.body.kind === "none" &&
      head.upgrade === null &&
      (method === "GET" || method === "HEAD" || method === "OPTIONS");
  }

  get colour(): ColourTarget["colour"] {
    return this.target.colour;
  }

  get pool(): BackendPool | null {
    return this.#pool;
  }

  start(): void {
    this.#attempt(false);
  }

  // --- to the backend ---

  /**
   * Sends the request to a backend. Only safe requests without a body travel on connections that were used
   * before: such a connection may be closing while we write, and what then became of the request nobody
   * can know (RFC 9110 section 9.2.2). Everything else gets a connection of its own.
   */
  #attempt(fresh: boolean): void {
    const turn = this.#owner.lane.turn();
    const pool = chooseBackend(this.target.pools, turn, performance.now(), this.#tried);
    if (!pool) {
      this.#refuse(503, "no-backend", `no instance of ${this.target.colour} accepts connections`);
      return;
    }
    this.#pool = pool;
    pool.inFlight++;
    const connection = pool.acquire(fresh || !this.#safe);
    this.#connection = connection;
    const { body, upgrade, text, method } = this.head;
    connection.begin(this, method, upgrade !== null);
    if (body.kind === "none") {
      connection.endRequest();
      const switching = upgrade === null ? "" : `connection: upgrade\r\nupgrade: ${upgrade}\r\n`;
      connection.write(`${text}${switching}\r\n`);
      return;
    }
    const expect = this.head.expectContinue ? "expect: 100-continue\r\n" : "";
    const framing =
      body.kind === "length" ? `content-length: ${body.bytes}` : "transfer-encoding: chunked";
    connection.write(`${text}${expect}${framing}\r\n\r\n`);
  }

  onConnected(): void {
    if (this.#done || this.head.body.kind === "none" || this.#uploading) return;
    this.#uploading = true;
    this.#windowStart = performance.now();
    this.client.startBody();
  }

  onRequestBody(chunk: Buffer): void {
    const connection = this.#connection;
    this.#heldBack = false;
    this.#windowBytes += chunk.length;
    if (this.#done || !connection) return;
    this.#uploaded += chunk.length;
    if (this.#uploaded > this.#bodyLimit) {
      this.#refuse(413, "body-too-large", `the body is larger than ${this.#bodyLimit} bytes`);
      return;
    }
    if (!this.#writeBody(connection, chunk)) {
      this.#uploadPaused = true;
      this.client.pauseBody();
    }
  }

  #writeBody(connection: BackendConnection, chunk: Buffer): boolean {
    if (this.head.body.kind === "length") return connection.write(chunk);
    connection.cork();
    connection.write(`${chunk.length.toString(16)}\r\n`);
    connection.write(chunk);
    const room = connection.write("\r\n");
    connection.uncork();
    return room;
  }

  onRequestEnd(trailers: string[]): void {
    this.#uploading = false;
    if (this.#done || !this.#connection) return;
    if (this.head.body.kind === "chunked") {
      this.#connection.write(`0\r\n${allowedTrailers(trailers)}\r\n`);
    }
    this.#connection.endRequest();
    this.#waitingSince = performance.now();
  }

  onRequestBroken(refusal: Refusal): void {
    this.#refuse(refusal.status, refusal.code, refusal.text);
  }

  onDrain(): void {
    if (this.#tunnel) {
      this.#tunnel.onBackendDrain();
    } else if (this.#uploadPaused) {
      this.#uploadPaused = false;
      this.#windowStart = performance.now();
      this.#windowBytes = 0;
      this.client.resumeBody();
    }
  }

  // --- to the client ---

  onInformational(head: ResponseHead): void {
    if (this.#done || this.#headSent) return;
    if (head.status === 100) {
      // Nobody else waits for it.
      if (!this.#heldBack) return;
      this.#heldBack = false;
      this.#windowStart = performance.now();
    }
    this.client.sendInformational(head.status, head.reason, head.fields);
  }

  onHead(head: ResponseHead): void {
    if (this.#done) return;
    this.#response = head;
    this.#headSent = true;
    if (head.status === 101) this.#startTunnel(head);
    else this.client.sendHead(head, this.#owner.date());
  }

  onBody(chunk: Buffer): void {
    if (this.#done) return;
    this.#bytes += chunk.length;
    this.client.sendBody(chunk);
  }

  onBodyEnd(trailers: string[]): void {
    if (this.#done) return;
    this.#connection = null;
    this.client.endBody(trailers);
    this.#finish(this.#response?.status ?? 0, null, false);
  }

  onReadEnd(): void {
    if (this.#done || this.client.flush() || this.#stalledSince !== 0) return;
    this.#stalledSince = performance.now();
    this.#connection?.pause();
  }

  onClientDrain(): void {
    if (this.#tunnel) {
      this.#tunnel.onClientDrain();
    } else if (this.#stalledSince !== 0) {
      this.#stalledSince = 0;
      this.#connection?.resume();
    }
  }

  // --- tunnel ---

  #startTunnel(head: ResponseHead): void {
    const connection = this.#connection;
    if (!connection) return;
    const protocol = this.head.upgrade ?? "";
    const socket = this.client.startTunnel(
      `HTTP/1.1 101 ${head.reason || "Switching Protocols"}\r\n${head.fields}connection: upgrade\r\nupgrade: ${protocol}\r\n\r\n`,
    );
    const websocket = protocol.toLowerCase() === "websocket";
    this.#tunnel = new Tunnel(socket, connection, websocket, (bytes) => {
      this.#bytes = bytes;
      this.#connection = null;
      this.#finish(101, null, false);
    });
  }

  onTunnelData(data: Buffer): void {
    this.#tunnel?.onBackendData(data);
  }

  onTunnelEnd(): void {
    this.#tunnel?.onBackendEnd(false);
  }

  onClientTunnelData(data: Buffer): void {
    this.#tunnel?.onClientData(data);
  }

  onClientTunnelEnd(): void {
    this.#tunnel?.onClientEnd();
  }

  // --- ends ---

  onFailure(failure: ExchangeFailure): void {
    this.#connection = null;
    const pool = this.#leavePool();
    if (this.#tunnel) {
      this.#tunnel.onBackendEnd(true);
      return;
    }
    if (this.#done) return;
    if (failure.kind === "connect" && pool) {
      pool.suspectUntil = performance.now() + settings.suspectMs;
      this.#tried ??= new Set();
      this.#tried.add(pool);
      this.#attempt(false);
    } else if (failure.reused && !failure.responseBegun && this.#safe && !this.#retriedFresh) {
      this.#retriedFresh = true;
      this.#attempt(true);
    } else {
      const text = `the ${this.target.colour} instance failed: ${failure.message}`;
      this.#refuse(502, `backend-${failure.kind}`, text);
    }
  }

  onClientGone(): void {
    if (this.#tunnel) {
      this.#tunnel.end();
      return;
    }
    if (this.#done) return;
    this.#dropConnection();
    this.#finish(this.#response?.status ?? 499, "client-gone", false);
  }

  endAtCeiling(): "websocket" | "request" {
    if (this.#tunnel) return this.#tunnel.goAway() ? "websocket" : "request";
    this.#refuse(503, "drain-ceiling", "the release that worked on this request was replaced");
    return "request";
  }

  sweep(now: number): void {
    if (this.#done) return;
    if (this.#tunnel) {
      this.#tunnel.sweep(now);
    } else if (this.#stalledSince !== 0) {
      if (now - this.#stalledSince > settings.stalledReaderMs) this.#cut("client-stalled", false);
    } else if (this.#uploading && !this.#uploadPaused && !this.#heldBack) {
      this.#sweepUpload(now);
    } else if (!this.#headSent && now - this.#waitingSince > settings.responseHeadTimeoutMs) {
      const text = `the ${this.target.colour} instance did not answer in time`;
      this.#refuse(504, "backend-timeout", text);
    }
  }

  #sweepUpload(now: number): void {
    if (now - this.#windowStart < settings.uploadWindowMs) return;
    if (this.#windowBytes < settings.minimumUploadBytes) {
      this.#refuse(408, "slow-upload", "the body came too slowly");
    }
    this.#windowStart = now;
    this.#windowBytes = 0;
  }

  /** Answers for the backend, or, when its answer has begun, ends it so that the client sees it is not whole. */
  #refuse(status: number, cause: string, text: string): void {
    if (this.#done) return;
    if (this.#headSent) {
      this.#cut(cause, true);
      return;
    }
    this.#dropConnection();
    refuseRequest(this.client, status, cause, text, this.head.requestId);
    this.#finish(status, cause, status >= 500);
  }

  #cut(cause: string, failed: boolean): void {
    this.#dropConnection();
    this.#finish(this.#response?.status ?? 0, cause, failed);
    this.client.destroy();
  }

  #dropConnection(): void {
    this.#connection?.destroy();
    this.#connection = null;
  }

  #leavePool(): BackendPool | null {
    const pool = this.#pool;
    if (pool) pool.inFlight--;
    this.#pool = null;
    return pool;
  }

  #finish(status: number, cause: string | null, failed: boolean): void {
    if (this.#done) return;
    this.#done = true;
    this.#leavePool();
    this.#owner.onFlightEnd(this, { status, bytes: this.#bytes, cause, failed });
  }
}

/** The router's own answer. `code` is for programs (`x-tidelock-error`), the text for people. */
export function refuseRequest(
  client: ClientConnection,
  status: number,
  code: string,
  text: string,
  requestId: string,
): void {
  let fields = `content-type: text/plain; charset=utf-8\r\ncache-control: no-store\r\nx-tidelock-error: ${code}\r\n`;
  if (status === 503) fields += "retry-after: 1\r\n";
  const body = `Tidelock router: ${text} (${code}, request ${requestId})\n`;
  client.respond(status, STATUS_CODES[status] ?? "Error", fields, body);
}
