import {
  closeSync,
  constants,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { z } from "zod";

/** Bytes from `offset` on were first seen at `at` (Unix ms). */
const Mark = z.tuple([z.number(), z.number()]);

const Sidecar = z.object({
  /** Bytes that were rotated away before the present file's first one. */
  base: z.int().nonnegative(),
  /** Offset behind the last byte that has a time. */
  seen: z.int().nonnegative(),
  marks: z.array(Mark),
});

/** More marks than this are thinned out: the times of old lines get coarser. */
const maxMarks = 500;
const copyChunk = 1024 * 1024;
/** A last line without a newline counts as whole when nothing followed for so long. Milliseconds. */
const settledMs = 1_000;

export interface LogLine {
  readonly at: number;
  readonly text: string;
}

/**
 * The output of one replica. The service writes into the file itself (opened for append, no pipe that
 * could break when the agent dies), so a line's time is when the agent first saw it, a quarter of a
 * second at worst. Offsets count from the first byte ever written; rotation does not change them.
 *
 * Rotation copies and truncates, as we cannot make a service reopen its output; what is written in the
 * instant between the two is lost. On disk there are at most two files of the size limit.
 */
export class LogFile {
  readonly #path: string;
  readonly #limit: number;
  #base = 0;
  #marks: [number, number][] = [];
  #seen = 0;
  #dirty = false;

  constructor(path: string, limit: number) {
    this.#path = path;
    this.#limit = limit;
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    this.#load();
  }

  /** A descriptor for a child's output. The caller closes it after the spawn. */
  openForAppend(): number {
    return openSync(
      this.#path,
      constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW,
      0o600,
    );
  }

  /** Offset behind the last byte. */
  get end(): number {
    return this.#base + this.#size();
  }

  /** Notes growth and rotates; call it a few times a second. */
  poll(now: number): void {
    const size = this.#size();
    const end = this.#base + size;
    if (end > this.#seen) {
      this.#marks.push([this.#seen, now]);
      if (this.#marks.length > maxMarks) {
        this.#marks = this.#marks.filter((_, index) => index % 2 === 0 || index > maxMarks / 2);
      }
      this.#seen = end;
      this.#dirty = true;
    }
    if (size > this.#limit) this.#rotate();
  }

  /** Keeps base and times for the next agent. Losing them costs only the times of old lines. */
  save(): void {
    if (!this.#dirty) return;
    this.#dirty = false;
    const temporary = `${this.#path}.times.tmp`;
    writeFileSync(
      temporary,
      JSON.stringify({ base: this.#base, seen: this.#seen, marks: this.#marks }),
      {
        mode: 0o600,
      },
    );
    renameSync(temporary, `${this.#path}.times`);
  }

  /**
   * Whole lines from `offset` on, as far as they fit into `bytes`.
   *
   * @returns the lines and the offset behind them.
   */
  read(offset: number, bytes: number, now: number): { lines: LogLine[]; next: number } {
    const from = Math.min(Math.max(offset, this.#oldest()), this.end);
    const data = this.#bytes(from, bytes);
    const lines: LogLine[] = [];
    let start = 0;
    for (let end = data.indexOf(0x0a); end !== -1; end = data.indexOf(0x0a, start)) {
      lines.push({ at: this.#timeOf(from + start, now), text: text(data.subarray(start, end)) });
      start = end + 1;
    }
    const unfinished = data.length - start;
    const atEnd = from + data.length === this.end;
    if (unfinished > 0 && (unfinished >= bytes || (atEnd && this.#settled(now)))) {
      lines.push({ at: this.#timeOf(from + start, now), text: text(data.subarray(start)) });
      start = data.length;
    }
    return { lines, next: from + start };
  }

  /** The last `count` lines at or after `since`, with the offset behind them. */
  tail(count: number, since: number, now: number): { lines: LogLine[]; next: number } {
    const window = 64 * 1024 + count * 512;
    const from = Math.max(since, this.end - window, this.#oldest());
    const { lines, next } = this.read(from, window, now);
    // Unless it starts where a line starts, the first one is a piece.
    const whole = from === since || from === this.#oldest() || this.#bytes(from - 1, 1)[0] === 0x0a;
    return { lines: (whole ? lines : lines.slice(1)).slice(-count || lines.length), next };
  }

  #load(): void {
    try {
      const found = Sidecar.parse(JSON.parse(readFileSync(`${this.#path}.times`, "utf8")));
      this.#base = found.base;
      this.#seen = found.seen;
      this.#marks = found.marks;
    } catch {
      // None yet, or damaged: only times are lost.
    }
  }

  #rotate(): void {
    const source = openSync(this.#path, constants.O_RDWR);
    try {
      const target = openSync(`${this.#path}.1.tmp`, "w", 0o600);
      let copied = Math.max(0, this.#size() - this.#limit);
      const skipped = copied;
      try {
        const chunk = Buffer.alloc(copyChunk);
        // Until nothing more comes: what is written after the last read and before the truncation is lost.
        for (;;) {
          const read = readSync(source, chunk, 0, chunk.length, copied);
          if (read === 0 || copied - skipped > 2 * this.#limit) break;
          writeSync(target, chunk, 0, read);
          copied += read;
        }
      } finally {
        closeSync(target);
      }
      renameSync(`${this.#path}.1.tmp`, `${this.#path}.1`);
      ftruncateSync(source, 0);
      this.#base += copied;
    } finally {
      closeSync(source);
    }
    this.#marks = this.#marks.filter(([offset]) => offset >= this.#oldest());
    this.#dirty = true;
    this.save();
  }

  #settled(now: number): boolean {
    try {
      return now - statSync(this.#path).mtimeMs > settledMs;
    } catch {
      return true;
    }
  }

  #oldest(): number {
    return Math.max(0, this.#base - sizeOf(`${this.#path}.1`));
  }

  #size(): number {
    return sizeOf(this.#path);
  }

  #bytes(from: number, count: number): Buffer {
    if (from >= this.#base) return readRange(this.#path, from - this.#base, count);
    const older = readRange(`${this.#path}.1`, from - this.#oldest(), count);
    if (older.length >= count) return older;
    return Buffer.concat([older, readRange(this.#path, 0, count - older.length)]);
  }

  #timeOf(offset: number, now: number): number {
    let low = 0;
    let high = this.#marks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#marks[middle]?.[0] ?? 0) <= offset) low = middle + 1;
      else high = middle;
    }
    if (offset >= this.#seen) return now;
    return this.#marks[low - 1]?.[1] ?? this.#marks[0]?.[1] ?? now;
  }
}

function sizeOf(path: string): number {
  try {
    return statSync(path).size;
  } catch {
    return 0;
  }
}

function readRange(path: string, from: number, count: number): Buffer {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch {
    return Buffer.alloc(0);
  }
  try {
    const buffer = Buffer.alloc(Math.min(count, Math.max(0, sizeOf(path) - from)));
    const read = readSync(file, buffer, 0, buffer.length, from);
    return buffer.subarray(0, read);
  } finally {
    closeSync(file);
  }
}

/** Everything of Unicode's "control" category but the tab. */
const controls = /(?!\t)\p{Cc}/gu;

/** Foreign bytes as one line of text that does nothing to a terminal. */
function text(bytes: Buffer): string {
  return stripVTControlCharacters(bytes.toString("utf8")).replaceAll(controls, "");
}
