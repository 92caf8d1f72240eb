import { sql } from "kysely";
import { toHex } from "../../ledger/bytes.ts";
import { encodeEntry, opens } from "../../ledger/entry.ts";
import { hashLeaf } from "../../ledger/hash.ts";
import { Frontier } from "../../ledger/range.ts";
import { canonicalJson } from "../../model/canonical.ts";
import type { Columns, ProjectedRow, TableProjection } from "../../store/projections/projection.ts";
import { projections } from "../../store/projections/registry.ts";
import { readLeaves, type StoredLeaf } from "../../store/queries/ledger-read.ts";
import { readTree } from "../../store/queries/ledger-tree.ts";
import type { Db } from "../../store/schema.ts";
import type { LedgerLog } from "./log.ts";

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

export type StateVerification =
  | { readonly ok: true; readonly size: number; readonly rows: number; readonly erased: number }
  | { readonly ok: false; readonly difference: Difference };

/** What the log says of a row: its last entry. Null columns: what opened it was erased. */
interface Said {
  readonly index: number;
  readonly changes: number | null;
  readonly columns: Columns | null;
}

interface Replayed {
  readonly said: ReadonlyMap<string, Map<string, Said>>;
  readonly size: number;
  /** Digests of envelopes that entries name. */
  readonly attestations: ReadonlySet<unknown>;
}

const pageSize = 1_000;

/**
 * Rebuilds from the log every table that can open a gate or grant a right, and says the first difference to
 * what the database holds. The log itself is recomputed on the way: each opening against its commitment,
 * each leaf, and the root against a checkpoint that one of our own keys has signed. Everything is read at
 * one moment; writers are not held up.
 */
export async function verifyState(log: LedgerLog, db: Db): Promise<StateVerification> {
  await log.flush();
  return db
    .transaction()
    .setIsolationLevel("repeatable read")
    .execute(async (tx) => {
      await sql`select set_config('statement_timeout', '0', true)`.execute(tx);
      const stray = await strayEntry(tx);
      if (stray) return { ok: false as const, difference: stray };
      const replayed = await replay(tx, log);
      if ("message" in replayed) return { ok: false as const, difference: replayed };
      const unnamed = await unnamedAttestation(tx, replayed.attestations);
      if (unnamed) return { ok: false as const, difference: unnamed };
      return compare(tx, replayed.said, replayed.size);
    });
}

async function replay(db: Db, log: LedgerLog): Promise<Replayed | Difference> {
  const { size } = await readTree(db);
  const signed = await log.signedRoot(db);
  if (signed === null) return about("ledger_checkpoints", "no checkpoint is signed by our own key");
  const byKind = new Map(
    projections.flatMap((one) => one.kinds.map((kind) => [kind, one] as const)),
  );
  const said = new Map(projections.map(({ table }) => [table as string, new Map<string, Said>()]));
  const attestations = new Set<unknown>();
  const closed = new Map<number, StoredLeaf>();
  const frontier = Frontier.empty();
  while (frontier.size < size) {
    const leaves = await readLeaves(db, frontier.size, frontier.size + pageSize);
    if (leaves.length === 0) return missing(frontier.size);
    for (const leaf of leaves) {
      const problem = leafProblem(leaf, frontier.size);
      if (problem) return problem;
      frontier.append(leaf.hash);
      if (frontier.size === signed.size) {
        const root = toHex(frontier.root());
        if (root !== signed.root) return anotherRoot(signed, root);
      }
      if (leaf.opening === null) closed.set(leaf.index, leaf);
      else if (leaf.entry.kind === "payload.erased") {
        closed.delete(Number(leaf.opening.payload["entry"]));
      }
      const named = leaf.opening?.payload["attestations"];
      if (Array.isArray(named)) for (const digest of named) attestations.add(digest);
      const projection = byKind.get(leaf.entry.kind);
      if (projection) note(said.get(projection.table), projection, leaf);
    }
  }
  if (signed.size > size) return missing(size);
  const [taken] = closed.values();
  if (taken) return takenAway(taken);
  return { said, size, attestations };
}

function anotherRoot(signed: { readonly size: number; readonly root: string }, root: string) {
  const message = `the first ${signed.size} entries have the root ${root}, signed is ${signed.root}: they were rewritten`;
  return about("ledger_leaves", message);
}

function missing(index: number): Difference {
  return {
    ...about("ledger_leaves", `entry ${index} of the log is not there`),
    index,
  };
}

