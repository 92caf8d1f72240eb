import { sql } from "kysely";
import type { TidelockError } from "../../model/errors.ts";
import type { Actor } from "../../ports/control-plane.ts";
import { announce } from "../../store/queries/events.ts";
import { runningPromotion } from "../../store/queries/promotions.ts";
import { storeProjection } from "../../store/projections/trust.ts";
import type { Engine } from "../engine.ts";
import { type Lease, withLease } from "./lease.ts";
import { wait } from "./transitions.ts";

/**
 * A store has an incarnation, and fences compare as (incarnation, epoch). A database that was restored
 * from a backup has lower epochs than the agents remember: they refuse it, and that is how it is noticed.
 * Only a person can say that the restored database is the truth from now on: `declareRestored`.
 */
export async function recordFenceProblem(
  engine: Engine,
  lease: Lease,
  error: TidelockError,
): Promise<void> {
  const problem = `the host agent has seen a newer server than this database knows: ${error.message}. Was the database restored from a backup?`;
  const who = "an operator: `tidelock ledger recover` declares this database the truth";
  // An agent's epochs are a record outside of the database, like a witness's: nothing is decided from here on.
  await engine.log.declareBehind(problem);
  await withLease(engine, lease, async (tx, lane) => {
    if (lane.fence_problem !== problem) {
      await setProblem(tx, lease, problem);
      await announce(tx, { kind: "lane.refused", ...lease.lane, message: problem });
    }
    const promotion = await runningPromotion(tx, lease.lane);
    if (!promotion) return;
    await wait(tx, promotion, promotion.step_index, {
      reason: problem,
      who,
      until: null,
      againMs: 30_000,
      forPeople: true,
    });
  });
}

export async function clearFenceProblem(engine: Engine, lease: Lease): Promise<void> {
  await engine.db
    .updateTable("lanes")
    .set({ fence_problem: null })
    .where("service", "=", lease.lane.service)
    .where("environment", "=", lease.lane.environment)
    .where("epoch", "=", lease.fence.epoch)
    .where("fence_problem", "is not", null)
    .execute();
}

async function setProblem(tx: Engine["db"], lease: Lease, problem: string): Promise<void> {
  await tx
    .updateTable("lanes")
    .set({ fence_problem: problem })
    .where("service", "=", lease.lane.service)
    .where("environment", "=", lease.lane.environment)
    .execute();
}

/**
 * Declares this database the truth after a restore: raises the incarnation, so that its fences are higher
 * than all that any agent has seen, and wakes what was refused. Every worker must take its lanes anew.
 */
export async function declareRestored(engine: Engine, actor: Actor): Promise<string> {
  const incarnation = await engine.db
    .transaction()
    .execute((tx) => raiseIncarnation(engine, tx, actor));
  engine.signals.emit("change");
  return `this database is the truth from now on (incarnation ${incarnation})`;
}

/** Fences are higher than all that any agent has seen, and every worker must take its lanes anew. */
export async function raiseIncarnation(
  engine: Engine,
  tx: Engine["db"],
  actor: Actor,
): Promise<number> {
  const { rows } = await sql<{ incarnation: number }>`
      update store set incarnation = incarnation + 1, incarnation_since = clock_timestamp()
      returning incarnation
    `.execute(tx);
  const raised = rows[0]?.incarnation ?? 0;
  await tx
    .updateTable("lanes")
    .set({ fence_problem: null, lease_holder: null, lease_expires: null, epoch: sql`epoch + 1` })
    .execute();
  await tx
    .updateTable("promotions")
    .set({ wake_at: null })
    .where("state", "=", "running")
    .execute();
  await engine.ledger.append(tx, {
    operation: `store/incarnation/${raised}`,
    kind: "store.restored",
    stream: "system",
    actor: actor.id,
    payload: { ...storeProjection.columns({ incarnation: raised }) },
  });
  await announce(tx, {
    kind: "store.restored",
    message: `${actor.id} declared this database restored: incarnation ${raised}`,
  });
  return raised;
}
