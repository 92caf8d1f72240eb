import { createHash } from "node:crypto";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Advisory, advisoryShard, AdvisorySnapshot } from "../../model/advisory.ts";
import { TidelockError } from "../../model/errors.ts";
import { type FeedEdition, whyNotInstead } from "../../model/feed.ts";
import type { Digest } from "../../model/primitives.ts";
import { readOsvRecord } from "./osv-record.ts";
import { zipMembers } from "./unzip.ts";

const maxFileBytes = 64 * 1024 * 1024;
/** So much is held before it is written. */
const bufferedBytes = 8 * 1024 * 1024;

export interface AdvisoryImport {
  /** `<data directory>/check-data/advisories` */
  readonly folder: string;
  /** A zip, a folder or a file of OSV records. */
  readonly sources: readonly string[];
  /** What the operator says of their age; otherwise the newest record's date counts. */
  readonly asOf?: Date;
  /** Why fewer than there are now are to be believed. */
  readonly fewer?: string;
  readonly now?: Date;
  /** Writes the small file that makes it count, durably. */
  readonly write: (path: string, text: string) => Promise<void>;
}

export interface ImportResult {
  readonly snapshot: AdvisorySnapshot;
  readonly records: number;
  /** Files that hold no readable record, the first of them by name. */
  readonly unreadable: { readonly count: number; readonly first: string | null };
}

/**
 * Brings advisories in: everything is read and written beside what counts today, which is replaced at the very
 * end, in one rename. A program that dies on the way leaves today's as they are.
 *
 * @throws TidelockError `not-found`, `invalid-input` when there is no record in it, `conflict` when they are older or
 *   fewer than those that count
 */
