import { hasEnded } from "../../model/promotion.ts";
import { TidelockError } from "../../model/errors.ts";
import type { Actor } from "../../ports/control-plane.ts";
import { announce } from "../../store/queries/events.ts";
import { changePromotion, readPromotion } from "../../store/queries/promotions.ts";
import type { Db, PromotionRow } from "../../store/schema.ts";
import type { Engine } from "../engine.ts";
import { finish } from "../lanes/transitions.ts";

/**
 * Abort is a desired state, not a cancellation: it is written down, and the reconciler brings the world to
 * it (traffic first). One that is still queued ends at once.
 *
 * Throws `not-found`, and `conflict` when the promotion has ended.
 */
export async function abort(engine: Engine, actor: Actor, id: string): Promise<PromotionRow> {
  const promotion = await engine.db.transaction().execute(async (tx) => {
    const row = await lockPromotion(tx, id);
    if (hasEnded(row.state)) {
      throw new TidelockError("conflict", `promotion ${id} has ended: it is ${row.state}`, {
        fault: "operator",
        where: id,
        ...(row.state === "complete"
          ? { hint: `take it back: tidelock rollback ${row.environment} --service ${row.service}` }
          : {}),
      });
    }
    await requestAbort(engine, tx, row, actor.id);
    if (row.state === "queued") {
      await finish(engine, tx, row, "aborted", "aborted before it started");
    }
    return lockPromotion(tx, id);
  });
  engine.signals.emit("change");
  engine.signals.emit("lane", promotion);
  return promotion;
}

/** Writes down that a running promotion shall end, and wakes whoever works on it. */
export async function requestAbort(
  engine: Engine,
  tx: Db,
  promotion: PromotionRow,
  by: string,
): Promise<void> {
  if (promotion.desired === "aborted" || promotion.ending) return;
  await changePromotion(tx, promotion.id, { desired: "aborted", desired_by: by, wake_at: null });
  await engine.ledger.append(tx, {
    operation: promotion.id,
    kind: "promotion.abort-wanted",
    stream: `${promotion.service}/${promotion.environment}`,
    actor: by,
    payload: {},
  });
  await announce(tx, {
    kind: "promotion.abort-wanted",
    service: promotion.service,
    environment: promotion.environment,
    promotion: promotion.id,
    message: `${by} wants it aborted`,
  });
  await engine.wake(tx, promotion);
}

async function lockPromotion(tx: Db, id: string): Promise<PromotionRow> {
  const row = await tx
    .selectFrom("promotions")
    .selectAll()
    .where("id", "=", id)
    .forUpdate()
    .executeTakeFirst();
  return row ?? unknownPromotion(id);
}

export async function existingPromotion(db: Db, id: string): Promise<PromotionRow> {
  return (await readPromotion(db, id)) ?? unknownPromotion(id);
}

function unknownPromotion(id: string): never {
  throw new TidelockError("not-found", `there is no promotion ${id}`, {
    fault: "operator",
    where: id,
    hint: "see them: tidelock promotion list",
  });
}
