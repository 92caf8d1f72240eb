import { createHash } from "node:crypto";
import { sql } from "kysely";
import { canonicalJson } from "../../model/canonical.ts";
import type { Db } from "../schema.ts";
import { pseudonymOf } from "./ledger.ts";

/** Calls that changed something and calls that were refused: append-only, runs of them digested in the ledger. */

export interface NewAccess {
  /** Null where nobody was authenticated. */
  readonly actor: string | null;
  readonly action: string;
  readonly target: string;
  readonly outcome: string;
}

export interface AccessRow {
  readonly id: string;
  readonly at: Date;
  readonly actor: string;
  readonly action: string;
  readonly target: string;
  readonly outcome: string;
  readonly run: string | null;
}

export async function insertAccess(db: Db, { actor, ...event }: NewAccess): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const pseudonym = actor === null ? "unknown" : await pseudonymOf(tx, actor);
    await tx
      .insertInto("access_events")
      .values({ ...event, actor: pseudonym })
      .execute();
  });
}

export interface AccessRun {
  readonly run: number;
  readonly from: number;
  readonly to: number;
  readonly count: number;
  readonly digest: string;
}

/** Puts all open rows into a run of their own; the caller writes its digest into the ledger. Null: none was open. */
export async function closeRun(tx: Db): Promise<AccessRun | null> {
  // One run at a time: the next one begins behind it.
  await sql`select pg_advisory_xact_lock(7468005)`.execute(tx);
  const { rows } = await sql<AccessRow>`
    select * from access_events where run is null order by id limit 10000
  `.execute(tx);
  const [first, last] = [rows[0], rows.at(-1)];
  if (!first || !last) return null;
  const { rows: before } = await sql<{ run: string | null }>`
    select max(run) as run from access_events
  `.execute(tx);
  const run = Number(before[0]?.run ?? 0) + 1;
  const ids = rows.map(({ id }) => id);
  await sql`update access_events set run = ${run} where id = any(${ids}::bigint[])`.execute(tx);
  const range = { from: Number(first.id), to: Number(last.id), count: rows.length };
  return { run, ...range, digest: digestOfRun(rows) };
}

/** SHA-256 over one line of canonical JSON an event, in the order of ids. */
export function digestOfRun(rows: readonly AccessRow[]): string {
  const hash = createHash("sha256");
  for (const { id, at, actor, action, target, outcome } of rows) {
    const event = { id: Number(id), at: at.toISOString(), actor, action, target, outcome };
    hash.update(`${canonicalJson(event)}\n`);
  }
  return `sha256:${hash.digest("hex")}`;
}

export async function rowsOfRun(db: Db, run: number): Promise<readonly AccessRow[]> {
  const { rows } = await sql<AccessRow>`
    select * from access_events where run = ${run} order by id
  `.execute(db);
  return rows;
}

/** Newest first. */
export async function listAccess(db: Db, limit: number): Promise<readonly AccessRow[]> {
  const { rows } = await sql<AccessRow>`
    select * from access_events order by id desc limit ${limit}
  `.execute(db);
  return rows;
}

/** Whole runs that are older than the table's own limit; the ledger keeps their digests. */
export async function dropOldRuns(tx: Db): Promise<void> {
  await sql`
    delete from access_events where run in (
      select run from access_events where run is not null
      group by run having max(at) < clock_timestamp() - interval '91 days' limit 100
    )
  `.execute(tx);
}

/** Runs that the ledger has recorded, young enough to be kept, of which no event is left. */
export async function goneRuns(db: Db): Promise<readonly number[]> {
  const { rows } = await sql<{ run: number }>`
    select (e.payload ->> 'run')::int as run from ledger_entries e
    where e.kind = 'access.recorded' and e.at > clock_timestamp() - interval '89 days'
      and not exists (select from access_events a where a.run = (e.payload ->> 'run')::bigint)
    order by e.entry limit 10
  `.execute(db);
  return rows.map(({ run }) => run);
}
