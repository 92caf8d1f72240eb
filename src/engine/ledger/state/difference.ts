import { encodeEntry, opens } from "../../../ledger/entry.ts";
import { hashLeaf } from "../../../ledger/hash.ts";
import { canonicalJson } from "../../../model/canonical.ts";
import type { Author, Columns, ProjectedRow } from "../../../store/projections/projection.ts";
import type { StoredLeaf } from "../../../store/queries/ledger-read.ts";

/** Where the database and the log part. */
export interface Difference {
  readonly table: string;
  /** As its entries name it; null when it is about the log itself. */
  readonly row: string | null;
  readonly column: string | null;
  /** The entry that says otherwise. */
  readonly index: number | null;
  readonly message: string;
}

/** What the log says of a row: its last entry. Null columns: what opened it was erased. */
export interface Said {
  readonly index: number | null;
  readonly changes: number | null;
  readonly columns: Columns | null;
}

/** About a table as a whole. */
export function about(table: string, message: string): Difference {
  return { table, row: null, column: null, index: null, message };
}

export function missingEntry(index: number): Difference {
  return { ...about("ledger_leaves", `entry ${index} of the log is not there`), index };
}

/** The leaf at its place, its hash the one that is stored, its opening the one that it commits to. */
export function leafProblem(leaf: StoredLeaf, index: number): Difference | null {
  if (leaf.index !== index) return missingEntry(index);
  const row = leaf.entry.operation;
  const at = { table: "ledger_entries", row, index };
  let hash: Uint8Array;
  try {
    hash = hashLeaf(encodeEntry(leaf.entry));
  } catch (error) {
    const message = `entry ${index} is none any more: ${(error as Error).message}`;
    return { ...at, column: null, message };
  }
  if (!leaf.hash.equals(hash)) {
    const message = `entry ${index} (${leaf.entry.kind} ${row}) was changed: its leaf is another one`;
    return { ...at, column: null, message };
  }
  if (leaf.opening && !opens(leaf.entry, leaf.opening)) {
    const message = `the payload of entry ${index} (${leaf.entry.kind} ${row}) was changed: it is not what the entry commits to`;
    return { ...at, column: "payload", message };
  }
  return null;
}

/** The first column in which a row is not what its last entry says; null when all is as written. */
export function rowDifference(
  table: string,
  row: ProjectedRow,
  entry: Said | undefined,
): Difference | null {
  const at = { table, row: row.key, column: null, index: entry?.index ?? null };
  if (!entry) {
    const message = `${table}: the row ${row.key} is in the database, and no entry of the log says so`;
    return { ...at, message };
  }
  if (entry.changes !== row.changes) {
    const message = `${table}: the row ${row.key} says that it was written ${row.changes} times, the log (${named(entry)}) ${entry.changes} times`;
    return { ...at, column: "changes", message };
  }
  if (entry.columns === null) return null;
  for (const [column, value] of Object.entries(row.columns)) {
    const written = entry.columns[column];
    if (canonicalJson(value) === canonicalJson(written ?? null)) continue;
    const message = `${table}: ${column} of ${row.key} is ${shown(value)}, and was written as ${shown(written)} (${named(entry)})`;
    return { ...at, column, message };
  }
  return null;
}

/**
 * Whether the entry's actor is who the row names.
 *
 * @param pseudonym of the one who is named now; a name that nobody has is its own
 * @param actor null when the entry is not there
 */
export function authorDifference(
  table: string,
  key: string,
  { column, who }: Author,
  pseudonym: string,
  said: { readonly actor: string; readonly index: number | null } | null,
): Difference | null {
  if (said?.actor === pseudonym) return null;
  const message =
    said === null
      ? `${table}: ${column} of ${key} is ${shown(who)}, and no entry of the log says that anybody did it`
      : `${table}: ${column} of ${key} is ${shown(who)}, and the log (${named(said)}) says that it was somebody else`;
  return { table, row: key, column, index: said?.index ?? null, message };
}

function named({ index }: { readonly index: number | null }): string {
  return index === null ? "an entry without a place yet" : `entry ${index}`;
}

function shown(value: unknown): string {
  const text = JSON.stringify(value ?? null);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
