import { sql } from "kysely";
import type { Database } from "../../../src/store/database.ts";
import type { Schema } from "../../../src/store/schema.ts";

/** Milliseconds, over every entry that was appended since `from` (the database's clock). */
export interface Delays {
  readonly entries: number;
  readonly median: number;
  readonly p99: number;
  readonly max: number;
}

/** From an entry's being written to the first stored checkpoint that covers it. */
export async function checkpointDelays(
  { db }: Database<Schema>,
  from: Date,
  to: Date,
): Promise<Delays> {
  const { rows } = await sql<Delays>`
    with delay as (
      select extract(epoch from (
        select c.at from ledger_checkpoints c where c.size > l.index order by c.size limit 1
      ) - e.at) * 1000 as ms
      from ledger_entries e join ledger_leaves l on l.entry = e.entry
      where e.at >= ${from} and e.at < ${to}
    )
    select count(*)::int as entries, coalesce(max(ms), 0)::float8 as max,
      coalesce(percentile_cont(0.5) within group (order by ms), 0)::float8 as median,
      coalesce(percentile_cont(0.99) within group (order by ms), 0)::float8 as p99
    from delay
  `.execute(db);
  if (!rows[0]) throw new Error("no row of an aggregate");
  return rows[0];
}

export async function databaseTime({ db }: Database<Schema>): Promise<Date> {
  const { rows } = await sql<{ now: Date }>`select clock_timestamp() as now`.execute(db);
  if (!rows[0]) throw new Error("no time");
  return rows[0].now;
}

/** What an entry takes in the database, indexes and all, and what its leaf alone does. */
export async function entrySizes({ db }: Database<Schema>): Promise<{ stored: number }> {
  const { rows } = await sql<{ stored: number }>`
    select (
      pg_total_relation_size('ledger_entries') + pg_total_relation_size('ledger_leaves')
      + pg_total_relation_size('ledger_nodes')
    )::float8 / greatest((select count(*) from ledger_leaves), 1) as stored
  `.execute(db);
  return { stored: rows[0]?.stored ?? Number.NaN };
}
