import type { LedgerEntry } from "../../ports/ledger.ts";
import { tableLedger } from "../queries/ledger.ts";
import type { Db, Schema } from "../schema.ts";

/** Column by column, as JSON has it: what a row of a table says, and what its entry said when it was written. */
export type Columns = Readonly<Record<string, unknown>>;

/** A column that names who did something, and the entry whose actor that was. */
export interface Author {
  readonly column: string;
  /** As the row has it: a name, or a pseudonym once the person was erased. */
  readonly who: string;
  readonly operation: string;
  readonly kind: string;
}

/**
 * How rows of one table follow from the ledger: each writing of a row is an entry whose payload holds the
 * row's columns that can open a gate or grant a right. So the table can be rebuilt from the log, and one row
 * be held against it. A table is projected by one of these and its line in registry.ts.
 */
export interface Projection<R> {
  readonly table: keyof Schema;
  /** Kinds of entries that write this table. */
  readonly kinds: readonly string[];
  /** Which row, without the count of its changes: the beginning of its entries' operation. */
  readonly key: (row: R) => string;
  /** How often it was written; null: once, and then its operation is the key alone. */
  readonly changes: (row: R) => number | null;
  /** Whether rows are written more than once, and so counted. */
  readonly counted: boolean;
  /** Entries whose row need not be there any more. */
  readonly mayBeAbsent?: (columns: Columns) => boolean;
  readonly columns: (row: R) => Columns;
  /** Names in the row. They are in no payload: the entries' actors say who it was. */
  readonly authors?: (row: R) => readonly Author[];
  /** Where it belongs. */
  readonly stream: (row: R) => string;
  /** Every row that must be in the log. */
  readonly rows: (db: Db) => AsyncIterable<R>;
}

/** A row as the verification wants it, whatever its table. */
export interface ProjectedRow {
  readonly key: string;
  readonly changes: number | null;
  readonly columns: Columns;
  readonly authors: readonly Author[];
}

export interface TableProjection {
  readonly table: keyof Schema;
  readonly kinds: readonly string[];
  readonly counted: boolean;
  readonly mayBeAbsent?: (columns: Columns) => boolean;
  readonly rows: (db: Db) => AsyncIterable<ProjectedRow>;
}

/** A projection without its row's type, for the registry. */
export function project<R>(projection: Projection<R>): TableProjection {
  const { table, kinds, counted, mayBeAbsent } = projection;
  return {
    table,
    kinds,
    counted,
    ...(mayBeAbsent === undefined ? {} : { mayBeAbsent }),
    async *rows(db) {
      for await (const row of projection.rows(db)) yield projectRow(projection, row);
    },
  };
}

export function projectRow<R>(projection: Projection<R>, row: R): ProjectedRow {
  return {
    key: projection.key(row),
    changes: projection.changes(row),
    columns: projection.columns(row),
    authors: projection.authors?.(row) ?? [],
  };
}

export function operationOf<R>(projection: Projection<R>, row: R): string {
  const changes = projection.changes(row);
  return changes === null ? projection.key(row) : `${projection.key(row)}/${changes}`;
}

/** The entry that says what the row is from here on. */
export function entryOf<R>(
  projection: Projection<R>,
  row: R,
  how: { readonly kind?: string; readonly actor?: string; readonly more?: Columns } = {},
): LedgerEntry {
  return {
    operation: operationOf(projection, row),
    kind: how.kind ?? projection.kinds[0] ?? "",
    stream: projection.stream(row),
    actor: how.actor ?? "tidelock",
    payload: { ...projection.columns(row), ...how.more },
  };
}

/** Row and record are one transaction: whoever writes the row calls this with what it has become. */
export async function recordRows<R>(
  tx: Db,
  projection: Projection<R>,
  rows: readonly R[],
  how: Parameters<typeof entryOf>[2] = {},
): Promise<void> {
  await tableLedger.append(tx, ...rows.map((row) => entryOf(projection, row, how)));
}

/** Who wrote the row, where its own entry has that person as its actor. */
export function authorOf<R>(projection: Projection<R>, row: R, column: string, who: string) {
  const kind = projection.kinds[0] ?? "";
  const operation = projection.counted ? `${projection.key(row)}/1` : projection.key(row);
  return { column, who, operation, kind } satisfies Author;
}

/** RFC 3339, milliseconds: what a time is in an entry. */
export function time(date: Date | null): string | null {
  return date?.toISOString() ?? null;
}

/** Rows in batches, in the order of a key, so that a table of any size fits. */
export async function* paged<R, K>(
  read: (after: K | null, limit: number) => Promise<readonly R[]>,
  keyOf: (row: R) => K,
): AsyncIterable<R> {
  const limit = 500;
  let after: K | null = null;
  for (;;) {
    const rows: readonly R[] = await read(after, limit);
    yield* rows;
    const last = rows.at(-1);
    if (last === undefined || rows.length < limit) return;
    after = keyOf(last);
  }
}
