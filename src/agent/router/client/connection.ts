import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import type { ResponseHead } from "../backend/response-head.ts";
import type { Member } from "../crowd.ts";
import { BodyReader, type BodySink } from "../http/body-reader.ts";
import { allowedTrailers } from "../http/syntax.ts";
import { settings } from "../settings.ts";
import { plainAddress } from "../trusted-proxies.ts";
import { http2Refusal, refuse, type Refusal, type RequestHead } from "./request-head.ts";

/** What serves one request; made by the owner, told what happens on the client's side. */
export interface RequestHandler {
  /** Called once, before everything else. */
  start(): void;
  /** A piece of the request's body; it may be kept. */
  onRequestBody(chunk: Buffer): void;
  onRequestEnd(trailers: string[]): void;
  /** What was written has left: go on. */
  onClientDrain(): void;
  /** The client is gone before its response was complete. */
  onClientGone(): void;
  /** The rest of the body is not what its framing says: nothing more of it comes. */
  onRequestBroken(refusal: Refusal): void;
  /** After `startTunnel`. */
  onClientTunnelData(data: Buffer): void;
  onClientTunnelEnd(): void;
}

export interface ClientOwner {
  /** At most so many bytes of header. */
  headerBytes(): number;
  parse(text: string, connection: ClientConnection): RequestHead | Refusal;
  /** Answers null when it has refused the request already (by `respond`). */
  serve(head: RequestHead, connection: ClientConnection): RequestHandler | null;
  /** A request that could not be read was refused. */
  onRefused(refusal: Refusal, connection: ClientConnection): void;
  onClosed(connection: ClientConnection): void;
}

/**
 * One client's connection: reads its requests, one at a time and in order, and writes the responses.
 *
 *   waiting ──byte──> head ──complete──> serving ──response ends──> waiting
 *                      │                   └──101──> tunnel
 *                      └──refused──> lingering ──> closed   (also where a body was left unread)
 */
type State = "waiting" | "head" | "serving" | "tunnel" | "lingering" | "closed";

const http2Preface = "PRI * HTTP/2.0\r\n";

export class ClientConnection implements BodySink, Member {
  place = -1;
  readonly address: string;
  readonly secure: boolean;
  readonly #socket: Socket;
  readonly #owner: ClientOwner;
  #state: State = "waiting";
  /** `performance.now()` when the state began. */
  #since = performance.now();
  #requests = 0;
  /** Bytes that came and were not yet read: an unfinished head, a body nobody takes yet, the next request. */
  #pending: Buffer | null = null;
  #head: RequestHead | null = null;
  #handler: RequestHandler | null = null;
  readonly #body = new BodyReader();
  /** The handler takes the body now. */
  #bodyFlows = false;
  /** The client closed its side. */
  #ended = false;
  /** No other request on this connection. */
  #last = false;
  #responding = false;
  #chunked = false;
  /** What is written together at the end of the current turn. */
  #out = "";

