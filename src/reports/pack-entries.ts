import { equalBytes, toBase64 } from "../ledger/bytes.ts";
import { encodeEntry } from "../ledger/entry.ts";
import { hashLeaf } from "../ledger/hash.ts";
import { type HashSource, proveInclusion } from "../ledger/proof.ts";
import type { EntryLine } from "../audit/format.ts";
import { TidelockError } from "../model/errors.ts";
import { readStream, type StoredLeaf } from "../store/queries/ledger-read.ts";
import type { Db } from "../store/schema.ts";

/** An end of a stream, as an entry of its own. */
export interface StreamEnd {
  readonly stream: string;
  /** Operation of its `stream.head`. */
  readonly operation: string;
}

/**
 * All entries of these streams up to their ends, in the log's order.
 *
 * @throws TidelockError `digest-mismatch` when a row is not what its leaf's hash says: somebody changed the
 *   database, and a pack of it would be worth nothing
 */
export async function entriesOf(
  db: Db,
  ends: readonly StreamEnd[],
): Promise<readonly StoredLeaf[]> {
  const leaves: StoredLeaf[] = [];
  for (const { stream, operation } of ends) {
    const chain = await readStream(db, stream);
    const end = chain.findIndex(
      ({ entry }) => entry.kind === "stream.head" && entry.operation === operation,
    );
    if (end === -1) {
      throw new TidelockError("unavailable", `the end of ${stream} has no place in the log yet`, {
        retryable: true,
        where: stream,
        hint: "try again; `tidelock server status` says whether the ledger has a problem",
      });
    }
    for (const leaf of chain.slice(0, end + 1)) {
      requireUnchanged(leaf);
      leaves.push(leaf);
    }
  }
  return leaves.sort((a, b) => a.index - b.index);
}

function requireUnchanged({ index, entry, hash }: StoredLeaf): void {
  if (equalBytes(hashLeaf(encodeEntry(entry)), hash)) return;
  throw new TidelockError(
    "digest-mismatch",
    `entry ${index} of the ledger is not what it was when it got its place`,
    {
      where: `ledger_entries, ${entry.kind} ${entry.operation}`,
      hint: "somebody changed the database: run `tidelock ledger verify`",
    },
  );
}

/** The lines of entries.jsonl, each with its proof in the tree of `size` entries. */
export async function entryLines(
  leaves: readonly StoredLeaf[],
  size: number,
  hashAt: HashSource,
): Promise<readonly EntryLine[]> {
  const lines: EntryLine[] = [];
  for (const { index, entry, opening } of leaves) {
    const proof = await proveInclusion(index, size, hashAt);
    lines.push({
      index,
      leaf: toBase64(encodeEntry(entry)),
      proof: proof.map(toBase64),
      opening,
    });
  }
  return lines;
}
