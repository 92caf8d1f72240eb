import { randomBytes } from "node:crypto";
import type { HoldView } from "../../api/views.ts";
import { TidelockError } from "../../model/errors.ts";
import type { Actor } from "../../ports/control-plane.ts";
import { holdsProjection } from "../../store/projections/erasure.ts";
import { recordRows } from "../../store/projections/projection.ts";
import { activeHolds, endHold, insertHold } from "../../store/queries/erasures.ts";
import type { HoldRow } from "../../store/schema-audit.ts";
import type { Engine } from "../engine.ts";

/** Legal holds: while one stands, nothing that it is about is erased, however old. Each is an entry. */

/** @param stream null: everything */
export async function addHold(
  engine: Engine,
  actor: Actor,
  stream: string | null,
  reason: string,
): Promise<HoldView> {
  const id = `h${randomBytes(5).toString("hex")}`;
  const row = await engine.db.transaction().execute(async (tx) => {
    const added = await insertHold(tx, { id, stream, reason, added_by: actor.id });
    await recordRows(tx, holdsProjection, [added], { actor: actor.id, more: { reason } });
    return added;
  });
  engine.signals.emit("change");
  return holdView(row);
}

/** Throws `not-found` when no such hold stands. */
export async function removeHold(engine: Engine, actor: Actor, id: string): Promise<HoldView> {
  const row = await engine.db.transaction().execute(async (tx) => {
    const ended = await endHold(tx, id, actor.id);
    if (!ended) {
      throw new TidelockError("not-found", `no legal hold ${id} stands`, {
        fault: "operator",
        where: id,
        hint: "`tidelock ledger hold list` shows those that do",
      });
    }
    await recordRows(tx, holdsProjection, [ended], { kind: "hold.removed", actor: actor.id });
    return ended;
  });
  engine.signals.emit("change");
  return holdView(row);
}

export async function holds(engine: Engine): Promise<readonly HoldView[]> {
  return (await activeHolds(engine.db)).map(holdView);
}

function holdView(row: HoldRow): HoldView {
  return {
    id: row.id,
    stream: row.stream,
    reason: row.reason,
    addedAt: row.added_at.toISOString(),
    addedBy: row.added_by,
  };
}
