import { verifyInclusion, proveInclusion } from "../../ledger/proof.ts";
import { fromHex } from "../../ledger/bytes.ts";
import { peopleProjection } from "../../store/projections/people.ts";
import {
  operationOf,
  type ProjectedRow,
  type Projection,
  projectRow,
} from "../../store/projections/projection.ts";
import { hashSource } from "../../store/queries/ledger-checkpoints.ts";
import {
  leafByOperation,
  leavesOfOperation,
  readLeaves,
  type StoredLeaf,
} from "../../store/queries/ledger-read.ts";
import { personByName } from "../../store/queries/people.ts";
import type { Db } from "../../store/schema.ts";
import type { LedgerLog } from "./log.ts";
import {
  authorDifference,
  type Difference,
  leafProblem,
  missingEntry,
  rowDifference,
} from "./state/difference.ts";

/** A row that a decision leans on. */
export interface Ground {
  readonly holds: (db: Db, tree: SignedTree) => Promise<Difference | null>;
}

/**
 * That nothing newer was taken away: where the log has an entry of the row that would come next, and the table
 * has not that row, somebody deleted it, so that an older one counts again.
 *
 * @param operation of the first entry of that row
 * @param isThere looked at after the log: a row that is being written now comes with its entry
 */
export function nothingAfter(
  table: string,
  operation: string,
  isThere: (db: Db) => Promise<boolean>,
): Ground {
  return {
    async holds(db) {
      const written = await db
        .selectFrom("ledger_entries")
        .select("entry")
        .where("operation", "=", operation)
        .executeTakeFirst();
      if (!written || (await isThere(db))) return null;
      const message = `${table}: ${operation} is in the log and not in the database: an older one would count again`;
      return { table, row: operation, column: null, index: null, message };
    },
  };
}

/**
 * That the entry at an index is whole and in the signed tree: its kind, stream and time are what was written.
 */
export function wholeEntry(index: number): Ground {
  return {
    async holds(db, tree) {
      const [leaf] = await readLeaves(db, index, index + 1);
      return leaf ? foreignLeaf(leaf, tree, leaf.entry.operation) : missingEntry(index);
    },
  };
}

/** Whether the log of the signed tree has an entry of this operation and kind: a row alone can be anybody's. */
export async function isInSignedTree(
  db: Db,
  tree: SignedTree,
  operation: string,
  kind: string,
): Promise<boolean> {
  const leaf = await leafByOperation(db, operation, kind);
  return leaf !== undefined && (await foreignLeaf(leaf, tree, operation)) === null;
}

interface SignedTree {
  readonly size: number;
  readonly root: Uint8Array;
  readonly hashAt: ReturnType<typeof hashSource>;
}

export function groundsOf<R>(projection: Projection<R>, rows: readonly R[]): readonly Ground[] {
  return rows.map((row) => ({ holds: (db, tree) => held(db, tree, projection, row) }));
}

/**
 * Holds rows against the log before a decision uses them: row, entry, what opens it, leaf, and the leaf in the
 * tree that our own key has signed. Answers the first difference: then somebody has changed the database.
 */
export async function differenceToLog(
  log: LedgerLog,
  db: Db,
  grounds: readonly Ground[],
): Promise<Difference | null> {
  await log.flush();
  const signed = await log.signedRoot(db);
  if (signed === null) {
    const message = "no checkpoint of the ledger is signed by our own key";
    return { table: "ledger_checkpoints", row: null, column: null, index: null, message };
  }
  const { size } = signed;
  const tree = { size, root: fromHex(signed.root), hashAt: hashSource(db, size) };
  for (const ground of grounds) {
    const difference = await ground.holds(db, tree);
    if (difference) return difference;
  }
  return null;
}

/** How often rows are read anew before a difference is believed. */
const looks = 3;

/**
 * The same for rows that others may be changing at this moment: one that was changed between its reading and the
 * log's differs for that reason alone, so whoever finds a difference reads again. What was changed behind the
 * ledger differs every time.
 */
