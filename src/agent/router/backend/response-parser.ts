import { BodyReader, FramingError, type BodySink } from "../http/body-reader.ts";
import { settings } from "../settings.ts";
import { parseResponseHead, responseFraming, type ResponseHead } from "./response-head.ts";

/** `chunk`s and leftovers lie in the connection's read buffer: valid only during the call. */
export interface ResponseSink extends BodySink {
  /** 1xx other than 101. */
  onInformational(head: ResponseHead): void;
  onHead(head: ResponseHead): void;
}

/**
 * Reads what a backend sends. Whatever is ambiguous is an error, never a guess, so that a hostile or
 * broken service cannot make one client's response part of another's.
 *
 *   head ──> body ──> done
 *     └────> upgraded (101: what follows is not HTTP)
 */
export class ResponseParser {
  #state: "head" | "body" | "upgraded" | "done" = "done";
  #method = "GET";
  #upgradable = false;
  #keepAlive = false;
  /** Bytes of an unfinished head. */
  #pending: Buffer | null = null;
  readonly #body = new BodyReader();

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
   * Takes bytes. Answers what is left over after the response (`null` when nothing is): after 101 the
   * tunnel's first bytes, otherwise bytes nobody asked for.
   * @throws FramingError when the bytes are not a valid response.
   */
  execute(input: Buffer, sink: ResponseSink): Buffer | null {
    let buffer = input;
    if (this.#pending) {
      buffer = Buffer.concat([this.#pending, input]);
      this.#pending = null;
    }
    let at = 0;
    while (at < buffer.length && this.#state === "head") {
      const next = this.#head(buffer, at, sink);
      if (next === -1) {
        // `input` lies in the shared read buffer: keep a copy.
        this.#pending = Buffer.from(buffer.subarray(at));
        return null;
      }
      at = next;
    }
    if (this.#state === "body") {
      at = this.#body.read(buffer, at, sink);
      if (this.#body.done) this.#state = "done";
    }
    return at < buffer.length ? buffer.subarray(at) : null;
  }

  /** The backend closed its side. True when that is the regular end of this response. */
  eof(sink: ResponseSink): boolean {
    if (this.#state === "body" && this.#body.eof(sink)) this.#state = "done";
    return this.#state === "done";
  }

  /** Answers the position behind the head, -1 when it is not complete. */
  #head(buffer: Buffer, at: number, sink: ResponseSink): number {
    const end = buffer.indexOf("\r\n\r\n", at, "latin1");
    if ((end === -1 ? buffer.length : end) - at > settings.responseHeadBytes) {
      throw new FramingError(`the header is larger than ${settings.responseHeadBytes} bytes`);
    }
    if (end === -1) {
      // Lines that end in a bare LF would keep us waiting for a CRLF that never comes.
      if (buffer.indexOf("\n\n", at, "latin1") !== -1) {
        throw new FramingError("header lines end in a bare LF");
      }
      return -1;
    }
    const head = parseResponseHead(buffer.toString("latin1", at, end));
    if (head.status >= 200) {
      const framing = responseFraming(this.#method, head);
      this.#keepAlive = head.keepAlive && framing.kind !== "until-close";
      this.#body.begin(framing);
      this.#state = this.#body.done ? "done" : "body";
      sink.onHead(head);
      if (this.#body.done) sink.onBodyEnd([]);
    } else if (head.status === 101) {
      if (!this.#upgradable) throw new FramingError("it switched protocols without being asked to");
      this.#state = "upgraded";
      sink.onHead(head);
    } else {
      sink.onInformational(head);
    }
    return end + 4;
  }
}
