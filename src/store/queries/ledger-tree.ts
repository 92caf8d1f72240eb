import { sql } from "kysely";
import type { Db, Tx } from "../schema.ts";

/** The tree as it is stored: its head, what is not in it yet, leaves and the roots of full tiles. */

export interface TreeHead {
  /** Which of the successive logs: 1 for the first. */
  readonly log: number;
  readonly origin: string;
  readonly size: number;
  readonly root: Buffer;
  /** Roots of the perfect subtrees from left to right. */
  readonly frontier: readonly Buffer[];
  /** Milliseconds; of the last leaf. */
  readonly lastTime: number | null;
  /** Why this database must not decide anything; null when it is not known to be behind the world. */
  readonly behind: string | null;
}

interface HeadRow {
  readonly log: number;
  readonly store_id: string;
  readonly size: string;
  readonly root: Buffer;
  readonly frontier: Buffer;
  readonly last_time: Date | null;
  readonly behind: string | null;
}

/** `tidelock/<store id>`, and `/2`, `/3`, … for the logs that follow it after restores. */
export function originOf(storeId: string, log: number): string {
  return log === 1 ? `tidelock/${storeId}` : `tidelock/${storeId}/${log}`;
}

export async function readTree(db: Db): Promise<TreeHead> {
  const { rows } = await sql<HeadRow>`
    select t.*, s.store_id from ledger_tree t cross join store s
  `.execute(db);
  return headOf(rows[0]);
}

/**
 * The head, held until the transaction ends: this is what makes the sequencer one. Undefined when another
 * one holds it and `wait` is false. Frozen inside the transaction, its connection is cut after three seconds.
 */
export async function holdTree(tx: Tx, wait: boolean): Promise<TreeHead | undefined> {
  await sql`select set_config('idle_in_transaction_session_timeout', '3000', true)`.execute(tx);
  const { rows } = wait
    ? await sql<HeadRow>`
        select t.*, s.store_id from ledger_tree t cross join store s for update of t
      `.execute(tx)
    : await sql<HeadRow>`
        select t.*, s.store_id from ledger_tree t cross join store s for update of t skip locked
      `.execute(tx);
  return rows[0] && headOf(rows[0]);
}

function headOf(row: HeadRow | undefined): TreeHead {
  if (!row) throw new Error("the store has no tree");
  const frontier: Buffer[] = [];
  for (let at = 0; at < row.frontier.length; at += 32) {
    frontier.push(row.frontier.subarray(at, at + 32));
  }
  return {
    log: row.log,
    origin: originOf(row.store_id, row.log),
    size: Number(row.size),
    root: row.root,
    frontier,
    lastTime: row.last_time?.getTime() ?? null,
    behind: row.behind,
  };
}

/** A committed entry that has no place yet. */
export interface Unsequenced {
  readonly entry: string;
  /** Its row of the queue, while the tree is held. */
  readonly queued: string;
  readonly operation: string;
  readonly kind: string;
  readonly stream: string;
  readonly actor: string;
  readonly commitment: Buffer;
  readonly at: Date;
}

/** In the order in which they were written, whatever their numbers: the queue is emptied, not followed. */
export async function unsequenced(db: Db, limit: number): Promise<readonly Unsequenced[]> {
  const { rows } = await sql<Unsequenced>`
    select e.entry, q.queued, e.operation, e.kind, e.stream, e.actor, e.commitment, e.at
    from (select entry, ctid as queued from ledger_queue order by entry limit ${limit}) q
    join ledger_entries e on e.entry = q.entry
    order by e.entry
  `.execute(db);
  return rows;
}

/** How many wait for their place, and for how long the first of them has, in milliseconds. */
export async function backlog(db: Db): Promise<{ readonly waiting: number; readonly ms: number }> {
  const { rows } = await sql<{ waiting: string; ms: number | null }>`
    select count(*) as waiting,
      (extract(epoch from clock_timestamp() - min(e.at)) * 1000)::float8 as ms
    from (select entry from ledger_queue order by entry limit 10000) q
    join ledger_entries e on e.entry = q.entry
  `.execute(db);
  return { waiting: Number(rows[0]?.waiting ?? 0), ms: Math.max(0, rows[0]?.ms ?? 0) };
}

export interface StreamHead {
  readonly sequence: number;
  readonly hash: Buffer;
}

/** The last leaf of each of these streams. */
export async function streamHeads(
  db: Db,
  streams: readonly string[],
): Promise<Map<string, StreamHead>> {
  const { rows } = await sql<{ stream: string; sequence: string; hash: Buffer }>`
    select s.stream, l.sequence, l.hash from unnest(${streams}::text[]) as s (stream)
    cross join lateral (
      select sequence, hash from ledger_leaves where stream = s.stream
      order by sequence desc limit 1
    ) l
  `.execute(db);
  return new Map(
    rows.map(({ stream, sequence, hash }) => [stream, { sequence: Number(sequence), hash }]),
  );
}

export interface NewLeaf {
  readonly index: number;
  readonly entry: string;
  readonly stream: string;
  readonly sequence: number;
  readonly previous: Uint8Array | null;
  /** Milliseconds. */
  readonly time: number;
  readonly hash: Uint8Array;
}

export interface NewNode {
  readonly level: number;
  readonly index: number;
  readonly hash: Uint8Array;
}

/** Leaves, nodes and head together; the entries leave the queue. */
export async function growTree(
  tx: Db,
  grown: {
    readonly leaves: readonly NewLeaf[];
    readonly nodes: readonly NewNode[];
    /** Rows of the queue that are done. */
    readonly queued: readonly string[];
    readonly size: number;
    readonly root: Uint8Array;
    readonly frontier: readonly Uint8Array[];
    readonly lastTime: number;
  },
): Promise<void> {
  const { leaves, nodes } = grown;
  const column = <K extends keyof NewLeaf>(key: K) => leaves.map((leaf) => leaf[key]);
  const entries = column("entry");
  await sql`
    insert into ledger_leaves (index, entry, stream, sequence, previous, time, hash)
    select * from unnest(
      ${column("index")}::bigint[], ${entries}::bigint[], ${column("stream")}::text[],
      ${column("sequence")}::bigint[], ${column("previous").map(bytes)}::bytea[],
      ${column("time").map((ms) => new Date(ms).toISOString())}::timestamptz[],
      ${column("hash").map(bytes)}::bytea[]
    )
  `.execute(tx);
  if (nodes.length > 0) {
    await sql`
      insert into ledger_nodes (level, index, hash)
      select * from unnest(
        ${nodes.map(({ level }) => level)}::smallint[], ${nodes.map(({ index }) => index)}::bigint[],
        ${nodes.map(({ hash }) => bytes(hash))}::bytea[]
      )
    `.execute(tx);
  }
  await sql`delete from ledger_queue where ctid = any(${grown.queued}::tid[])`.execute(tx);
  await tx
    .updateTable("ledger_tree")
    .set({
      size: grown.size,
      root: Buffer.from(grown.root),
      frontier: Buffer.concat(grown.frontier),
      last_time: new Date(grown.lastTime),
    })
    .execute();
}

/** The driver writes Buffers as bytea, and other byte arrays as JSON. */
function bytes(value: Uint8Array | null): Buffer | null {
  return value === null ? null : Buffer.from(value.buffer, value.byteOffset, value.byteLength);
}
