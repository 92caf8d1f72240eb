import { encodeEntry } from "../../ledger/entry.ts";
import { equalBytes, toHex } from "../../ledger/bytes.ts";
import { hashLeaf } from "../../ledger/hash.ts";
import { Frontier } from "../../ledger/range.ts";
import { TidelockError } from "../../model/errors.ts";
import type { LeafEntry } from "../../model/ledger.ts";
import { type EntryMarks, isMark, marksOf } from "../../store/queries/ledger-marks.ts";
import { reject } from "../../store/queries/ledger-rejected.ts";
import {
  dropStrayLeaves,
  growTree,
  holdTree,
  isOwnTree,
  type NewLeaf,
  type NewNode,
  type Nothing,
  streamHeads,
  type TreeHead,
  type Unsequenced,
  unsequenced,
} from "../../store/queries/ledger-tree.ts";
import { tableLedger } from "../../store/queries/ledger.ts";
import type { Db, Tx } from "../../store/schema.ts";
import { defaultBounds } from "./health.ts";

/** Entries that get their place in one transaction: more than arrive while the one before is under way. */
const batchSize = 2_000;

/** Named places at which a crash test ends or freezes the process. */
export type ReachLedgerPoint = (point: string) => Promise<void>;

/**
 * Gives every committed entry its place: dense index, sequence in its stream, leaf hash of the one before,
 * and a time that never goes back; leaves, nodes and the new root in one transaction. Whatever stands in the
 * queue is taken, in the order of its row's number, so that a slow transaction's entry is late and never
 * lost. One sequencer works at a time, by the lock on the tree's row: killed anywhere, it leaves either all
 * of a batch or nothing.
 *
 * What carries no mark of a server is not taken in: it is set aside, named by an entry, and said. The time of an
 * entry is the database's and under no mark: one that this server's clock knows nothing of becomes its own now, so
 * that a clock that was wrong for a minute does not push the log's time ahead of everybody's.
 *
 * @param wait whether to wait for another sequencer; without, its work counts as ours
 * @returns how many entries got their place
 * @throws TidelockError `digest-mismatch` when the stored tree does not fit together, or no server wrote it
 */
export async function integrate(db: Db, options: IntegrateOptions): Promise<number> {
  const marks = marksOf(db);
  if (!marks) {
    throw new TidelockError(
      "unavailable",
      "this server has no key to know the ledger's entries by",
      {
        where: "server/ledger.key",
        hint: "every server of a database needs the same one",
      },
    );
  }
  let count = 0;
  for (;;) {
    const batch = await db.transaction().execute((tx) => integrateBatch(tx, marks, options));
    if (batch === undefined) return count;
    for (const stranger of batch.rejected) options.onRejected?.(stranger);
    if (batch.clamped > 0) options.onClamped?.(saidClamped(batch.clamped));
    count += batch.placed;
    if (batch.placed < batchSize && batch.rejected.length === 0) return count;
  }
}

export interface IntegrateOptions {
  readonly wait: boolean;
  readonly reach?: ReachLedgerPoint | undefined;
  /** Told, in words, of each row that no server had written, after it was set aside. */
  readonly onRejected?: (what: string) => void;
  /** Told, in words, after entries were taken in whose time could not be believed. */
  readonly onClamped?: (what: string) => void;
  /** This server's clock, milliseconds. */
  readonly clock?: () => number;
  /** How far ahead of it an entry's time may be; ms. */
  readonly maxSkewMs?: number;
}

interface Batch {
  readonly placed: number;
  readonly rejected: readonly string[];
  /** Entries whose time could not be believed. */
  readonly clamped: number;
}

function saidClamped(count: number): string {
  return `${count === 1 ? "an entry" : `${count} entries`} came with a time that is none, or too far ahead of this server's clock: this server's time was taken; set the database's clock right, or see who has changed ledger_entries`;
}

