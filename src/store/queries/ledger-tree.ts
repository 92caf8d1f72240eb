import { CompiledQuery, sql } from "kysely";
import { prepared } from "../prepared.ts";
import type { Db, Tx } from "../schema.ts";
import { announce } from "./events.ts";
import { type EntryMarks, isMark, type MarkedEntry } from "./ledger-marks.ts";

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
  /** Of the server that wrote this head. */
  readonly mark: Buffer | null;
}

interface HeadRow {
  readonly log: number;
  readonly store_id: string;
  readonly size: string;
  readonly root: Buffer;
  readonly frontier: Buffer;
  readonly last_time: Date | null;
  readonly behind: string | null;
  readonly mark: Buffer | null;
}

/** `tidelock/<store id>`, and `/2`, `/3`, … for the logs that follow it after restores. */
export function originOf(storeId: string, log: number): string {
  return log === 1 ? `tidelock/${storeId}` : `tidelock/${storeId}/${log}`;
}

// By name: a plan that is kept must not change its columns with a later migration.
const headText = `select t.log, t.size, t.root, t.frontier, t.last_time, t.behind, t.mark, s.store_id
  from ledger_tree t cross join store s`;
const readHead = prepared(headText);

export async function readTree(db: Db): Promise<TreeHead> {
  const { rows } = await db.executeQuery<HeadRow>(CompiledQuery.raw(readHead));
  return headOf(rows[0]);
}

const holdHead = `select held.*,
    set_config('idle_in_transaction_session_timeout', '3000', true) as frozen_after
  from (${headText} for update of t`;
const waitForHead = prepared(`${holdHead}) held`);
const tryHead = prepared(`${holdHead} skip locked) held`);

/**
 * The head, held until the transaction ends: this is what makes the sequencer one. Undefined when another
 * one holds it and `wait` is false. Frozen inside the transaction, its connection is cut after three seconds.
 */
export async function holdTree(tx: Tx, wait: boolean): Promise<TreeHead | undefined> {
  const { rows } = await tx.executeQuery<HeadRow>(CompiledQuery.raw(wait ? waitForHead : tryHead));
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
    mark: row.mark,
  };
}

/** A committed entry that has no place yet. */
export interface Unsequenced extends MarkedEntry {
  readonly entry: string;
  /** Its row of the queue, while the tree is held. */
  readonly queued: string;
  /** It has its place already: somebody has put it into the queue again. */
  readonly placed: boolean;
  /** Of the server that wrote it; anything else was put there by somebody. */
  readonly mark: Buffer | null;
  /** By the database's clock; under no mark, and a number where it is infinite. */
  readonly at: Date | number;
}

/** A row of the queue that belongs to no entry. */
export interface Nothing {
  readonly entry: string;
  readonly queued: string;
  readonly operation: null;
}

const readWaiting = prepared(`
  select q.entry, q.queued, q.mark, e.operation, e.kind, e.stream, e.actor, e.commitment, e.at,
    exists (select from ledger_leaves l where l.entry = q.entry) as placed
  from (select entry, mark, ctid as queued from ledger_queue order by entry limit $1) q
  left join ledger_entries e on e.entry = q.entry
  order by q.entry`);

/** In the order in which they were written, whatever their numbers: the queue is emptied, not followed. */
export async function unsequenced(
  db: Db,
  limit: number,
): Promise<readonly (Unsequenced | Nothing)[]> {
  const query = CompiledQuery.raw(readWaiting, [limit]);
  return (await db.executeQuery<Unsequenced | Nothing>(query)).rows;
}

/**
 * Takes what no server wrote out of the queue, and out of the entries unless it stands in the tree: it is kept
 * beside them, and its operation can be recorded by whoever really does it.
 *
 * @param queued their rows of the queue, for whoever holds the tree; null: all of theirs
 */