  constructor(socket: Socket, owner: ClientOwner) {
    this.#socket = socket;
    this.#owner = owner;
    this.address = plainAddress(socket.remoteAddress);
    this.secure = (socket as TLSSocket).encrypted === true;
    socket.on("data", (data: Buffer) => this.#onData(data));
    socket.on("drain", () => this.#handler?.onClientDrain());
    socket.on("end", () => this.#onEnd());
    socket.on("error", () => socket.destroy());
    socket.on("close", () => this.#onClose());
  }

  /** Looks for clients that take too long. */
  sweep(now: number): void {
    const age = now - this.#since;
    if (this.#state === "waiting") {
      const limit = this.#requests === 0 ? settings.headersTimeoutMs : settings.clientKeepAliveMs;
      if (age > limit) this.destroy();
    } else if (this.#state === "head" && age > settings.headersTimeoutMs) {
      this.#refuse(refuse(408, "slow-header", "the header came too slowly"));
    }
  }

  /**
   * The next response is the last one. A client that is about to send, as it may well be on a connection that it
   * keeps, still gets that response; one that stays silent is let go after a moment.
   */
  closeSoon(): void {
    this.#last = true;
    const end = (): void => {
      if (this.#state === "waiting") this.destroy();
    };
    if (this.#state === "waiting") setTimeout(end, settings.idleGraceMs).unref();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  // --- reading ---

  #onData(data: Buffer): void {
    switch (this.#state) {
      case "waiting":
        this.#enter("head");
        this.#readHead(data);
        return;
      case "head":
        this.#readHead(this.#pending ? Buffer.concat([this.#pending, data]) : data);
        return;
      case "serving":
        if (this.#bodyFlows && !this.#body.done && !this.#pending) this.#readBody(data);
        else this.#hold(data);
        return;
      case "tunnel":
        this.#handler?.onClientTunnelData(data);
        return;
      default:
    }
  }

  /** Keeps bytes for later and lets no more come. */
  #hold(data: Buffer): void {
    this.#pending = this.#pending ? Buffer.concat([this.#pending, data]) : data;
    this.#socket.pause();
  }

  #readHead(buffer: Buffer): void {
    this.#pending = null;
    // One empty line before a request is an old client's habit (RFC 9112 section 2.2).
    const start = buffer[0] === 13 && buffer[1] === 10 ? 2 : 0;
    const end = buffer.indexOf("\r\n\r\n", start, "latin1");
    const limit = this.#owner.headerBytes();
    if ((end === -1 ? buffer.length : end) - start > limit) {
      this.#refuse(refuse(431, "header-too-large", `the header is larger than ${limit} bytes`));
      return;
    }
    if (end === -1) {
      const refusal = hopelessHead(buffer, start);
      if (refusal) this.#refuse(refusal);
      else this.#pending = buffer;
      return;
    }
    const head = this.#owner.parse(buffer.toString("latin1", start, end), this);
    if (head.kind === "refusal") {
      this.#refuse(head);
      return;
    }
    this.#begin(head, end + 4 < buffer.length ? buffer.subarray(end + 4) : null);
  }

  #begin(head: RequestHead, rest: Buffer | null): void {
    this.#enter("serving");
    this.#requests++;
    this.#head = head;
    this.#responding = false;
    this.#bodyFlows = false;
    this.#body.begin(head.body);
    if (!head.keepAlive) this.#last = true;
    if (rest) this.#hold(rest);
    const handler = this.#owner.serve(head, this);
    this.#handler = handler;
    handler?.start();
  }

  /** The handler is ready for the request's body. */
  startBody(): void {
    this.#bodyFlows = true;
    const held = this.#pending;
    this.#pending = null;
    if (held) this.#readBody(held);
    if (this.#bodyFlows && !this.#pending) this.#socket.resume();
  }

  pauseBody(): void {
    this.#bodyFlows = false;
    this.#socket.pause();
  }

  resumeBody(): void {
    this.startBody();
  }

  #readBody(data: Buffer): void {
    let at: number;
    try {
      at = this.#body.read(data, 0, this);
    } catch (error) {
      this.#refuse(refuse(400, "bad-body", error instanceof Error ? error.message : String(error)));
      return;
    }
    if (at < data.length) this.#hold(data.subarray(at));
  }

  onBody(chunk: Buffer): void {
    this.#handler?.onRequestBody(chunk);
  }

  onBodyEnd(trailers: string[]): void {
    this.#handler?.onRequestEnd(trailers);
  }

  #onEnd(): void {
    this.#ended = true;
    this.#last = true;
    if (this.#state === "tunnel") this.#handler?.onClientTunnelEnd();
    // A client may close its side and wait for the response, but not in the middle of its request.
    else if (this.#state !== "serving" || !this.#body.done) this.destroy();
  }

  #onClose(): void {
    const handler = this.#handler;
    this.#handler = null;
    this.#state = "closed";
    handler?.onClientGone();
    this.#owner.onClosed(this);
  }

  // --- writing ---

  /** A complete response of our own. */
  respond(status: number, reason: string, fields: string, body: string): void {
    const head = this.#head;
    const bytes = Buffer.byteLength(body);
    this.#responding = true;
    this.#decideLast();
    this.#out += `HTTP/1.1 ${status} ${reason}\r\n${fields}content-length: ${bytes}\r\n${this.#connectionField()}\r\n`;
    // latin1 is how everything here is written: the text's UTF-8 bytes, one a character.
    if (head?.method !== "HEAD") this.#out += Buffer.from(body).toString("latin1");
    this.#endResponse();
  }

  sendInformational(status: number, reason: string, fields: string): void {
    if (this.#responding || this.#head?.oldVersion) return;
    this.#socket.write(`HTTP/1.1 ${status} ${reason}\r\n${fields}\r\n`, "latin1");
  }

  /** Begins the response; what follows it in this turn leaves with it. */
  sendHead(response: ResponseHead, date: string): void {
    const request = this.#head;
    if (!request) return;
    this.#responding = true;
    const bodyless =
      request.method === "HEAD" || response.status === 204 || response.status === 304;
    let text = `HTTP/1.1 ${response.status} ${response.reason}\r\n${response.fields}`;
    if (!response.hasDate) text += `date: ${date}\r\n`;
    this.#chunked = false;
    if (response.contentLength >= 0) {
      if (response.status !== 204) text += `content-length: ${response.contentLength}\r\n`;
    } else if (!bodyless) {
      if (request.oldVersion) this.#last = true;
      else {
        this.#chunked = true;
        text += `${response.trailerField}transfer-encoding: chunked\r\n`;
      }
    }
    this.#decideLast();
    this.#out += `${text}${this.#connectionField()}\r\n`;
  }

  /** `chunk` is copied. */
  sendBody(chunk: Buffer): void {
    const size = this.#chunked ? `${chunk.length.toString(16)}\r\n` : "";
    if (chunk.length <= settings.oneWriteBytes) {
      this.#out += size + chunk.toString("latin1");
      if (this.#chunked) this.#out += "\r\n";
      return;
    }
    this.#socket.cork();
    if (this.#out !== "" || size !== "") this.#socket.write(this.#out + size, "latin1");
    this.#out = "";
    this.#socket.write(Buffer.from(chunk));
    if (this.#chunked) this.#socket.write("\r\n", "latin1");
    this.#socket.uncork();
  }

  endBody(trailers: readonly string[]): void {
    if (this.#chunked) this.#out += `0\r\n${allowedTrailers(trailers)}\r\n`;
    this.#endResponse();
  }

  /** Writes what was gathered. False: wait for `onClientDrain`. */
  flush(): boolean {
    if (this.#out !== "") {
      this.#socket.write(this.#out, "latin1");
      this.#out = "";
    }
    return !this.#socket.writableNeedDrain;
  }

  /** From here on the connection carries another protocol; `head` is the 101 response. */
  startTunnel(head: string): Socket {
    this.#enter("tunnel");
    this.#socket.write(head, "latin1");
    const held = this.#pending;
    this.#pending = null;
    if (held) setImmediate(() => this.#handler?.onClientTunnelData(held));
    this.#socket.resume();
    return this.#socket;
  }

  /** A body that is still coming would be taken for the next request. */
  #decideLast(): void {
    if (!this.#body.done) this.#last = true;
  }

  #connectionField(): string {
    if (this.#last) return "connection: close\r\n";
    return this.#head?.oldVersion ? "connection: keep-alive\r\n" : "";
  }

  #endResponse(): void {
    this.flush();
    this.#handler = null;
    if (!this.#last) {
      this.#enter("waiting");
      this.#head = null;
      this.#next();
      return;
    }
    if (this.#body.done && this.#ended) this.#socket.end();
    else this.#linger();
  }

  /** Reads the next request: what already came of it, or whatever comes. */
  #next(): void {
    const held = this.#pending;
    if (!held) {
      if (this.#socket.isPaused()) this.#socket.resume();
      return;
    }
    this.#pending = null;
    // Not at once: a long row of pipelined requests must neither nest nor keep everybody else waiting.
    setImmediate(() => {
      if (this.#state !== "waiting") return;
      this.#socket.resume();
      this.#onData(held);
    });
  }

  /** Closes our side, then throws away what still comes, so that no reset overtakes the response (RFC 9112 section 9.6). */
  #linger(): void {
    this.#enter("lingering");
    this.#pending = null;
    this.#socket.end();
    this.#socket.resume();
    setTimeout(() => this.#socket.destroy(), settings.lingerMs).unref();
  }

  /** Answers what cannot be read, and closes: nothing that follows it can be trusted to be a request. */
  #refuse(refusal: Refusal): void {
    this.#last = true;
    if (this.#handler) this.#handler.onRequestBroken(refusal);
    else this.#owner.onRefused(refusal, this);
  }

  #enter(state: State): void {
    this.#state = state;
    this.#since = performance.now();
  }
}

/** An unfinished head that can never become one. */
function hopelessHead(buffer: Buffer, start: number): Refusal | null {
  const text = buffer.toString("latin1", start);
  if (text.startsWith(http2Preface)) return http2Refusal;
  if (/(?<!\r)\n/.test(text)) return refuse(400, "bad-header", "a line ends in a bare LF");
  if (text !== "" && !/^[A-Z\r]/.test(text)) {
    return refuse(400, "bad-request-line", "this is not HTTP/1.1");
  }
  return null;
}
