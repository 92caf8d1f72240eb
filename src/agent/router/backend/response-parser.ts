import { settings } from "../settings.ts";

/**
 * An incremental, strict HTTP/1.x response parser (RFC 9112). It reads what a backend sends; whatever is
 * ambiguous (bare LF, two lengths, length with transfer coding, an unknown coding, a body that is not
 * chunked right) is an error, never a guess, so that a hostile or broken service cannot desynchronise
 * the router's connections.
 *
 *   head ──> length ──────────────> done
 *    │ ├──> chunk-size ⇄ chunk-data ⇄ chunk-end ──> trailers ──> done
 *    │ ├──> until-close ──(eof)──> done
 *    │ └──> (no body) ───────────> done
 *    └────> upgraded (101: what follows is not HTTP)
 */
type State =
  | "head"
  | "length"
  | "chunk-size"
  | "chunk-data"
  | "chunk-end"
  | "trailers"
  | "until-close"
  | "done"
  | "upgraded";

export interface ResponseHead {
  readonly status: number;
  readonly reason: string;
  /** Name, value, name, value …, as received, framing fields included. */
  readonly headers: string[];
  /** -1: not given. */
  readonly contentLength: number;
  readonly chunked: boolean;
  /** Every Connection field's value, comma joined; empty when there was none. */
  readonly connection: string;
  /** The connection may carry another request after this response. */
  readonly keepAlive: boolean;
}

export interface ResponseSink {
  /** 1xx other than 101. */
  onInformational(head: ResponseHead): void;
  onHead(head: ResponseHead): void;
  /**
   * `chunk` is valid only during the call: copy what must live longer. `last` is set when the length
   * said so; a false `last` promises nothing.
   */
  onBody(chunk: Buffer, last: boolean): void;
  onComplete(trailers: string[]): void;
}

export class ResponseError extends Error {
  override readonly name = "ResponseError";
}

const headForbidden = /[^\t\r\n\x20-\x7e\x80-\xff]/;
const bareLineEnd = /\r(?!\n)|(?<!\r)\n/;
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const statusLine = /^HTTP\/1\.([01]) ([1-9][0-9]{2})(?: ([^\r\n]*))?$/;

export class ResponseParser {
  #state: State = "done";
  #method = "GET";
  #upgradable = false;
  #remaining = 0;
  #keepAlive = false;
  /** Bytes of an unfinished head, chunk-size line or trailer section. */
  #pending: Buffer | null = null;
  #trailerStart = false;

  /** Gets ready for the response to one request. `upgradable`: 101 is acceptable. */
  begin(method: string, upgradable: boolean): void {
    this.#state = "head";
    this.#method = method;
    this.#upgradable = upgradable;
    this.#keepAlive = false;
    this.#pending = null;
  }

  get done(): boolean {
    return this.#state === "done";
  }

  get upgraded(): boolean {
    return this.#state === "upgraded";
  }

  /** Whether the connection may be used again, once done. */
  get reusable(): boolean {
    return this.#state === "done" && this.#keepAlive;
  }

