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
  /** Without the query: it may hold credentials. */
  readonly path: string;
  /** Why the router itself answered or gave up; null when the backend's answer went through. */
  readonly cause: string | null;
  readonly tester: boolean;
}

/** Wall-clock text is made once a second, not once a request. */
const clock = { second: 0, text: "" };
const plain = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/;
const longestPath = 512;
const readWrite = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW;

/** One JSON object on one line. Everything a client chose is quoted so that it cannot end the line or the string. */
export function accessLine(entry: AccessEntry, now: number): string {
  const second = Math.floor(now / 1000);
  if (second !== clock.second) {
    clock.second = second;
    clock.text = new Date(second * 1000).toISOString().slice(0, 20);
  }
  const ms = String(Math.floor(now - second * 1000)).padStart(3, "0");
  const query = entry.path.indexOf("?");
  const path = (query === -1 ? entry.path : entry.path.slice(0, query)).slice(0, longestPath);
  let line = `{"at":"${clock.text}${ms}Z","lane":${quote(entry.lane)},"colour":`;
  line += entry.colour === null ? "null" : `"${entry.colour}"`;
  line += `,"release":${entry.release === null ? "null" : quote(entry.release)}`;
  line += `,"status":${entry.status},"bytes":${entry.bytes},"ms":${Math.round(entry.ms * 1000) / 1000}`;
  line += `,"id":${quote(entry.id)},"client":${quote(entry.client)}`;
  line += `,"method":${quote(entry.method)},"path":${quote(path)}`;
  if (entry.tester) line += ',"tester":true';
  if (entry.cause !== null) line += `,"cause":${quote(entry.cause)}`;
  return `${line}}\n`;
}

function quote(text: string): string {
  if (plain.test(text)) return `"${text}"`;
  // JSON.stringify leaves DEL, C1 controls and the line separators as they are; a terminal may obey them.
  return JSON.stringify(text).replaceAll(
    /[\x7f-\x9f\u2028\u2029]/g,
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
  #queue = "";
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

  append(line: string): void {
    if (this.#queue.length > settings.accessLogBufferBytes) {
      this.#dropped++;
      return;
    }
    this.#queue += line;
    this.#timer ??= setTimeout(() => this.#startFlush(), settings.accessLogFlushMs);
  }

  /** Writes out what waits. */
  async flush(): Promise<void> {
    while (this.#queue !== "" || this.#flushing) {
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
    const lines = this.#takeQueue();
    this.#flushing = this.#write(lines)
      .catch(() => {
        this.#dropped += lines.split("\n").length - 1;
      })
      .finally(() => {
        this.#flushing = null;
        if (this.#queue !== "") {
          this.#timer ??= setTimeout(() => this.#startFlush(), settings.accessLogFlushMs);
        }
      });
  }

  #takeQueue(): string {
    let lines = this.#queue;
    this.#queue = "";
    if (this.#dropped > 0) {
      lines = `{"at":"${new Date().toISOString()}","droppedLines":${this.#dropped}}\n${lines}`;
      this.#dropped = 0;
    }
    return lines;
  }

  async #write(lines: string): Promise<void> {
    const bytes = Buffer.from(lines);
    if (this.#size + bytes.length > this.#maxBytes && this.#size > 0) await this.#rotate();
    let done = 0;
    while (done < bytes.length) {
      const { bytesWritten } = await writeTo(
        this.#file,
        bytes,
        done,
        bytes.length - done,
        this.#size,
      );
      done += bytesWritten;
      this.#size += bytesWritten;
    }
  }

  async #rotate(): Promise<void> {
    ftruncateSync(this.#previous, 0);
    const piece = Buffer.allocUnsafe(1024 * 1024);
    let at = 0;
    try {
      while (at < this.#size) {
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
