import type { Lane } from "../../model/primitives.ts";
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

/** Newest first. */
export async function listSignals(
  db: Db,
  { service, environment }: Lane,
  filter: { readonly release?: string | undefined; readonly since?: Date; readonly limit: number },
): Promise<readonly SignalRow[]> {
  let query = db
    .selectFrom("runtime_signals")
    .selectAll()
    .where("service", "=", service)
    .where("environment", "=", environment);
  if (filter.release !== undefined) query = query.where("release", "=", filter.release);
  if (filter.since !== undefined) query = query.where("at", ">=", filter.since as never);
  return query.orderBy("at", "desc").limit(filter.limit).execute();
}