export async function importAdvisories(order: AdvisoryImport): Promise<ImportResult> {
  mkdirSync(order.folder, { recursive: true, mode: 0o700 });
  const work = join(order.folder, `import-${process.pid}-${Date.now()}`);
  mkdirSync(work, { mode: 0o700 });
  try {
    const shards = new Shards(work);
    const counts = { records: 0, withdrawn: 0, unreadable: 0 };
    let first: string | null = null;
    let newest = "";
    const ecosystems: Record<string, number> = {};
    const hash = createHash("sha256");
    for (const source of order.sources) {
      for await (const { name, value, bytes } of recordsIn(source)) {
        const read = readOsvRecord(value);
        if (read.kind === "unreadable") {
          counts.unreadable += 1;
          first ??= `${name}: ${read.why}`;
          continue;
        }
        hash.update(createHash("sha256").update(bytes).digest());
        if (read.kind === "withdrawn") {
          counts.withdrawn += 1;
          // What was taken back last is news as well.
          if (read.modified > newest) newest = read.modified;
          continue;
        }
        counts.records += 1;
        for (const advisory of read.advisories) {
          ecosystems[advisory.ecosystem] = (ecosystems[advisory.ecosystem] ?? 0) + 1;
          if (advisory.modified > newest) newest = advisory.modified;
          shards.add(advisory);
        }
      }
    }
    shards.flush();
    if (counts.records === 0) {
      throw new TidelockError("invalid-input", "there is no OSV record in it", {
        fault: "operator",
        where: first ?? order.sources.join(", "),
        hint: "hand in an all.zip of an ecosystem, or a folder or file of OSV JSON",
      });
    }
    const digest: Digest = `sha256:${hash.digest("hex")}`;
    const now = order.now ?? new Date();
    const stated = order.asOf ?? new Date(Math.min(Date.parse(newest) || 0, now.getTime()));
    const snapshot = AdvisorySnapshot.parse({
      formatVersion: 1,
      digest,
      importedAt: now.toISOString(),
      asOf: stated.toISOString(),
      ecosystems,
      withdrawn: counts.withdrawn,
    });
    const taken = takeInstead(snapshot, order, now);
    const place = join(order.folder, digest.slice("sha256:".length));
    if (existsSync(place)) rmSync(work, { recursive: true });
    else renameSync(work, place);
    await order.write(join(order.folder, "current.json"), `${JSON.stringify(taken, null, 2)}\n`);
    removeOthers(order.folder, place);
    return {
      snapshot: taken,
      records: counts.records,
      unreadable: { count: counts.unreadable, first },
    };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** The snapshot as it is written down, if it may take the place of what counts today. */
function takeInstead(next: AdvisorySnapshot, order: AdvisoryImport, now: Date): AdvisorySnapshot {
  const file = join(order.folder, "current.json");
  const current = existsSync(file)
    ? AdvisorySnapshot.parse(JSON.parse(readFileSync(file, "utf8")))
    : null;
  const shrunk = current !== null && editionOf(next).records < editionOf(current).records;
  const why = whyNotInstead(editionOf(next), current && editionOf(current), {
    now,
    fewer: order.fewer,
  });
  if (why === null) {
    return shrunk && order.fewer !== undefined ? { ...next, fewer: order.fewer } : next;
  }
  throw new TidelockError("conflict", `these advisories are not taken: ${why}`, {
    fault: "operator",
    where: order.sources.join(", "),
    hint: "hand in newer ones, of every ecosystem (--as-of <date> says how new, where they do not show it); where fewer are right, say why: --fewer-because <reason>",
  });
}

function editionOf({ digest, asOf, ecosystems }: AdvisorySnapshot): FeedEdition {
  return { digest, asOf, records: Object.values(ecosystems).reduce((sum, one) => sum + one, 0) };
}

/**
 * A scan that reads the old ones now fails with `error` and is tried again; there is never a mixture, because
 * a snapshot loses its name before it loses its first file.
 */
function removeOthers(folder: string, keep: string): void {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    const old = /^[0-9a-f]{64}$/.test(name);
    if (path === keep || !(old || removed.test(name))) continue;
    const gone = old ? `${path}.removed` : path;
    if (old) renameSync(path, gone);
    rmSync(gone, { recursive: true, force: true });
  }
}

/** One that an earlier import did not come to remove. */
const removed = /^[0-9a-f]{64}\.removed$/;

async function* recordsIn(
  source: string,
): AsyncGenerator<{ name: string; value: unknown; bytes: Buffer }> {
  const status = existsSync(source) ? statSync(source) : undefined;
  if (status === undefined) {
    throw new TidelockError("not-found", `there is no ${source}`, {
      fault: "operator",
      where: source,
      hint: "name a zip, a folder or a file of OSV records",
    });
  }
  if (status.isDirectory()) {
    const names = await readdir(source, { recursive: true });
    for (const name of names.filter((one) => one.endsWith(".json")).sort()) {
      const path = join(source, name);
      if (statSync(path).size <= maxFileBytes) yield* recordsOf(name, await readFile(path));
    }
  } else if (source.endsWith(".zip")) {
    for await (const { name, bytes } of zipMembers(source, maxFileBytes)) {
      if (name.endsWith(".json")) yield* recordsOf(name, bytes);
    }
  } else yield* recordsOf(source, readFileSync(source));
}

/** A file is one record, or a list of them. */
function* recordsOf(name: string, bytes: Buffer) {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString("utf8"));
  } catch {
    yield { name, value: undefined, bytes };
    return;
  }
  const list = Array.isArray(value) ? value : (value as { vulns?: unknown } | null)?.vulns;
  if (!Array.isArray(list)) yield { name, value, bytes };
  else for (const one of list) yield { name, value: one as unknown, bytes };
}

class Shards {
  readonly #folder: string;
  readonly #waiting = new Map<string, string[]>();
  #size = 0;

  constructor(folder: string) {
    this.#folder = folder;
  }

  add(advisory: Advisory): void {
    const line = `${JSON.stringify(advisory)}\n`;
    const shard = advisoryShard(advisory.ecosystem, advisory.name);
    const lines = this.#waiting.get(shard) ?? [];
    this.#waiting.set(shard, lines);
    lines.push(line);
    this.#size += line.length;
    if (this.#size > bufferedBytes) this.flush();
  }

  flush(): void {
    for (const [shard, lines] of this.#waiting) {
      appendFileSync(join(this.#folder, `${shard}.jsonl`), lines.join(""), { mode: 0o600 });
    }
    this.#waiting.clear();
    this.#size = 0;
  }
}
