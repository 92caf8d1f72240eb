import { settings } from "../settings.ts";
import { brokenHead, isToken } from "./syntax.ts";

export type Framing =
  | { readonly kind: "none" }
  | { readonly kind: "length"; readonly bytes: number }
  | { readonly kind: "chunked" }
  /** Responses only. */
  | { readonly kind: "until-close" };

export interface BodySink {
  /**
   * A piece of the body, without chunk framing. `last`: the length says that no other follows (a chunked
   * body never says so). Whether `chunk` outlives the call depends on who reads.
   */
  onBody(chunk: Buffer, last: boolean): void;
  /** The body is complete. `trailers` are field lines without CRLF. */
  onBodyEnd(trailers: string[]): void;
}

/** The message is not HTTP, or could be understood in two ways. */
export class FramingError extends Error {
  override readonly name = "FramingError";
}

/**
 * Finds the end of a message's body (RFC 9112 sections 6 and 7). Strict: a chunk size is bare hexadecimal
 * digits, lines end in CRLF, and extensions, which mean nothing to us, are dropped and not forwarded.
 *
 *   size ──> data ──> data-end ──> size …     size 0 ──> trailers ──> done
 */
type State = "length" | "until-close" | "size" | "data" | "data-end" | "trailers" | "done";

/** chunk-size *( ";" name [ "=" ( token / quoted-string ) ] ) CR, without the optional whitespace of old. */
const chunkSize =
  /^([0-9a-fA-F]{1,12})(?:;[!#$%&'*+\-.^_`|~0-9A-Za-z]+(?:=(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+|"[\x20\x21\x23-\x5b\x5d-\x7e]*"))?)*\r$/;

export class BodyReader {
  #state: State = "done";
  #remaining = 0;
  /** The part of an unfinished line that has come. */
  #line = "";
  #extensionBytes = 0;
  #trailers: string[] = [];
  #trailerBytes = 0;

  get done(): boolean {
    return this.#state === "done";
  }

  begin(framing: Framing): void {
    this.#line = "";
    switch (framing.kind) {
      case "none":
        this.#state = "done";
        return;
      case "length":
        this.#state = framing.bytes === 0 ? "done" : "length";
        this.#remaining = framing.bytes;
        return;
      case "until-close":
        this.#state = "until-close";
        return;
      case "chunked":
        this.#state = "size";
        this.#extensionBytes = 0;
        this.#trailerBytes = 0;
        this.#trailers = [];
    }
  }

  /**
   * Reads from `at` and answers where it stopped: at the end of `buffer`, or behind the body's end.
   * @throws FramingError
   */
  read(buffer: Buffer, at: number, sink: BodySink): number {
    let position = at;
    while (position < buffer.length && this.#state !== "done") {
      position = this.#step(buffer, position, sink);
    }
    return position;
  }

  /** The peer closed. True when that is a regular end of this body. */
  eof(sink: BodySink): boolean {
    if (this.#state === "until-close") {
      this.#state = "done";
      sink.onBodyEnd([]);
    }
    return this.#state === "done";
  }

  #step(buffer: Buffer, at: number, sink: BodySink): number {
    switch (this.#state) {
      case "length":
      case "data":
        return this.#data(buffer, at, sink);
      case "until-close":
        sink.onBody(at === 0 ? buffer : buffer.subarray(at), false);
        return buffer.length;
      default:
        return this.#lines(buffer, at, sink);
    }
  }

  #data(buffer: Buffer, at: number, sink: BodySink): number {
    const end = Math.min(buffer.length, at + this.#remaining);
    this.#remaining -= end - at;
    const chunk = at === 0 && end === buffer.length ? buffer : buffer.subarray(at, end);
    if (this.#remaining > 0) {
      sink.onBody(chunk, false);
    } else if (this.#state === "length") {
      this.#state = "done";
      sink.onBody(chunk, true);
      sink.onBodyEnd([]);
    } else {
      this.#state = "data-end";
      sink.onBody(chunk, false);
    }
    return end;
  }

  /** Everything of the chunked coding that is not data is a line. */
  #lines(buffer: Buffer, at: number, sink: BodySink): number {
    const end = buffer.indexOf(10, at);
    const stop = end === -1 ? buffer.length : end;
    const line = this.#line + buffer.toString("latin1", at, stop);
    if (line.length > settings.chunkLineBytes) throw new FramingError("a chunk's line is too long");
    if (end === -1) {
      this.#line = line;
      return buffer.length;
    }
    this.#line = "";
    this.#takeLine(line, sink);
    return end + 1;
  }

  /** @param line without LF, and so with the CR that has to be there. */
  #takeLine(line: string, sink: BodySink): void {
    if (this.#state === "size") {
      const match = chunkSize.exec(line);
      if (!match) throw new FramingError("a chunk size is not hexadecimal digits and CRLF");
      const digits = match[1] as string;
      this.#extensionBytes += line.length - digits.length - 1;
      if (this.#extensionBytes > settings.chunkExtensionBytes) {
        throw new FramingError("too many chunk extensions");
      }
      this.#remaining = Number.parseInt(digits, 16);
      this.#state = this.#remaining === 0 ? "trailers" : "data";
    } else if (this.#state === "data-end") {
      if (line !== "\r") throw new FramingError("a chunk is longer than its size says");
      this.#state = "size";
    } else if (line === "\r") {
      this.#state = "done";
      sink.onBodyEnd(this.#trailers);
    } else {
      this.#takeTrailer(line);
    }
  }

  #takeTrailer(line: string): void {
    this.#trailerBytes += line.length;
    if (this.#trailerBytes > settings.trailerBytes) throw new FramingError("too many trailers");
    const field = line.slice(0, -1);
    const colon = field.indexOf(":");
    if (!line.endsWith("\r") || brokenHead.test(field)) {
      throw new FramingError("a trailer holds a bare CR, LF or control character");
    }
    if (colon <= 0 || !isToken(field.slice(0, colon))) {
      throw new FramingError("a trailer has no valid name");
    }
    this.#trailers.push(field);
  }
}
