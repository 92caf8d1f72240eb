import { asTidelockError } from "../../model/errors.ts";
import { type Lane, laneKey } from "../../model/primitives.ts";
import { fromWaiverId } from "../../model/waiver.ts";
import type { Plan } from "../../model/plan.ts";
import { hasEnded } from "../../model/promotion.ts";
import { databaseTime } from "../../store/queries/attestations.ts";
import { announce } from "../../store/queries/events.ts";
import { rollbacksTo, unverifyDeployments } from "../../store/queries/live.ts";
import { insertDecision, readPromotion } from "../../store/queries/promotions.ts";
import {
  endWaiver,
  leaningPromotions,
  lockWaiver,
  nextDecision,
  overdueProposals,
  settleWaiver,
  unsettledWaivers,
  waiversInForce,
} from "../../store/queries/waivers.ts";
import type { WaiverRow } from "../../store/schema-waivers.ts";
import type { Db, PromotionRow } from "../../store/schema.ts";
import { attestDecision, knownPlan } from "../attestations/attest-promotion.ts";
import type { Engine } from "../engine.ts";
import { decisionAfter } from "../decisions/evidence.ts";
import { revoke } from "../returns/revoke.ts";
import { giveBack } from "../check-runs/weigh-late-run.ts";
import { holdsNow, waiversInput } from "./held.ts";

/**
 * What was accepted counts again once a waiver ends: on its day, or because it became another thing. Gates and checks
 * know by themselves, at the moment (policy/waivers.ts); this writes it down, says so to everybody, and decides again
 * what leaned on it. All of it is read out of rows, so that nothing is lost with a server, and two servers do it once.
 *
 *   in force --day, worse, moved, exploited, policy--> ended (entry) --what leaned on it decided again--> settled
 *
 * @param now RFC 3339, by the database's clock; without it that of now
 */
export async function expireWaivers(engine: Engine, now?: string): Promise<void> {
  for (const row of await overdueProposals(engine.db)) {
    await end(engine, row, "its day came before two people had signed it");
  }
  const lanes = Map.groupBy(await waiversInForce(engine.db), laneKey);
  for (const [row] of lanes.values()) if (row) await endOver(engine, row, now);
  for (const row of await unsettledWaivers(engine.db)) {
    try {
      await settle(engine, row);
    } catch (error) {
      const { message } = asTidelockError(error);
      engine.notice(`what leaned on ${row.content.waiver} is not decided again yet: ${message}`);
    }
  }
}

/** Those of one lane that can never hold again. */
async function endOver(engine: Engine, lane: Lane, now: string | undefined): Promise<void> {
  const input = await waiversInput(engine.db, lane);
  const at = now ?? (await databaseTime(engine.db));
  for (const waiver of input?.signed ?? []) {
    const held = input && holdsNow(waiver, input, at);
    if (!held || held.holds || !held.void) continue;
    await end(engine, { id: fromWaiverId(waiver.waived.waiver) }, held.why);
  }
}

async function end(engine: Engine, { id }: Pick<WaiverRow, "id">, why: string): Promise<void> {
  const row = await engine.db.transaction().execute(async (tx) => {
    const ended = await endWaiver(tx, id, { state: "ended", why, by: "tidelock" });
    if (ended) await sayEnded(engine, tx, ended);
    return ended;
  });
  await engine.hooks?.reach("waiver:ended");
  if (!row) return;
  engine.signals.emit("change");
  engine.signals.emit("lane", { service: row.service, environment: row.environment });
}

/** In the transaction that ends it: whoever waits in the lane looks again. */
export async function sayEnded(engine: Engine, tx: Db, row: WaiverRow): Promise<void> {
  const { service, environment, content, why } = row;
  const { of, waiver } = content;
  const open =
    of.kind === "finding" ? `${of.finding} is open again` : `the check ${of.check} counts again`;
  await announce(tx, {
    kind: "waiver.ended",
    service,
    environment,
    message: `${waiver} holds no more: ${why}; ${open}`,
  });
  await engine.wake(tx, { service, environment });
}

/** Decides again what leaned on it. A promotion that is still under way is asked when it has ended. */
async function settle(engine: Engine, waiver: WaiverRow): Promise<void> {
  const { service, environment, content } = waiver;
  const leaning = await leaningPromotions(engine.db, { service, environment }, content.waiver);
  let open = false;
  for (const id of leaning) {
    const promotion = await readPromotion(engine.db, id);
    const plan = promotion && knownPlan(promotion);
    if (!promotion || !plan || plan.kind === "rollback") continue;
    if (!hasEnded(promotion.state)) open = true;
    else if (promotion.state === "complete") await decideAgain(engine, waiver, promotion, plan);
  }
  if (!open) await settleWaiver(engine.db, waiver.id);
}

/**
 * The gate once more, without it. Where it denies now, the release is no ground for a later environment; what failed and
 * is accepted no more is known to be worse, and the pipeline says whether traffic goes back for that.
 */
async function decideAgain(
  engine: Engine,
  waiver: WaiverRow,
  promotion: PromotionRow,
  plan: Plan,
): Promise<void> {
  const decided = await decisionAfter(engine, plan, promotion);
  if (decided.decision.outcome !== "deny") return;
  const against = decided.decision.reasons.filter(({ outcome }) => outcome === "deny");
  const worse = against.some(({ rule }) => rule === "check.fail");
  const reason = `${waiver.content.waiver} holds no more (${waiver.why ?? waiver.state}): ${against.map(({ message }) => message).join("; ")}`;
  await engine.db.transaction().execute(async (tx) => {
    const row = await lockWaiver(tx, waiver.id);
    if (!row || row.settled || (await isDecided(tx, promotion.id, reason))) return;
    const place = await nextDecision(tx, promotion.id);
    const attestation = await attestDecision(engine, tx, promotion, place, decided.decision);
    await insertDecision(tx, promotion, place, decided, [attestation]);
    await announce(tx, {
      kind: "waiver.incident",
      service: promotion.service,
      environment: promotion.environment,
      promotion: promotion.id,
      message: `decided again, deny: ${reason}`,
    });
    for (const id of [
      promotion.id,
      ...(await rollbacksTo(tx, plan.lane, plan.release, plan.configuration)),
    ]) {
      if (worse) await revoke(engine, tx, id, reason);
      else await unverifyDeployments(tx, id);
    }
  });
  await engine.hooks?.reach("waiver:decided");
  engine.signals.emit("change");
  // Done twice it does nothing the second time: the first one's server may have died before it.
  if (worse && plan.onLateFailure === "return") await giveBack(engine, promotion, plan, reason);
}

/** By a server that died before it could say that all was done. */
async function isDecided(tx: Db, promotion: string, reason: string): Promise<boolean> {
  const said = await tx
    .selectFrom("events")
    .select("kind")
    .where("kind", "=", "waiver.incident")
    .where("promotion", "=", promotion)
    .where("message", "=", `decided again, deny: ${reason}`)
    .limit(1)
    .executeTakeFirst();
  return said !== undefined;
}
