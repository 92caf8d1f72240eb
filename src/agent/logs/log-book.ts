import { readdirSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { setTimeout as sleep } from "node:timers/promises";
import { TidelockError } from "../../model/errors.ts";
import type { Layout } from "../../model/layout.ts";
import { type Slot, slotKey } from "../../model/primitives.ts";
import { LogFile } from "./log-file.ts";

export interface ReadRequest {
  readonly slot: Slot;
  /** One process of the slot; null: all of them. */
  readonly process: string | null;
  /** Where an earlier read ended; null: the last `tailLines` lines. */
  readonly cursor: string | null;
  readonly tailLines: number;
  readonly waitMs: number;
}

export interface ReadAnswer {
  readonly lines: { at: string; instance: string; text: string }[];
  readonly cursor: string;
}

const Cursor = z.record(z.string(), z.int().nonnegative());
const pollMs = 200;
const saveEveryPolls = 10;
/** Log text in one answer; the rest comes with the next one. Bytes. */
const answerBytes = 512 * 1024;
const filePattern = /^([a-z0-9-]+-\d+)\.log$/;

/** Logs of all replicas: `logs/<service>/<environment>/<colour>/<process>-<n>.log`. */
export class LogBook {
  readonly #paths: Layout;
  readonly #limit: number;
  readonly #files = new Map<string, LogFile>();
  #timer: NodeJS.Timeout | null = null;
  #polls = 0;

  /** @param limit size at which a file is rotated. Bytes. */
  constructor(paths: Layout, limit: number) {
    this.#paths = paths;
    this.#limit = limit;
  }

  start(): void {
    this.#timer = setInterval(() => this.#poll(), pollMs);
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    for (const file of this.#files.values()) attempt(() => file.save());
  }

  /** The log of one replica, made when it is new. `name` is `<process>-<n>`. */
  file(slot: Slot, name: string): LogFile {
    const path = join(this.#directory(slot), `${name}.log`);
    let file = this.#files.get(path);
    if (file === undefined) {
      file = new LogFile(path, this.#limit);
      this.#files.set(path, file);
    }
    return file;
  }

  /** Lines after a cursor, oldest first; waits for some when there are none. */
  async read(request: ReadRequest, signal?: AbortSignal): Promise<ReadAnswer> {
    const deadline = performance.now() + request.waitMs;
    for (;;) {
      const answer = this.#readNow(request);
      const waiting = answer.lines.length === 0 && performance.now() < deadline;
      if (!waiting || signal?.aborted === true) return answer;
      await sleep(100);
    }
  }

  #readNow(request: ReadRequest): ReadAnswer {
    const from = request.cursor === null ? null : parseCursor(request.cursor);
    const now = Date.now();
    const positions: Record<string, number> = { ...from };
    const lines: { at: number; instance: string; text: string }[] = [];
    const names = this.#names(request.slot, request.process);
    const share = Math.floor(answerBytes / Math.max(1, names.length));
    for (const name of names) {
      const file = this.file(request.slot, name);
      const found =
        from === null
          ? file.tail(request.tailLines, 0, now)
          : file.read(from[name] ?? 0, share, now);
      positions[name] = found.next;
      if (from === null && request.tailLines === 0) continue;
      for (const line of found.lines) lines.push({ ...line, instance: name });
    }
    // Stable: lines of one instance that were seen together keep their order.
    lines.sort((a, b) => a.at - b.at);
    const shown = from === null ? lines.slice(-request.tailLines || lines.length) : lines;
    return {
      lines: shown.map((line) => ({ ...line, at: new Date(line.at).toISOString() })),
      cursor: Buffer.from(JSON.stringify(positions)).toString("base64url"),
    };
  }

  #names(slot: Slot, process: string | null): readonly string[] {
    let names: string[];
    try {
      names = readdirSync(this.#directory(slot));
    } catch {
      return [];
    }
    return names
      .flatMap((name) => filePattern.exec(name)?.[1] ?? [])
      .filter((name) => process === null || name.slice(0, name.lastIndexOf("-")) === process)
      .sort();
  }

  #poll(): void {
    const now = Date.now();
    this.#polls += 1;
    for (const file of this.#files.values()) {
      attempt(() => file.poll(now));
      if (this.#polls % saveEveryPolls === 0) attempt(() => file.save());
    }
  }

  #directory(slot: Slot): string {
    return join(this.#paths.logs, slotKey(slot));
  }
}

/** A full disk must not take the agent down; the next poll tries again. */
function attempt(work: () => void): void {
  try {
    work();
  } catch {
    // Rotation and times can wait.
  }
}

function parseCursor(cursor: string): Record<string, number> {
  try {
    return Cursor.parse(JSON.parse(Buffer.from(cursor, "base64url").toString("utf8")));
  } catch (cause) {
    throw new TidelockError("invalid-input", "this is no cursor of a log", {
      where: "cursor",
      hint: "start again without one",
      cause,
    });
  }
}