async function integrateBatch(
  tx: Tx,
  marks: EntryMarks,
  { wait, reach, clock = Date.now, maxSkewMs = defaultBounds.maxSkewMs }: IntegrateOptions,
): Promise<Batch | undefined> {
  const head = await holdTree(tx, wait);
  if (!head) return undefined;
  const waiting = await unsequenced(tx, batchSize);
  if (waiting.length === 0) return { placed: 0, rejected: [], clamped: 0 };
  if (!isOwnTree(marks, head)) throw strangeTree(head);
  const strays = await dropStrayLeaves(tx);
  const entries: Unsequenced[] = [];
  const strangers: (Unsequenced | Nothing)[] = [];
  // A mark can be copied with its row: each entry gets one place, and what is in the queue twice is only taken out.
  const found = strays.length === 0 ? waiting : await unsequenced(tx, batchSize);
  const isOurs = (row: Unsequenced | Nothing): row is Unsequenced =>
    row.operation !== null && !row.placed && isMark(row.mark, marks.ofEntry(row));
  const ours = new Map(found.filter(isOurs).map((row) => [row.entry, row]));
  const again: string[] = [];
  for (const row of found) {
    const own = ours.get(row.entry);
    if (own === undefined) strangers.push(row);
    else if (own === row) entries.push(own);
    else again.push(row.queued);
  }
  const places = [...strangers.map(({ queued }) => queued), ...again];
  const rejected = [
    ...strays,
    ...(places.length === 0 ? [] : await reject(tx, tableLedger, strangers, places)),
  ];
  if (entries.length === 0) return { placed: 0, rejected, clamped: 0 };
  const streams = [...new Set(entries.map(({ stream }) => stream))];
  await reach?.("ledger:before-growing");
  const now = clock();
  const timed = entries.map((row) => ({ row, time: believed(row.at, now, maxSkewMs) }));
  const clamped = timed.filter(({ time }) => time === null).length;
  const grown = grow(
    head,
    timed.map(({ row, time }) => ({ ...row, time: time ?? now })),
    await streamHeads(tx, streams),
  );
  const queued = entries.map(({ queued: place }) => place);
  await growTree(tx, marks, { ...grown, origin: head.origin, queued });
  await reach?.("ledger:before-commit");
  return { placed: entries.length, rejected, clamped };
}

/** Milliseconds; null for what is no time (the driver reads `infinity` as a number) or too far ahead. */
function believed(at: unknown, now: number, maxSkewMs: number): number | null {
  if (!(at instanceof Date)) return null;
  const time = at.getTime();
  return Number.isNaN(time) || time > now + maxSkewMs ? null : time;
}

/** Nothing is built upon a tree, and nothing signed, that no server of ours has grown. */
export function strangeTree(head: TreeHead): TidelockError {
  return new TidelockError(
    "digest-mismatch",
    "the ledger's tree was written by somebody else, or server/ledger.key is another one",
    {
      where: `ledger_tree, size ${head.size}`,
      hint: "run `tidelock ledger verify`, and restore from a backup",
    },
  );
}

/** The tree with these entries behind its last. Pure: the same entries give the same tree. */
function grow(
  head: TreeHead,
  entries: readonly (Unsequenced & { readonly time: number })[],
  streams: ReadonlyMap<string, { readonly sequence: number; readonly hash: Uint8Array }>,
) {
  const frontier = storedFrontier(head);
  const heads = new Map(streams);
  const leaves: NewLeaf[] = [];
  const nodes: NewNode[] = [];
  let lastTime = head.lastTime ?? 0;
  for (const row of entries) {
    const before = heads.get(row.stream);
    const sequence = (before?.sequence ?? 0) + 1;
    const previous = before?.hash ?? null;
    lastTime = Math.max(lastTime, row.time);
    const entry = leafOf(row, { sequence, previous, time: lastTime });
    const hash = hashLeaf(encodeEntry(entry));
    const { stream } = row;
    leaves.push({
      index: frontier.size,
      entry: row.entry,
      stream,
      sequence,
      previous,
      time: lastTime,
      hash,
    });
    heads.set(stream, { sequence, hash });
    frontier.append(hash, (level, index, made) => {
      if (level > 0 && level % 8 === 0) nodes.push({ level: level / 8, index, hash: made });
    });
  }
  return {
    leaves,
    nodes,
    size: frontier.size,
    root: Buffer.from(frontier.root()),
    frontier: frontier.hashes.map((hash) => Buffer.from(hash)),
    lastTime,
  };
}

/** A tree whose edge does not give its root was changed by somebody else: nothing is built upon it. */
function storedFrontier(head: TreeHead): Frontier {
  try {
    const frontier = Frontier.from(head.size, head.frontier);
    if (equalBytes(frontier.root(), head.root)) return frontier;
  } catch {
    // Said below.
  }
  throw new TidelockError("digest-mismatch", "the ledger's stored tree does not fit together", {
    where: `ledger_tree, size ${head.size}`,
    hint: "somebody changed the database: run `tidelock ledger verify`, and restore from a backup",
  });
}

/** The leaf of a row at its place; from the same columns it can be had again at any time. */
export function leafOf(
  row: Pick<Unsequenced, "kind" | "operation" | "stream" | "actor" | "commitment">,
  place: {
    readonly sequence: number;
    readonly previous: Uint8Array | null;
    /** Milliseconds. */
    readonly time: number;
  },
): LeafEntry {
  return {
    formatVersion: 1,
    kind: row.kind,
    operation: row.operation,
    stream: row.stream,
    sequence: place.sequence,
    previous: place.previous && toHex(place.previous),
    time: new Date(place.time).toISOString(),
    actor: row.actor,
    payload: `hmac-sha256:${toHex(row.commitment)}`,
  };
}