export async function setAside(
  tx: Db,
  entries: readonly string[],
  queued: readonly string[] | null,
): Promise<void> {
  await sql`
    insert into ledger_rejected (entry, operation, kind, stream, actor, commitment, salt, payload, at)
    select given.entry, e.operation, e.kind, e.stream, e.actor, e.commitment, e.salt, e.payload, e.at
    from unnest(${entries}::bigint[]) as given (entry)
    left join ledger_entries e on e.entry = given.entry
    on conflict (entry) do nothing
  `.execute(tx);
  await sql`
    delete from ledger_leaves l where entry = any(${entries}::bigint[])
      and index >= (select size from ledger_tree)
  `.execute(tx);
  await sql`
    delete from ledger_entries e where entry = any(${entries}::bigint[])
      and not exists (select from ledger_leaves l where l.entry = e.entry)
  `.execute(tx);
  await (
    queued === null
      ? sql`delete from ledger_queue where entry = any(${entries}::bigint[])`
      : sql`delete from ledger_queue where ctid = any(${queued}::tid[])`
  ).execute(tx);
}

const dropStrays = prepared(`
  delete from ledger_leaves where index >= (select size from ledger_tree) returning index, entry`);

/**
 * Takes out the leaves beyond the end of the tree, while it is held: a server writes none there, and one that stands
 * there keeps out the one that belongs there, or is taken for the last of its stream. Answers what to say of them.
 */
export async function dropStrayLeaves(tx: Tx): Promise<readonly string[]> {
  const { rows } = await tx.executeQuery<{ index: string; entry: string }>(
    CompiledQuery.raw(dropStrays),
  );
  const messages = rows.map(
    ({ index, entry }) =>
      `somebody has put a leaf into the database at ${index}, beyond the end of the ledger's tree, for the entry ${entry}: it was taken out`,
  );
  await announce(tx, ...messages.map((message) => ({ kind: "ledger.rejected", message })));
  return messages;
}

/** How many were set aside, ever, and the last of them. */
export async function rejected(
  db: Db,
): Promise<{ readonly count: number; readonly last: Date | null }> {
  const { rows } = await sql<{ count: string; last: Date | null }>`
    select count(*) as count, max(rejected_at) as last from ledger_rejected
  `.execute(db);
  return { count: Number(rows[0]?.count ?? 0), last: rows[0]?.last ?? null };
}

/** Whether anything waits for its place. Read several times a second, so not counted. */
export async function isWaiting(db: Db): Promise<boolean> {
  const { rows } = await sql<{ waiting: boolean }>`
    select exists (select from ledger_queue) as waiting
  `.execute(db);
  return rows[0]?.waiting === true;
}

/**
 * Frees the places of rows that have left the queue. It has no index, so each look at it reads what lies there,
 * and PostgreSQL's own cleaning comes once a minute at most. Holds nobody up.
 */
export async function sweepQueue(db: Db): Promise<void> {
  await sql`vacuum (truncate off, skip_locked, analyze off) ledger_queue`.execute(db);
}

/** How many wait for their place, and for how long the first of them has, in milliseconds. */
export async function backlog(db: Db): Promise<{ readonly waiting: number; readonly ms: number }> {
  const { rows } = await sql<{ waiting: string; ms: number | null }>`
    select count(*) as waiting,
      (extract(epoch from clock_timestamp() - min(e.at) filter (where isfinite(e.at))) * 1000)::float8 as ms
    from (select entry from ledger_queue order by entry limit 10000) q
    join ledger_entries e on e.entry = q.entry
  `.execute(db);
  return { waiting: Number(rows[0]?.waiting ?? 0), ms: Math.max(0, rows[0]?.ms ?? 0) };
}

export interface StreamHead {
  readonly sequence: number;
  readonly hash: Buffer;
}

const readHeads = prepared(`
  select s.stream, l.sequence, l.hash from unnest($1::text[]) as s (stream)
  cross join lateral (
    select sequence, hash from ledger_leaves where stream = s.stream
    order by sequence desc limit 1
  ) l`);

