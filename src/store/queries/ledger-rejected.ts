import { randomBytes } from "node:crypto";
import { sql } from "kysely";
import { equalBytes, toHex } from "../../ledger/bytes.ts";
import { encodeEntry } from "../../ledger/entry.ts";
import { hashLeaf } from "../../ledger/hash.ts";
import { TidelockError } from "../../model/errors.ts";
import type { Ledger, LedgerEntry } from "../../ports/ledger.ts";
import type { Db } from "../schema.ts";
import { announce } from "./events.ts";
import { type EntryMarks, isMark, type MarkedEntry } from "./ledger-marks.ts";
import { type LeafRow, leafOfRow } from "./ledger-read.ts";
import { type Nothing, setAside } from "./ledger-tree.ts";

/** Rows of the ledger that no server has written: how they are known, and how they are taken out of the way. */

/** A row among the entries under an operation that a server wants to record. */
export interface Stranger extends MarkedEntry {
  readonly entry: string;
  /** It pretends to a place that the tree has: it cannot be taken out without a gap in the log. */
  readonly inTree: boolean;
}

interface Met extends LeafRow, MarkedEntry {
  readonly entry: string;
  readonly size: string;
  readonly marks: readonly (Buffer | null)[] | null;
}

/**
 * Which of the entries of these operations and kinds are not ours. Ours is one on its way with a right mark, or one
 * whose leaf is inside the tree and is the leaf of just this entry: a leaf alone can be written by anybody.
 */
export async function strangersAmong(
  tx: Db,
  marks: EntryMarks,
  operations: readonly string[],
  kinds: readonly string[],
): Promise<readonly Stranger[]> {
  const { rows } = await sql<Met>`
    select e.entry, e.operation, e.kind, e.stream, e.actor, e.commitment,
      null as salt, null as payload, l.index, l.sequence, l.previous, l.time, l.hash, t.size,
      (select array_agg(q.mark) from ledger_queue q where q.entry = e.entry) as marks
    from unnest(${operations}::text[], ${kinds}::text[]) as given (operation, kind)
    join ledger_entries e using (operation, kind)
    cross join ledger_tree t
    left join ledger_leaves l on l.entry = e.entry
    order by e.entry
  `.execute(tx);
  return rows.flatMap((row) => {
    const right = marks.ofEntry(row);
    const inTree = row.index !== null && Number(row.index) < Number(row.size);
    if (inTree ? isItsLeaf(row) : row.marks?.some((mark) => isMark(mark, right))) return [];
    const { entry, operation, kind, stream, actor, commitment } = row;
    return [{ entry, operation, kind, stream, actor, commitment, inTree }];
  });
}

function isItsLeaf(row: Met): boolean {
  try {
    return equalBytes(hashLeaf(encodeEntry(leafOfRow(row).entry)), row.hash);
  } catch {
    return false;
  }
}

type Rejected = (MarkedEntry & { readonly entry: string }) | Omit<Nothing, "queued">;

/**
 * Sets rows aside and records each by an entry of ours, which takes its place with the next batch. Answers what
 * there is to say of them.
 *
 * @param queued rows of the queue, by their place: only for whoever holds the tree; without, all of these entries'
 */
export async function reject(
  tx: Db,
  ledger: Ledger<Db>,
  rows: readonly Rejected[],
  queued: readonly string[] | null,
): Promise<readonly string[]> {
  await setAside(
    tx,
    rows.map(({ entry }) => entry),
    queued,
  );
  for (const row of rows) await recordRejected(tx, ledger, row);
  const messages = rows.map((row) =>
    row.operation === null
      ? `somebody has put ${row.entry} into the ledger's queue, which is no entry: it was set aside`
      : `somebody has put an entry into the database that no server wrote (${cut(row.kind)} ${cut(row.operation)}): it was set aside`,
  );
  await announce(tx, ...messages.map((message) => ({ kind: "ledger.rejected", message })));
  return messages;
}

/** Whatever somebody has put under its name: the record is written, so that the log goes on. */
async function recordRejected(tx: Db, ledger: Ledger<Db>, row: Rejected): Promise<void> {
  const record: LedgerEntry = {
    operation: `ledger/rejected/${row.entry}`,
    kind: "ledger.rejected",
    stream: "system",
    actor: "tidelock",
    payload: { entry: row.entry, ...(row.operation === null ? {} : claimed(row)) },
  };
  try {
    await ledger.append(tx, record);
  } catch (error) {
    if (!(error instanceof TidelockError && error.code === "digest-mismatch")) throw error;
    // The name is that of an entry in the tree which was changed there: nobody can foresee this one.
    const operation = `${record.operation}/${randomBytes(8).toString("hex")}`;
    await ledger.append(tx, { ...record, operation });
  }
}

/** What it pretended to be: by somebody else's hand, so of any length. */
function claimed({ operation, kind, stream, actor, commitment }: MarkedEntry) {
  return {
    operation: cut(operation),
    kind: cut(kind),
    stream: cut(stream),
    actor: cut(actor),
    commitment: cut(toHex(commitment)),
  };
}

const cut = (text: string): string =>
  text.length <= 200 ? text : `${text.slice(0, 200).toWellFormed()}…`;
