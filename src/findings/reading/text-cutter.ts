import { StringDecoder } from "node:string_decoder";
import type { FrameCutter, Job } from "./cutter.ts";
import { reportError } from "./report-error.ts";

/** Lines of words: each is an item, without its end. */
export class TextCutter implements FrameCutter {
  readonly #job: Job;
  readonly #decoder = new StringDecoder("utf8");
  /** What there is of the line at hand, in parts. */
  #rest: string[] = [];
  #length = 0;
  #count = 0;
  full = false;

  constructor(job: Job) {
    this.#job = job;
  }

  write(chunk: Buffer): void {
    const [first = "", ...others] = this.#decoder.write(chunk).split("\n");
    this.#grow(first);
    for (const next of others) {
      this.#endLine();
      this.#grow(next);
    }
  }

  end(): void {
    if (this.#length > 0) this.#endLine();
  }

  frame(): unknown {
    return null;
  }

  #grow(part: string): void {
    const { itemBytes } = this.#job.limits;
    this.#length += part.length;
    if (this.#length > itemBytes) {
      throw reportError(
        `line ${this.#count + 1} is longer than ${itemBytes} characters, which is the most`,
      );
    }
    this.#rest.push(part);
  }

  #endLine(): void {
    const line = this.#rest.join("");
    this.#rest = [];
    this.#length = 0;
    const index = this.#count;
    this.#count += 1;
    const text = line.endsWith("\r") ? line.slice(0, -1) : line;
    this.#job.take(text, { item: 0, keys: [index] }, () => `line ${index + 1}`);
  }
}

/**
 * CSV with a header (RFC 4180). The frame is the header; each record after it is an item, by the header's names. Lines
 * without anything in them are passed over.
 */
export class CsvCutter implements FrameCutter {
  readonly #job: Job;
  readonly #decoder = new StringDecoder("utf8");
  #header: readonly string[] | null = null;
  #row: string[] = [];
  #cell = "";
  /** `plain`: nothing or plain text so far. `quoted`: within quotes. `closed`: behind them, or between two of them. */
  #state: "plain" | "quoted" | "closed" = "plain";
  #size = 0;
  #line = 1;
  #count = 0;
  full = false;

  constructor(job: Job) {
    this.#job = job;
  }

  write(chunk: Buffer): void {
    const text = this.#decoder.write(chunk);
    let at = 0;
    while (at < text.length && !this.full) {
      at = this.#state === "quoted" ? this.#quoted(text, at) : this.#plain(text, at);
    }
  }

  end(): void {
    if (this.full) return;
    if (this.#state === "quoted") throw this.#wrong("it ends within quotes");
    this.#endRow();
    if (this.#header === null) throw reportError("it is empty: there is no header in it");
  }

  frame(): unknown {
    return this.#header;
  }

  #wrong(why: string): Error {
    return reportError(`CSV at line ${this.#line}: ${why}`);
  }

  #quoted(text: string, from: number): number {
    const found = text.indexOf('"', from);
    const end = found === -1 ? text.length : found;
    this.#add(text.slice(from, end));
    if (found === -1) return end;
    this.#state = "closed";
    return end + 1;
  }

  #plain(text: string, from: number): number {
    const mark = /[",\n]/g;
    mark.lastIndex = from;
    const found = mark.exec(text);
    const end = found === null ? text.length : found.index;
    const between = text.slice(from, end);
    if (this.#state === "closed" && between.replace(/\r$/, "") !== "") {
      throw this.#wrong("text stands behind quotes that were closed");
    }
    if (this.#state === "plain") this.#add(between);
    switch (found?.[0]) {
      case '"':
        if (this.#state === "closed") this.#add('"');
        else if (this.#cell !== "") throw this.#wrong("a quote stands in the middle of a value");
        this.#state = "quoted";
        return end + 1;
      case ",":
        this.#endCell();
        return end + 1;
      case "\n":
        this.#endRow();
        this.#line += 1;
        return end + 1;
      default:
        return end;
    }
  }

  #add(text: string): void {
    this.#size += text.length;
    const { itemBytes } = this.#job.limits;
    if (this.#size > itemBytes)
      throw this.#wrong(`a record is longer than ${itemBytes} characters, which is the most`);
    if (this.#state === "quoted") this.#line += text.split("\n").length - 1;
    this.#cell += text;
  }

  #endCell(): void {
    this.#row.push(this.#state === "plain" ? this.#cell.replace(/\r$/, "") : this.#cell);
    this.#size += 1;
    this.#cell = "";
    this.#state = "plain";
  }

  #endRow(): void {
    this.#endCell();
    const row = this.#row;
    this.#row = [];
    this.#size = 0;
    if (row.length === 1 && row[0] === "") return;
    if (this.#header === null) {
      this.#header = row;
      if (this.#job.pass === 0) this.full = true;
      return;
    }
    const index = this.#count;
    this.#count += 1;
    const record = Object.fromEntries(this.#header.map((name, cell) => [name, row[cell] ?? ""]));
    this.#job.take(
      record,
      { item: 0, keys: [index] },
      () => `record ${index + 1} (line ${this.#line})`,
    );
  }
}