export async function lastingDifference(
  log: LedgerLog,
  db: Db,
  gather: () => Promise<readonly Ground[]>,
): Promise<Difference | null> {
  for (let look = 1; ; look += 1) {
    const difference = await differenceToLog(log, db, await gather());
    if (!difference || look === looks) return difference;
  }
}

async function held<R>(
  db: Db,
  tree: SignedTree,
  projection: Projection<R>,
  row: R,
): Promise<Difference | null> {
  const { table, kinds } = projection;
  const projected = projectRow(projection, row);
  const leaves = await leavesOfOperation(db, operationOf(projection, row));
  const leaf = leaves.find(({ entry }) => kinds.includes(entry.kind));
  if (!leaf) return rowDifference(table, projected, undefined);
  const { index, opening } = leaf;
  const foreign = await foreignLeaf(leaf, tree, projected.key);
  if (foreign) return foreign;
  const at = { table, row: projected.key, column: null, index };
  if (!opening) {
    const message = `${table}: what entry ${index} says of ${projected.key} was erased, and erased evidence opens no gate`;
    return { ...at, message };
  }
  const later = projected.changes !== null && (await writtenAgain(db, projection, projected));
  if (later) {
    const message = `${table}: the row ${projected.key} was put back to what it was before a later change`;
    return { ...at, column: "changes", message };
  }
  const { changes } = projected;
  return (
    rowDifference(table, projected, { index, changes, columns: opening.payload }) ??
    (await heldAuthors(db, tree, table, projected))
  );
}

/** An entry that is damaged, or not in the tree that our own key has signed. */
async function foreignLeaf(
  leaf: StoredLeaf,
  { size, root, hashAt }: SignedTree,
  key: string,
): Promise<Difference | null> {
  const { index, hash: leafHash } = leaf;
  const damaged = leafProblem(leaf, index);
  if (damaged) return damaged;
  const proof = await proveInclusion(index, size, hashAt).catch(() => []);
  if (verifyInclusion({ index, size, leafHash, proof, root })) return null;
  const message = `entry ${index}, which says what ${key} is, is not in the tree that was signed`;
  return { table: "ledger_leaves", row: key, column: null, index, message };
}

/** Whoever the row names did it by the log, and is who the log has met under that pseudonym. */
async function heldAuthors(
  db: Db,
  tree: SignedTree,
  table: string,
  { key, authors }: ProjectedRow,
): Promise<Difference | null> {
  for (const author of authors) {
    const person = await personByName(db, author.who);
    const leaf = await leafByOperation(db, author.operation, author.kind);
    const foreign = leaf ? await foreignLeaf(leaf, tree, key) : null;
    if (foreign) return foreign;
    const said = leaf ? { actor: leaf.entry.actor, index: leaf.index } : null;
    const wrong = authorDifference(table, key, author, person?.pseudonym ?? author.who, said);
    if (wrong) return wrong;
    if (person === undefined) continue;
    // One from before people were in the log has no entry; whoever has one is not from before.
    if (person.changes === 0 && !(await isMet(db, person.pseudonym))) continue;
    const swapped = await held(db, tree, peopleProjection, person);
    if (swapped) return swapped;
  }
  return null;
}

async function isMet(db: Db, pseudonym: string): Promise<boolean> {
  const met = await db
    .selectFrom("ledger_entries")
    .select("entry")
    .where("operation", "=", `${pseudonym}/1`)
    .where("kind", "=", "person.met")
    .executeTakeFirst();
  return met !== undefined;
}

/** A row that is older than the log was put back. */
async function writtenAgain<R>(
  db: Db,
  { kinds }: Projection<R>,
  { key, changes }: { readonly key: string; readonly changes: number | null },
): Promise<boolean> {
  const later = await db
    .selectFrom("ledger_entries")
    .select("entry")
    .where("operation", "=", `${key}/${(changes ?? 0) + 1}`)
    .where("kind", "in", [...kinds])
    .executeTakeFirst();
  return later !== undefined;
}
