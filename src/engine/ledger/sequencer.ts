import { encodeEntry } from "../../ledger/entry.ts";
import { equalBytes, toHex } from "../../ledger/bytes.ts";
import { hashLeaf } from "../../ledger/hash.ts";
import { Frontier } from "../../ledger/range.ts";
import { TidelockError } from "../../model/errors.ts";
import type { LeafEntry } from "../../model/ledger.ts";
import {
  growTree,
  holdTree,
  type NewLeaf,
  type NewNode,
  streamHeads,
  type TreeHead,
  type Unsequenced,
  unsequenced,
} from "../../store/queries/ledger-tree.ts";
import type { Db, Tx } from "../../store/schema.ts";

/** Entries that get their place in one transaction: some ten milliseconds of work. */
const batchSize = 1_000;

/** Named places at which a crash test ends or freezes the process. */
export type ReachLedgerPoint = (point: string) => Promise<void>;

/**
 * Gives every committed entry its place: dense index, sequence in its stream, leaf hash of the one before,
 * and a time that never goes back; leaves, nodes and the new root in one transaction. Whatever stands in the
 * queue is taken, in the order of its row's number, so that a slow transaction's entry is late and never
 * lost. One sequencer works at a time, by the lock on the tree's row: killed anywhere, it leaves either all
 * of a batch or nothing.
 *
 * @param wait whether to wait for another sequencer; without, its work counts as ours
 * @returns how many entries got their place
 * @throws TidelockError `digest-mismatch` when the stored tree does not fit together
 */
export async function integrate(
  db: Db,
  options: { readonly wait: boolean; readonly reach?: ReachLedgerPoint | undefined },
): Promise<number> {
  let count = 0;
  for (;;) {
    const batch = await db.transaction().execute((tx) => integrateBatch(tx, options));
    if (batch === undefined) return count;
    count += batch;
    if (batch < batchSize) return count;
  }
}

async function integrateBatch(
  tx: Tx,
  { wait, reach }: { readonly wait: boolean; readonly reach?: ReachLedgerPoint | undefined },
): Promise<number | undefined> {
  const head = await holdTree(tx, wait);
  if (!head) return undefined;
  const entries = await unsequenced(tx, batchSize);
  if (entries.length === 0) return 0;
  const streams = [...new Set(entries.map(({ stream }) => stream))];
  await reach?.("ledger:before-growing");
  const grown = grow(head, entries, await streamHeads(tx, streams));
  await growTree(tx, { ...grown, queued: entries.map(({ queued }) => queued) });
  await reach?.("ledger:before-commit");
  return entries.length;
}

/** The tree with these entries behind its last. Pure: the same entries give the same tree. */
function grow(
  head: TreeHead,
  entries: readonly Unsequenced[],
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
    lastTime = Math.max(lastTime, row.at.getTime());
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
  const root = frontier.root();
  return { leaves, nodes, size: frontier.size, root, frontier: frontier.hashes, lastTime };
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