  /**
   * Takes bytes. Returns what is left over after the response (`null` when nothing is): after 101 the
   * tunnel's first bytes, otherwise bytes nobody asked for.
   * @throws ResponseError when the bytes are not a valid response.
   */
  execute(input: Buffer, sink: ResponseSink): Buffer | null {
    let buffer = input;
    if (this.#pending) {
      buffer = Buffer.concat([this.#pending, input]);
      this.#pending = null;
    }
    let at = 0;
    while (at < buffer.length) {
      const next = this.#step(buffer, at, sink);
      if (next === -1) {
        // `input` may lie in a shared read buffer: keep a copy.
        this.#pending = Buffer.from(buffer.subarray(at));
        return null;
      }
      at = next;
      if (this.#state === "done" || this.#state === "upgraded") break;
    }
    return at < buffer.length ? buffer.subarray(at) : null;
  }

  /** The backend closed its side. True when that is the regular end of this response. */
  eof(sink: ResponseSink): boolean {
    if (this.#state === "done") return true;
    if (this.#state !== "until-close") return false;
    this.#state = "done";
    sink.onComplete([]);
    return true;
  }

  /** One step from `at`; answers the next position, or -1 when more bytes are needed. */
  #step(buffer: Buffer, at: number, sink: ResponseSink): number {
    switch (this.#state) {
      case "head":
        return this.#head(buffer, at, sink);
      case "length":
      case "chunk-data": {
        const end = Math.min(buffer.length, at + this.#remaining);
        this.#remaining -= end - at;
        const finished = this.#remaining === 0;
        const lengthDone = finished && this.#state === "length";
        if (finished) this.#state = lengthDone ? "done" : "chunk-end";
        sink.onBody(
          at === 0 && end === buffer.length ? buffer : buffer.subarray(at, end),
          lengthDone,
        );
        if (lengthDone) sink.onComplete([]);
        return end;
      }
      case "until-close":
        sink.onBody(at === 0 ? buffer : buffer.subarray(at), false);
        return buffer.length;
      case "chunk-size":
        return this.#chunkSize(buffer, at);
      case "chunk-end":
        if (buffer.length - at < 2) return -1;
        if (buffer[at] !== 13 || buffer[at + 1] !== 10) {
          throw new ResponseError("a chunk is longer than its size says");
        }
        this.#state = "chunk-size";
        return at + 2;
      case "trailers":
        return this.#trailers(buffer, at, sink);
      case "done":
      case "upgraded":
        return at;
    }
  }

  #head(buffer: Buffer, at: number, sink: ResponseSink): number {
    const end = buffer.indexOf("\r\n\r\n", at, "latin1");
    if (end === -1) {
      if (buffer.length - at > settings.responseHeadBytes) {
        throw new ResponseError(`the header is larger than ${settings.responseHeadBytes} bytes`);
      }
      // A bare LF would otherwise keep us waiting for a CRLF that never comes.
      if (/\n\n/.test(buffer.toString("latin1", at, buffer.length))) {
        throw new ResponseError("header lines end in a bare LF");
      }
      return -1;
    }
    if (end - at > settings.responseHeadBytes) {
      throw new ResponseError(`the header is larger than ${settings.responseHeadBytes} bytes`);
    }
    const head = parseHead(buffer.toString("latin1", at, end));
    if (head.status < 200) {
      if (head.status !== 101) {
        sink.onInformational(head);
        return end + 4;
      }
      if (!this.#upgradable)
        throw new ResponseError("it switched protocols without being asked to");
      this.#state = "upgraded";
      sink.onHead(head);
      return end + 4;
    }
    this.#frame(head);
    sink.onHead(head);
    if (this.#done()) sink.onComplete([]);
    return end + 4;
  }

  /** Separate from `#state` comparisons above, whose narrowing would not see the change. */
  #done(): boolean {
    return this.#state === "done";
  }

  /** How long the body is: RFC 9112 section 6.3. */
  #frame(head: ResponseHead): void {
    this.#keepAlive = head.keepAlive;
    const bodyless = this.#method === "HEAD" || head.status === 204 || head.status === 304;
    if (bodyless || head.contentLength === 0) this.#state = "done";
    else if (head.chunked) this.#state = "chunk-size";
    else if (head.contentLength > 0) {
      this.#state = "length";
      this.#remaining = head.contentLength;
    } else {
      this.#state = "until-close";
      this.#keepAlive = false;
    }
  }

  #chunkSize(buffer: Buffer, at: number): number {
    const end = buffer.indexOf(10, at);
    if (end === -1) {
      if (buffer.length - at > settings.chunkLineBytes) {
        throw new ResponseError("a chunk-size line is too long");
      }
      return -1;
    }
    const line = buffer.toString("latin1", at, end);
    // chunk-size [ chunk-ext ] CRLF; an extension is dropped, not forwarded (RFC 9112 section 7.1.1).
    const match = /^([0-9a-fA-F]{1,12})(?:[ \t]*;[\t\x20-\x7e\x80-\xff]*)?\r$/.exec(line);
    if (!match || line.length > settings.chunkLineBytes) {
      throw new ResponseError("a chunk size is not a hexadecimal number and CRLF");
    }
    const size = Number.parseInt(match[1] ?? "", 16);
    if (size === 0) {
      this.#state = "trailers";
      this.#trailerStart = true;
    } else {
      this.#remaining = size;
      this.#state = "chunk-data";
    }
    return end + 1;
  }

  #trailers(buffer: Buffer, at: number, sink: ResponseSink): number {
    if (
      this.#trailerStart &&
      buffer.length - at >= 2 &&
      buffer[at] === 13 &&
      buffer[at + 1] === 10
    ) {
      this.#state = "done";
      sink.onComplete([]);
      return at + 2;
    }
    const end = buffer.indexOf("\r\n\r\n", at, "latin1");
    if (end === -1 || end - at > settings.trailerBytes) {
      if (buffer.length - at > settings.trailerBytes) throw new ResponseError("too many trailers");
      return -1;
    }
    const text = buffer.toString("latin1", at, end);
    if (headForbidden.test(text) || bareLineEnd.test(text)) {
      throw new ResponseError("the trailers hold a bare CR, LF or control character");
    }
    const trailers = parseFields(text.split("\r\n"), 0);
    this.#state = "done";
    sink.onComplete(trailers);
    return end + 4;
  }
}

function parseHead(text: string): ResponseHead {
  const lines = text.split("\r\n");
  const match = statusLine.exec(lines[0] ?? "");
  if (!match) throw new ResponseError("the status line is not HTTP/1.x");
  if (headForbidden.test(text) || bareLineEnd.test(text)) {
    throw new ResponseError("the header holds a bare CR, LF or control character");
  }
  const status = Number(match[2]);
  const headers = parseFields(lines, 1);
  let contentLength = -1;
  let coding = "";
  let connection = "";
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] as string;
    if (name.length !== 14 && name.length !== 17 && name.length !== 10) continue;
    const value = headers[i + 1] as string;
    switch (name.toLowerCase()) {
      case "content-length":
        if (contentLength !== -1 || !/^[0-9]{1,15}$/.test(value)) {
          throw new ResponseError("content-length is not one whole number");
        }
        contentLength = Number(value);
        break;
      case "transfer-encoding":
        coding = coding === "" ? value.toLowerCase() : `${coding}, ${value.toLowerCase()}`;
        break;
      case "connection":
        connection = connection === "" ? value : `${connection}, ${value}`;
        break;
    }
  }
  if (coding !== "" && coding !== "chunked") {
    throw new ResponseError("its transfer coding is not exactly chunked");
  }
  if (coding !== "" && contentLength !== -1) {
    throw new ResponseError("it has a content-length and a transfer coding");
  }
  return {
    status,
    reason: match[3] ?? "",
    headers,
    contentLength,
    chunked: coding !== "",
    connection,
    keepAlive: keepsAlive(match[1] === "1", connection),
  };
}

function keepsAlive(http11: boolean, connection: string): boolean {
  if (connection === "") return http11;
  const options = connection.toLowerCase();
  if (/(?:^|,)\s*close\s*(?:,|$)/.test(options)) return false;
  return http11 || /(?:^|,)\s*keep-alive\s*(?:,|$)/.test(options);
}

function parseFields(lines: readonly string[], from: number): string[] {
  const fields: string[] = [];
  for (let i = from; i < lines.length; i++) {
    const line = lines[i] as string;
    const colon = line.indexOf(":");
    const name = line.slice(0, colon);
    if (colon <= 0 || !token.test(name)) throw new ResponseError("a header line has no valid name");
    fields.push(name, trimSpace(line, colon + 1));
  }
  return fields;
}

/** Optional whitespace is space and tab (RFC 9110 section 5.6.3); `trim` would eat bytes of UTF-8 text too. */
function trimSpace(line: string, from: number): string {
  let start = from;
  let end = line.length;
  while (start < end && isSpace(line.charCodeAt(start))) start++;
  while (end > start && isSpace(line.charCodeAt(end - 1))) end--;
  return line.slice(start, end);
}

function isSpace(code: number): boolean {
  return code === 32 || code === 9;
}
