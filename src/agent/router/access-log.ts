import { closeSync, constants, fstatSync, ftruncateSync, openSync, read, write } from "node:fs";
import { promisify } from "node:util";
import { settings } from "./settings.ts";

const readAt = promisify(read);
const writeTo = promisify(write);

export interface AccessEntry {
  readonly lane: string;
  readonly colour: string | null;
  readonly release: string | null;
  readonly status: number;
  /** Body bytes sent to the client. */
  readonly bytes: number;
  readonly ms: number;
  readonly id: string;
  readonly client: string;
  readonly method: string;
  /** Without the query when it is logged: it may hold credentials. */
  readonly path: string;
  /** Why the router itself answered or gave up; null when the backend's answer went through. */
  readonly cause: string | null;
  readonly tester: boolean;
}

/** Wall-clock text is made once a second, not once a request. */
const clock = { second: 0, text: "" };
/** Needs no escaping in JSON. */
const plain = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/;
const longestPath = 512;
const readWrite = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW;

/**
 * One JSON object on one line, in ASCII. Everything a client chose is quoted so that it can end neither the
 * string nor the line, nor command a terminal.
 * @param now Unix ms.
 */
export function accessLine(entry: AccessEntry, now: number): string {
  const second = Math.floor(now / 1000);
  if (second !== clock.second) {
    clock.second = second;
    clock.text = new Date(second * 1000).toISOString().slice(0, 20);
  }
  const ms = Math.floor(now - second * 1000);
  const padded = ms < 10 ? `00${ms}` : ms < 100 ? `0${ms}` : `${ms}`;
  const query = entry.path.indexOf("?");
  const path = query === -1 ? entry.path : entry.path.slice(0, query);
  let line = `{"at":"${clock.text}${padded}Z","lane":${quote(entry.lane)},"colour":`;
  line += entry.colour === null ? "null" : `"${entry.colour}"`;
  line += `,"release":${entry.release === null ? "null" : quote(entry.release)}`;
  line += `,"status":${entry.status},"bytes":${entry.bytes},"ms":${Math.round(entry.ms * 100) / 100}`;
  line += `,"id":${quote(entry.id)},"client":${quote(entry.client)},"method":${quote(entry.method)}`;
  line += `,"path":${quote(path.length > longestPath ? path.slice(0, longestPath) : path)}`;
  if (entry.tester) line += ',"tester":true';
  if (entry.cause !== null) line += `,"cause":${quote(entry.cause)}`;
  return `${line}}\n`;
}

function quote(text: string): string {
  if (plain.test(text)) return `"${text}"`;
  return JSON.stringify(text).replaceAll(
    /[^\x20-\x7e]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/**
 * Appends lines to a file that never grows beyond a limit: the full file is copied to `<path>.1`, then
 * emptied. Both files are opened at once, because the router may lose the right to open files when it
 * gives up root. A slow or full disk costs log lines (their number is logged), never requests.
 */
export class AccessLog {
  readonly #file: number;
  readonly #previous: number;
  readonly #maxBytes: number;
  #size: number;
  /** Lines are copied here at once: thousands of waiting strings would be work for the garbage collector. */
  #filling = Buffer.allocUnsafeSlow(settings.accessLogBufferBytes);
  #writing = Buffer.allocUnsafeSlow(settings.accessLogBufferBytes);
  #filled = 0;
  #dropped = 0;
  #timer: NodeJS.Timeout | null = null;
  #flushing: Promise<void> | null = null;

  /** @throws when a file cannot be opened. */
  constructor(path: string, maxBytes: number = settings.accessLogBytes) {
    this.#file = openSync(path, readWrite, 0o600);
    this.#previous = openSync(`${path}.1`, readWrite, 0o600);
    this.#maxBytes = maxBytes;
    this.#size = fstatSync(this.#file).size;
  }

  /** @param now Unix ms. */
  append(entry: AccessEntry, now: number): void {
    const line = accessLine(entry, now);
    if (this.#filled + line.length > this.#filling.length) {
      this.#dropped++;
      return;
    }
    this.#filled += this.#filling.write(line, this.#filled, "latin1");
    this.#timer ??= setTimeout(() => this.#startFlush(), settings.accessLogFlushMs);
  }

  /** Writes out what waits. */
  async flush(): Promise<void> {
    while (this.#filled > 0 || this.#flushing) {
      this.#startFlush();
      await this.#flushing;
    }
  }

  async close(): Promise<void> {
    await this.flush();
    if (this.#timer) clearTimeout(this.#timer);
    closeSync(this.#file);
    closeSync(this.#previous);
  }

  #startFlush(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#flushing) return;
    const bytes = this.#filling.subarray(0, this.#filled);
    [this.#filling, this.#writing] = [this.#writing, this.#filling];
    this.#filled = 0;
    this.#flushing = this.#write(bytes).finally(() => {
      this.#flushing = null;
      if (this.#filled > 0) {
        this.#timer ??= setTimeout(() => this.#startFlush(), settings.accessLogFlushMs);
      }
    });
  }

  async #write(lines: Buffer): Promise<void> {
    try {
      if (this.#size + lines.length > this.#maxBytes && this.#size > 0) await this.#rotate();
      if (this.#dropped > 0) {
        const note = `{"at":"${new Date().toISOString()}","droppedLines":${this.#dropped}}\n`;
        await this.#writeAll(Buffer.from(note));
        this.#dropped = 0;
      }
      await this.#writeAll(lines);
    } catch {
      this.#dropped += countLines(lines);
    }
  }

  async #writeAll(bytes: Buffer): Promise<void> {
    let done = 0;
    while (done < bytes.length) {
      const left = bytes.length - done;
      const { bytesWritten } = await writeTo(this.#file, bytes, done, left, this.#size);
      done += bytesWritten;
      this.#size += bytesWritten;
    }
  }

  async #rotate(): Promise<void> {
    try {
      ftruncateSync(this.#previous, 0);
      const piece = Buffer.allocUnsafe(1024 * 1024);
      for (let at = 0; at < this.#size;) {
        const { bytesRead } = await readAt(this.#file, piece, 0, piece.length, at);
        if (bytesRead === 0) break;
        await writeTo(this.#previous, piece, 0, bytesRead, at);
        at += bytesRead;
      }
    } finally {
      // Also when the disk is full: a bounded log is worth more than an old one.
      ftruncateSync(this.#file, 0);
      this.#size = 0;
    }
  }
}

function countLines(lines: Buffer): number {
  let count = 0;
  for (let at = lines.indexOf(10); at !== -1; at = lines.indexOf(10, at + 1)) count++;
  return count;
}
