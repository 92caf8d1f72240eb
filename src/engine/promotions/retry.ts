import { hasEnded } from "../../model/promotion.ts";
import { TidelockError } from "../../model/errors.ts";
import type { Actor } from "../../ports/control-plane.ts";
import type { PromotionRow } from "../../store/schema.ts";
import { existingPromotion } from "./abort.ts";
import type { Engine } from "../engine.ts";
import { promote } from "./promote.ts";
import { rollback } from "../returns/rollback.ts";

/**
 * Trying again is a new promotion that names the old one: same release, the registered pipeline and the
 * newest configuration of now (a missing key may be why it failed).
 *
 * Throws `conflict` when the old one still runs or has completed.
 */
export async function retry(engine: Engine, actor: Actor, id: string): Promise<PromotionRow> {
  const before = await existingPromotion(engine.db, id);
  if (!hasEnded(before.state) || before.state === "complete") {
    const why = before.state === "complete" ? "has completed" : "has not ended";
    throw new TidelockError("conflict", `promotion ${id} ${why}`, { fault: "operator", where: id });
  }
  const { service, environment, release } = before;
  if (before.kind === "rollback") {
    const reason = before.reason || `again after ${id}`;
    return rollback(engine, actor, { service, environment }, { to: release, reason });
  }
  return promote(engine, actor, { service, environment, release, retryOf: id });
}
