import { sql } from "kysely";
import { toHex } from "../../ledger/bytes.ts";
import type { LeafEntry, Opening } from "../../model/ledger.ts";
import type { Db } from "../schema.ts";

/** Entries as they stand in the tree, with what opens them. */

export interface StoredLeaf {
  readonly index: number;
  readonly entry: LeafEntry;
  /** As stored; whether it is the hash of `entry` is for the caller to verify. */
  readonly hash: Buffer;
  /** Null when it was erased. Whether it opens the entry is for the caller to verify. */
  readonly opening: Opening | null;
}

export interface LeafRow {
  readonly index: string;
  readonly sequence: string;
  readonly previous: Buffer | null;
  readonly time: Date;
  readonly hash: Buffer;
  readonly operation: string;
  readonly kind: string;
  readonly stream: string;
  readonly actor: string;
  readonly commitment: Buffer;
  readonly salt: Buffer | null;
  readonly payload: Record<string, unknown> | null;
}

const columns = sql`
  l.index, l.sequence, l.previous, l.time, l.hash,
  e.operation, e.kind, e.stream, e.actor, e.commitment, e.salt, e.payload
`;

/** Leaves from `from` (inclusive) to `to` (exclusive), in order; one that lacks its entry is left out. */
export async function readLeaves(db: Db, from: number, to: number): Promise<readonly StoredLeaf[]> {
  const { rows } = await sql<LeafRow>`
    select ${columns} from ledger_leaves l join ledger_entries e on e.entry = l.entry
    where l.index >= ${from} and l.index < ${to} order by l.index
  `.execute(db);
  return rows.map(leafOfRow);
}

/** All entries of a stream that have their place, oldest first. */
export async function readStream(db: Db, stream: string): Promise<readonly StoredLeaf[]> {
  const { rows } = await sql<LeafRow>`
    select ${columns} from ledger_leaves l join ledger_entries e on e.entry = l.entry
    where l.stream = ${stream} order by l.sequence
  `.execute(db);
  return rows.map(leafOfRow);
}

/** The entry of an operation and kind, once it has its place. */
export async function leafByOperation(
  db: Db,
  operation: string,
  kind: string,
): Promise<StoredLeaf | undefined> {
  const { rows } = await sql<LeafRow>`
    select ${columns} from ledger_entries e join ledger_leaves l on l.entry = e.entry
    where e.operation = ${operation} and e.kind = ${kind}
  `.execute(db);
  return rows[0] && leafOfRow(rows[0]);
}

/** Every entry of an operation, oldest first: its intent and its outcome. */
export async function leavesOfOperation(db: Db, operation: string): Promise<readonly StoredLeaf[]> {
  const { rows } = await sql<LeafRow>`
    select ${columns} from ledger_entries e join ledger_leaves l on l.entry = e.entry
    where e.operation = ${operation} order by l.index
  `.execute(db);
  return rows.map(leafOfRow);
}

/** As stored: nothing of it is verified. */
export function leafOfRow(row: LeafRow): StoredLeaf {
  return {
    index: Number(row.index),
    hash: row.hash,
    entry: {
      formatVersion: 1,
      kind: row.kind,
      operation: row.operation,
      stream: row.stream,
      sequence: Number(row.sequence),
      previous: row.previous && toHex(row.previous),
      time: row.time.toISOString(),
      actor: row.actor,
      payload: `hmac-sha256:${toHex(row.commitment)}`,
    },
    opening: row.salt && row.payload && { salt: toHex(row.salt), payload: row.payload },
  };
}
