import { createPublicKey, type KeyObject } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, mkdir, open, readFile, readdir, rm, truncate } from "node:fs/promises";
import { join } from "node:path";
import { JournalEntry } from "../../ports/host-agent.ts";
import { diskError, syncDirectory } from "../os/durable.ts";
import { entryHash, isSigned, linkProblem, noPrevious, signEntry } from "./chain.ts";

export interface JournalFact {
  /** `start`, `adopt`, `deploy`, `instance-exit`, `route`, `return`, `destroy` … */
  readonly kind: string;
  readonly lane?: string;
  readonly operation?: string;
  /** Free of secrets. */
  readonly detail: Readonly<Record<string, unknown>>;
}

/** Where a journal is not what was written, and how that shows. */
export interface Alteration {
  readonly sequence: number;
  readonly why: string;
}

export interface JournalLimits {
  /** A segment that has grown past this is closed. Bytes. */
  readonly segmentBytes: number;
  /** Older segments are removed: the control plane has taken them in long before. */
  readonly segments: number;
}

const defaultLimits: JournalLimits = { segmentBytes: 8 * 1024 * 1024, segments: 8 };
/** Entries between two breaths. */
const checkedAtOnce = 200;
const segmentPattern = /^journal-(\d{12})\.ndjson$/;
/** Facts that could not be written because the disk is full; older ones are dropped beyond this. */
const maxHeldBack = 1_000;

/**
 * What happened on this machine, signed, while perhaps nobody else could write it down: one JSON line an
 * entry, each naming the hash of the one before. Segments are named by the sequence of their first entry.
 */
export class Journal {
  readonly #directory: string;
  readonly #key: KeyObject;
  readonly #limits: JournalLimits;
  #file: FileHandle | null = null;
  #size = 0;
  #sequence = 0;
  #previous = noPrevious;
  #queue: Promise<unknown> = Promise.resolve();
  #heldBack: JournalFact[] = [];

  private constructor(directory: string, key: KeyObject, limits: JournalLimits) {
    this.#directory = directory;
    this.#key = key;
    this.#limits = limits;
  }

  /** Opens the journal behind its last whole entry; a line torn by a crash is cut off. */
  static async open(
    directory: string,
    key: KeyObject,
    limits: JournalLimits = defaultLimits,
  ): Promise<Journal> {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const journal = new Journal(directory, key, limits);
    await journal.#recover();
    return journal;
  }

  /** Writes one entry and returns when it is on disk. Throws `disk-full`: then nothing was written. */
  append(fact: JournalFact): Promise<void> {
    const run = this.#queue.then(() => this.#append(fact));
    this.#queue = run.catch(() => undefined);
    return run;
  }

  /**
   * For what happens whether we can write or not (a process ended, traffic was returned by an authority
   * recorded before): on a full disk the entry waits in memory and is written when there is space again.
   */
  async note(fact: JournalFact): Promise<void> {
    try {
      await this.append(fact);
    } catch {
      this.#heldBack.push(fact);
      this.#heldBack.splice(0, this.#heldBack.length - maxHeldBack);
    }
  }

