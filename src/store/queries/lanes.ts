import { sql } from "kysely";
import type { Lane } from "../../model/primitives.ts";
import { lanesProjection } from "../projections/lanes.ts";
import { recordRows } from "../projections/projection.ts";
import type { Db, LaneRow } from "../schema.ts";

/** Makes the lane's row when there is none; brings a removed one back. */
export async function ensureLane(tx: Db, lane: Lane): Promise<void> {
  const made = await tx
    .insertInto("lanes")
    .values({ service: lane.service, environment: lane.environment, changes: 1 })
    .onConflict((conflict) =>
      conflict
        .columns(["service", "environment"])
        .doUpdateSet({ removed_at: null, changes: sql<number>`lanes.changes + 1` })
        .where("lanes.removed_at", "is not", null),
    )
    .returningAll()
    .execute();
  await recordRows(tx, lanesProjection, made);
}

export async function readLane(db: Db, lane: Lane): Promise<LaneRow | undefined> {
  return db
    .selectFrom("lanes")
    .selectAll()
    .where("service", "=", lane.service)
    .where("environment", "=", lane.environment)
    .executeTakeFirst();
}

/** The lane's row and the database's clock at that moment. */
export async function readLaneNow(
  db: Db,
  lane: Lane,
): Promise<(LaneRow & { readonly now: Date }) | undefined> {
  const { rows } = await sql<LaneRow & { now: Date }>`
    select *, clock_timestamp() as now from lanes
    where service = ${lane.service} and environment = ${lane.environment}
  `.execute(db);
  return rows[0];
}

export async function lanesOf(db: Db, service?: string): Promise<readonly LaneRow[]> {
  let query = db.selectFrom("lanes").selectAll().where("removed_at", "is", null);
  if (service !== undefined) query = query.where("service", "=", service);
  return query.orderBy("service").orderBy("environment").execute();
}

/**
 * From here on this transaction holds the lane's row. A worker that is frozen now loses the connection,
 * and with it the lock, before a rollback would notice (statements in milliseconds, limit in seconds).
 */
const shortTransaction = sql`set_config('idle_in_transaction_session_timeout', '3000', true) as limited`;

/**
 * Keeps every holder of the lease from writing to the lane for the rest of this transaction, and waits for one that
 * does: whose entry stands first in the log is whose transaction comes first.
 */
export async function lockLane(tx: Db, { service, environment }: Lane): Promise<void> {
  await sql`
    select 1 from lanes where service = ${service} and environment = ${environment}
    for no key update
  `.execute(tx);
}

/** A lane's row as its new holder got it. */
export type TakenLane = LaneRow & { readonly incarnation: number };

/**
 * Takes the lease by raising the epoch, if nobody holds it by the database's clock. With `seize` it takes
 * it from whoever does: a return of traffic waits for nobody. Undefined: held by another, or no such lane.
 */
export async function takeLane(
  tx: Db,
  lane: Lane,
  options: { holder: string; leaseMs: number; seize: boolean },
): Promise<TakenLane | undefined> {
  const { rows } = await sql<TakenLane>`
    update lanes set
      epoch = epoch + 1,
      lease_holder = ${options.holder},
      lease_expires = clock_timestamp() + ${options.leaseMs} * interval '1 millisecond'
    where service = ${lane.service} and environment = ${lane.environment}
      and (${options.seize} or lease_holder is null or lease_expires <= clock_timestamp())
    returning *, (select incarnation from store) as incarnation, ${shortTransaction}
  `.execute(tx);
  return rows[0];
}

/**
 * Holds the lane for the rest of the transaction and prolongs the lease; undefined when somebody else has
 * taken it since. Every statement that changes the state of a lane stands behind this one.
 */
export async function holdLane(
  tx: Db,
  lane: Lane,
  options: { holder: string; epoch: number; leaseMs: number },
): Promise<LaneRow | undefined> {
  const { rows } = await sql<LaneRow>`
    update lanes set lease_expires = clock_timestamp() + ${options.leaseMs} * interval '1 millisecond'
    where service = ${lane.service} and environment = ${lane.environment}
      and epoch = ${options.epoch} and lease_holder = ${options.holder}
    returning *, ${shortTransaction}
  `.execute(tx);
  return rows[0];
}

/** Gives the lease back early, if it is still ours. */
export async function releaseLane(
  tx: Db,
  lane: Lane,
  options: { holder: string; epoch: number },
): Promise<void> {
  await tx
    .updateTable("lanes")
    .set({ lease_holder: null, lease_expires: null })
    .where("service", "=", lane.service)
    .where("environment", "=", lane.environment)
    .where("epoch", "=", options.epoch)
    .where("lease_holder", "=", options.holder)
    .execute();
}

/**
 * Lanes with something to do and nobody doing it: the question of the sweep, and of a wake-up for one
 * lane. A promotion that waits is due when its `wake_at` has come.
 */
export async function dueLanes(db: Db, only?: Lane): Promise<readonly Lane[]> {
  const { rows } = await sql<Lane>`
    select l.service, l.environment from lanes l
    where l.removed_at is null
      and (l.lease_holder is null or l.lease_expires <= clock_timestamp())
      and (${only === undefined} or (l.service = ${only?.service ?? ""} and l.environment = ${only?.environment ?? ""}))
      and (
        l.retire_at <= clock_timestamp()
        or exists (
          select from promotions p
          where p.service = l.service and p.environment = l.environment and p.state = 'running'
            and (p.wake_at is null or p.wake_at <= clock_timestamp())
        )
        or (
          exists (
            select from promotions p
            where p.service = l.service and p.environment = l.environment and p.state = 'queued'
          )
          and not exists (
            select from promotions p
            where p.service = l.service and p.environment = l.environment and p.state = 'running'
          )
        )
      )
    order by l.service, l.environment
  `.execute(db);
  return rows;
}