/** The last leaf of each of these streams. */
export async function streamHeads(
  db: Db,
  streams: readonly string[],
): Promise<Map<string, StreamHead>> {
  const { rows } = await db.executeQuery<{ stream: string; sequence: string; hash: Buffer }>(
    CompiledQuery.raw(readHeads, [streams]),
  );
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

const none = Buffer.alloc(32);

/** Hashes in one piece: as elements of an array they would be written and read as text, one by one. */
const grow = prepared(`
with placed as (
  insert into ledger_leaves (index, entry, stream, sequence, previous, time, hash)
  select $1::bigint + n - 1, entry, stream, sequence,
    case when sequence > 1 then substring($5::bytea from n::int * 32 - 31 for 32) end,
    to_timestamp(0) + ms * interval '1 millisecond',
    substring($7::bytea from n::int * 32 - 31 for 32)
  from unnest($2::bigint[], $3::text[], $4::bigint[], $6::bigint[])
    with ordinality as given (entry, stream, sequence, ms, n)
), closed as (
  insert into ledger_nodes (level, index, hash)
  select level, index, substring($10::bytea from n::int * 32 - 31 for 32)
  from unnest($8::smallint[], $9::bigint[]) with ordinality as given (level, index, n)
), done as (
  delete from ledger_queue where ctid = any($11::tid[])
)
update ledger_tree set size = $12, root = $13, frontier = $14,
  last_time = to_timestamp(0) + $15::bigint * interval '1 millisecond', mark = $16`);

/** Leaves, nodes and head together; the entries leave the queue. */
export async function growTree(
  tx: Db,
  marks: EntryMarks,
  grown: {
    readonly origin: string;
    readonly leaves: readonly NewLeaf[];
    readonly nodes: readonly NewNode[];
    /** Rows of the queue that are done. */
    readonly queued: readonly string[];
    readonly size: number;
    readonly root: Buffer;
    readonly frontier: readonly Buffer[];
    readonly lastTime: number;
  },
): Promise<void> {
  const { leaves, nodes } = grown;
  await tx.executeQuery(
    CompiledQuery.raw(grow, [
      leaves[0]?.index ?? 0,
      numbers(leaves.map(({ entry }) => entry)),
      leaves.map(({ stream }) => stream),
      numbers(leaves.map(({ sequence }) => sequence)),
      Buffer.concat(leaves.map(({ previous }) => previous ?? none)),
      numbers(leaves.map(({ time }) => time)),
      Buffer.concat(leaves.map(({ hash }) => hash)),
      numbers(nodes.map(({ level }) => level)),
      numbers(nodes.map(({ index }) => index)),
      Buffer.concat(nodes.map(({ hash }) => hash)),
      grown.queued,
      grown.size,
      grown.root,
      Buffer.concat(grown.frontier),
      grown.lastTime,
      marks.ofTree(grown),
    ]),
  );
}

/** An array as PostgreSQL reads it. */
const numbers = (values: readonly (number | string)[]): string => `{${values.join(",")}}`;

/** Whether a server of ours wrote this head. An empty tree has nothing to mark. */
export function isOwnTree(marks: EntryMarks, head: TreeHead): boolean {
  return head.size === 0 || isMark(head.mark, marks.ofTree(head));
}

/** The head as it stands is taken for ours from here on: at the upgrade to marks, and after a recovery. */
export async function markTree(tx: Db, marks: EntryMarks): Promise<void> {
  const head = await readTree(tx);
  await tx
    .updateTable("ledger_tree")
    .set({ mark: head.size === 0 ? null : marks.ofTree(head) })
    .execute();
}

/** Marks what a program wrote that knew no marks. Answers how many. */
export async function markQueue(tx: Db, marks: EntryMarks): Promise<number> {
  const waiting = await unsequenced(tx, 1_000_000);
  const own = waiting.filter((row) => row.operation !== null && row.mark === null);
  await sql`
    update ledger_queue q set mark = given.mark
    from unnest(
      ${own.map(({ queued }) => queued)}::tid[],
      ${own.map((row) => (row.operation === null ? null : marks.ofEntry(row)))}::bytea[]
    ) as given (queued, mark)
    where q.ctid = given.queued
  `.execute(tx);
  return own.length;
}
