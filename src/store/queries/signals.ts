import { sql } from "kysely";
import { severities } from "../../model/observation.ts";
import type { Lane } from "../../model/primitives.ts";
import { heartbeat } from "../../model/signal.ts";
import { signalsProjection } from "../projections/signals.ts";
import { recordRows } from "../projections/projection.ts";
import type { SignalRow } from "../schema-signals.ts";
import type { Db, Tx } from "../schema.ts";

/** Row and entry together. Undefined when the source has sent this one before. */
export async function insertSignal(
  tx: Tx,
  signal: Omit<SignalRow, "at">,
): Promise<SignalRow | undefined> {
  const row = await tx
    .insertInto("runtime_signals")
    .values(signal)
    .onConflict((conflict) => conflict.doNothing())
    .returningAll()
    .executeTakeFirst();
  if (row) await recordRows(tx, signalsProjection, [row], { actor: row.added_by });
  return row;
}

export async function readSignal(
  db: Db,
  { service, environment }: Lane,
  source: string,
  signal: string,
): Promise<SignalRow | undefined> {
  return db
    .selectFrom("runtime_signals")
    .selectAll()
    .where("service", "=", service)
    .where("environment", "=", environment)
    .where("source", "=", source)
    .where("signal", "=", signal)
    .executeTakeFirst();
}

/**
 * What a check has to know of a release since a moment: the worst signals first, and then the newest one of each of
 * `sources`, which shows that it is there. So nothing harmless, however much of it, hides a bad one or a source.
 */
export async function signalsSince(
  db: Db,
  { service, environment }: Lane,
  asked: {
    readonly release: string;
    readonly since: Date;
    readonly sources: readonly string[];
    readonly limit: number;
  },
): Promise<readonly SignalRow[]> {
  const { rows } = await sql<SignalRow>`
    with own as (
      select * from runtime_signals
      where service = ${service} and environment = ${environment} and release = ${asked.release}
        and at >= ${asked.since}
    ), worst as (
      select * from own where kind <> ${heartbeat}
      order by array_position(${[...severities]}::text[], severity), at desc limit ${asked.limit}
    ), heard as (
      select distinct on (source) * from own where source = any(${[...asked.sources]})
      order by source, at desc
    )
    select * from worst
    union all
    select * from heard where (source, signal) not in (select source, signal from worst)
  `.execute(db);
  return rows;
}

/** Newest first. */
export async function listSignals(
  db: Db,
  { service, environment }: Lane,
  filter: { readonly release?: string | undefined; readonly limit: number },
): Promise<readonly SignalRow[]> {
  let query = db
    .selectFrom("runtime_signals")
    .selectAll()
    .where("service", "=", service)
    .where("environment", "=", environment);
  if (filter.release !== undefined) query = query.where("release", "=", filter.release);
  return query.orderBy("at", "desc").limit(filter.limit).execute();
}