  /** Entries after a sequence number, oldest first. */
  async read(after: number, limit: number): Promise<readonly JournalEntry[]> {
    await this.#queue;
    const entries: JournalEntry[] = [];
    const segments = await this.#segments();
    for (const [index, first] of segments.entries()) {
      const next = segments[index + 1];
      if (next !== undefined && next <= after + 1) continue;
      for (const line of (await readFile(this.#path(first), "utf8")).split("\n")) {
        const entry = parseLine(line);
        if (entry === null || entry.sequence <= after) continue;
        entries.push(entry);
        if (entries.length >= limit) return entries;
      }
    }
    return entries;
  }

  /**
   * The first place where what is on disk is not one chain that ends in an entry of ours; null where it is.
   * Hashes are compared all along and the last signature is: whoever changes an entry without the key breaks
   * one of the two. Takes its time in small pieces, beside everything else.
   */
  async findAlteration(): Promise<Alteration | null> {
    const until = this.#sequence;
    if (until === 0) return null;
    let before: JournalEntry | null = null;
    for await (const entry of this.#parsed()) {
      if (entry.sequence > until) break;
      const why: string | null = before === null ? null : linkProblem(before, entry);
      if (why !== null) return { sequence: entry.sequence, why };
      before = entry;
    }
    if (before?.sequence !== until) return { sequence: until, why: "it cannot be read" };
    if (isSigned(before, createPublicKey(this.#key))) return null;
    return { sequence: until, why: "it is not signed by this agent" };
  }

  /** Every entry that can be read, oldest first, with a breath now and then. */
  async *#parsed(): AsyncGenerator<JournalEntry> {
    for (const first of await this.#segments()) {
      const lines = (await readFile(this.#path(first), "utf8")).split("\n");
      for (const [at, line] of lines.entries()) {
        const entry = parseLine(line);
        if (entry !== null) yield entry;
        if (at % checkedAtOnce === 0) await new Promise((resolve) => setImmediate(resolve));
      }
    }
  }

  async close(): Promise<void> {
    await this.#queue;
    await this.#file?.close();
    this.#file = null;
  }

  async #append(fact: JournalFact): Promise<void> {
    while (this.#heldBack.length > 0) {
      const [oldest] = this.#heldBack;
      if (oldest !== undefined) await this.#write(oldest);
      this.#heldBack.shift();
    }
    await this.#write(fact);
  }

  async #write(fact: JournalFact): Promise<void> {
    const entry = signEntry(this.#key, {
      sequence: this.#sequence + 1,
      at: new Date().toISOString(),
      kind: fact.kind,
      lane: fact.lane ?? null,
      operation: fact.operation ?? null,
      detail: { ...fact.detail },
      previous: this.#previous,
    });
    const line = Buffer.from(`${JSON.stringify(entry)}\n`);
    const file = await this.#segmentFor(entry.sequence);
    try {
      for (let done = 0; done < line.length;) {
        done += (await file.write(line, done, line.length - done, this.#size + done)).bytesWritten;
      }
      await file.sync();
    } catch (error) {
      // A part of the line may be there: the next entry must not be glued to it.
      await file.truncate(this.#size).catch(() => undefined);
      throw diskError(error, this.#directory);
    }
    this.#size += line.length;
    this.#sequence = entry.sequence;
    this.#previous = entryHash(entry);
  }

  async #segmentFor(sequence: number): Promise<FileHandle> {
    if (this.#file !== null && this.#size < this.#limits.segmentBytes) return this.#file;
    await this.#file?.close();
    this.#file = null;
    const path = this.#path(sequence);
    let file: FileHandle;
    try {
      file = await open(path, constants.O_RDWR | constants.O_CREAT, 0o600);
      await syncDirectory(this.#directory);
    } catch (error) {
      throw diskError(error, path);
    }
    this.#file = file;
    this.#size = (await file.stat()).size;
    const old = (await this.#segments()).slice(0, -this.#limits.segments);
    for (const first of old) await rm(this.#path(first), { force: true });
    return file;
  }

  async #recover(): Promise<void> {
    for (const first of (await this.#segments()).toReversed()) {
      const path = this.#path(first);
      const text = await readFile(path);
      const { last, length } = wholePart(text);
      if (length < text.length) await truncate(path, length);
      if (last === null) {
        // Nothing whole in it: the crash came right after it was made.
        await rm(path, { force: true });
        continue;
      }
      this.#sequence = last.sequence;
      this.#previous = entryHash(last);
      this.#size = length;
      this.#file = await open(path, "r+");
      return;
    }
  }

  async #segments(): Promise<readonly number[]> {
    const names = await readdir(this.#directory);
    return names
      .flatMap((name) => {
        const first = segmentPattern.exec(name)?.[1];
        return first === undefined ? [] : [Number(first)];
      })
      .sort((a, b) => a - b);
  }

  #path(first: number): string {
    return join(this.#directory, `journal-${String(first).padStart(12, "0")}.ndjson`);
  }
}

/** Everything up to the last line that ends in a newline and is an entry. */
function wholePart(text: Buffer): { last: JournalEntry | null; length: number } {
  for (let end = text.lastIndexOf(0x0a); end !== -1;) {
    const start = end === 0 ? 0 : text.lastIndexOf(0x0a, end - 1) + 1;
    const last = parseLine(text.subarray(start, end).toString("utf8"));
    if (last !== null) return { last, length: end + 1 };
    end = start === 0 ? -1 : start - 1;
  }
  return { last: null, length: 0 };
}

function parseLine(line: string): JournalEntry | null {
  if (line === "") return null;
  try {
    return JournalEntry.parse(JSON.parse(line));
  } catch {
    return null;
  }
}
