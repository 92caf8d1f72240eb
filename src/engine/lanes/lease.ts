import { TidelockError } from "../../model/errors.ts";
import { type Fence, type Lane, laneKey } from "../../model/primitives.ts";
import { holdLane, releaseLane, takeLane, type TakenLane } from "../../store/queries/lanes.ts";
import type { Db, LaneRow } from "../../store/schema.ts";
import type { Engine } from "../engine.ts";

/**
 * The right to act on one lane (fencing).
 *
 *   free --take--> held(epoch n) --release or expiry--> free --take--> held(epoch n+1)
 *                       \----------- seize ------------------------------/
 *
 * The epoch is raised in the transaction that takes the lease and judged by the database's clock. Check-
 * then-act is not fencing: the agent keeps the highest epoch it has seen and refuses lower ones, and
 * every change of our own rows stands behind `withLease` in its transaction.
 */
export interface Lease {
  readonly lane: Lane;
  readonly fence: Fence;
  readonly holder: string;
}

let taken = 0;

/** Undefined when somebody else holds the lane. */
export async function takeLease(engine: Engine, lane: Lane): Promise<Lease | undefined> {
  return (await take(engine, engine.db, lane, false))?.lease;
}

/** Takes the lane whoever holds it: a return of traffic never waits for another worker's lease. */
export async function seizeLease(
  engine: Engine,
  tx: Db,
  lane: Lane,
): Promise<{ lease: Lease; row: LaneRow }> {
  const seized = await take(engine, tx, lane, true);
  if (seized) return seized;
  throw new TidelockError("not-found", `nothing was ever promoted to ${laneKey(lane)}`, {
    fault: "operator",
    where: laneKey(lane),
  });
}

async function take(
  engine: Engine,
  tx: Db,
  lane: Lane,
  seize: boolean,
): Promise<{ lease: Lease; row: TakenLane } | undefined> {
  taken += 1;
  const holder = `${engine.worker}/${taken}`;
  const row = await takeLane(tx, lane, { holder, leaseMs: engine.settings.leaseMs, seize });
  if (!row) return undefined;
  const fence = { lane: laneKey(lane), incarnation: row.incarnation, epoch: row.epoch };
  return { lease: { lane, fence, holder }, row };
}

/**
 * Runs `work` in a transaction in which the lane is ours, and prolongs the lease.
 * Throws `stale-epoch`, with nothing written, when it is not any more.
 */
export async function withLease<T>(
  engine: Engine,
  lease: Lease,
  work: (tx: Db, lane: LaneRow) => Promise<T>,
): Promise<T> {
  const result = await engine.db.transaction().execute(async (tx) => {
    const row = await holdLane(tx, lease.lane, {
      holder: lease.holder,
      epoch: lease.fence.epoch,
      leaseMs: engine.settings.leaseMs,
    });
    if (!row) throw leaseLost(lease);
    return work(tx, row);
  });
  engine.signals.emit("change");
  return result;
}

export async function releaseLease(engine: Engine, lease: Lease): Promise<void> {
  await releaseLane(engine.db, lease.lane, { holder: lease.holder, epoch: lease.fence.epoch });
}

function leaseLost(lease: Lease): TidelockError {
  return new TidelockError(
    "stale-epoch",
    `another worker has taken ${lease.fence.lane} since epoch ${lease.fence.epoch}`,
    { where: lease.fence.lane },
  );
}