/** Without its payload an entry agrees with any row: only an erasure that is itself in the log may take it. */
function takenAway({ index, entry }: StoredLeaf): Difference {
  const message = `the payload of entry ${index} (${entry.kind} ${entry.operation}) is gone, and no entry of the log says that it was erased`;
  return { table: "ledger_entries", row: entry.operation, column: "payload", index, message };
}

function about(table: string, message: string): Difference {
  return { table, row: null, column: null, index: null, message };
}

/** The leaf at its place, its hash the one that is stored, its opening the one that it commits to. */
export function leafProblem(leaf: StoredLeaf, index: number): Difference | null {
  if (leaf.index !== index) return missing(index);
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

function note(
  rows: Map<string, Said> | undefined,
  projection: TableProjection,
  { index, entry, opening }: StoredLeaf,
): void {
  const [key, changes] = projection.counted ? cut(entry.operation) : [entry.operation, null];
  const before = rows?.get(key);
  // Entries of one row may swap places in the log when two transactions commit at one moment: the count decides.
  if (before && (before.changes ?? 0) > (changes ?? 0)) return;
  rows?.set(key, { index, changes, columns: opening?.payload ?? null });
}

/** `lane/shop/production/7` is the seventh writing of `lane/shop/production`. */
function cut(operation: string): readonly [string, number] {
  const at = operation.lastIndexOf("/");
  return [operation.slice(0, at), Number(operation.slice(at + 1))];
}

async function compare(
  db: Db,
  said: ReadonlyMap<string, Map<string, Said>>,
  size: number,
): Promise<StateVerification> {
  let rows = 0;
  let erased = 0;
  for (const projection of projections) {
    const left = said.get(projection.table) ?? new Map<string, Said>();
    for await (const row of projection.rows(db)) {
      rows += 1;
      const entry = left.get(row.key);
      left.delete(row.key);
      if (entry?.columns === null) erased += 1;
      const difference = rowDifference(projection.table, row, entry);
      if (difference) return { ok: false, difference };
    }
    for (const [key, { index, columns }] of left) {
      if (columns && projection.mayBeAbsent?.(columns)) continue;
      const message = `${projection.table}: the row ${key} is in the log (entry ${index}) and not in the database`;
      const difference = { table: projection.table, row: key, column: null, index, message };
      return { ok: false, difference };
    }
  }
  return { ok: true, size, rows, erased };
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
    const message = `${table}: the row ${row.key} says that it was written ${row.changes} times, the log (entry ${entry.index}) ${entry.changes} times`;
    return { ...at, column: "changes", message };
  }
  if (entry.columns === null) return null;
  for (const [column, value] of Object.entries(row.columns)) {
    const written = entry.columns[column];
    if (canonicalJson(value) === canonicalJson(written ?? null)) continue;
    const message = `${table}: ${column} of ${row.key} is ${shown(value)}, and was written as ${shown(written)} (entry ${entry.index})`;
    return { ...at, column, message };
  }
  return null;
}

function shown(value: unknown): string {
  const text = JSON.stringify(value ?? null);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

/** An envelope that no entry names was put there by somebody else. Erased ones have no bytes to lean on. */
async function unnamedAttestation(db: Db, named: ReadonlySet<unknown>): Promise<Difference | null> {
  const rows = await db
    .selectFrom("attestations")
    .select(["digest", "release"])
    .where("origin", "=", "own")
    .where("erased_at", "is", null)
    .execute();
  const stray = rows.find(({ digest }) => !named.has(digest));
  if (!stray) return null;
  const message = `attestations: ${stray.digest} about ${stray.release} is named by no entry of the log`;
  return { table: "attestations", row: stray.digest, column: null, index: null, message };
}

/** An entry that was taken out of the queue would never come into the log. */
async function strayEntry(db: Db): Promise<Difference | null> {
  const { rows } = await sql<{ entry: string; kind: string; operation: string }>`
    select e.entry, e.kind, e.operation from ledger_entries e
    where not exists (select from ledger_leaves l where l.entry = e.entry)
      and not exists (select from ledger_queue q where q.entry = e.entry)
    order by e.entry limit 1
  `.execute(db);
  const stray = rows[0];
  if (!stray) return null;
  const message = `the entry ${stray.kind} ${stray.operation} was committed and is on no way into the log: somebody took it out of the queue`;
  return { table: "ledger_queue", row: stray.operation, column: null, index: null, message };
}
