import type { Colour } from "../../model/primitives.ts";
import { newColour } from "../../strategies/compensation.ts";
import { changePromotion } from "../../store/queries/promotions.ts";
import type { Db, LaneRow, PromotionRow } from "../../store/schema.ts";
import { configurationByDigest } from "../../store/queries/catalogue.ts";
import { recordMove, recordNothingLive } from "../../store/queries/live.ts";
import { revoke } from "../returns/revoke.ts";
import { describeRoute, routeSpec, sendsTo, weightsTo } from "../slots/route-spec.ts";
import type { StepContext, StepResult } from "../steps/step.ts";

/** Users first: give the traffic back to what was live, or to nobody where nothing was. */
export async function returnTraffic(
  context: StepContext,
  from: Colour,
  to: Colour | null,
): Promise<StepResult> {
  const { engine, plan, promotion, router, effects } = context;
  if (router) {
    const route = routeSpec(plan, context.environment, weightsTo(to));
    const operation = context.operation("return-traffic");
    const before = await router.read(route.lane);
    if (!sendsTo(before, to)) {
      const met = to !== null && sendsTo(before, from);
      const observed = await effects.perform(
        {
          name: "return-traffic",
          operation,
          detail: { from, to },
          // Users have met it, whatever our rows knew: that is more than a failure.
          onIntent: (tx) => (met ? endAsRolledBack(tx, promotion) : Promise.resolve()),
        },
        (effect) => router.set(effect, route),
      );
      if (!sendsTo(observed, to)) {
        return {
          kind: "wait",
          reason: `traffic should return to ${to ?? "nobody"}, and the router says ${describeRoute(observed)}`,
          who: "the router",
          until: null,
          againMs: engine.settings.agentAwayMs,
        };
      }
    }
    await effects.perform(
      {
        name: "disarm-return",
        operation: context.operation("disarm-return"),
        detail: { lane: route.lane },
      },
      (effect) => engine.agent.call("return.disarm", { ...effect, lane: route.lane }),
    );
  }
  return {
    kind: "done",
    message: to ? `traffic goes to ${to}` : `nothing is live; the route answers 503`,
    record: (tx, lane) => recordReturn(context, tx, lane),
  };
}

async function endAsRolledBack(tx: Db, promotion: PromotionRow): Promise<void> {
  if (promotion.ending !== "failed") return;
  await changePromotion(tx, promotion.id, { ending: "rolled-back" });
}

/** Our rows after a return; nothing to do where the traffic had never moved. */
async function recordReturn(context: StepContext, tx: Db, lane: LaneRow): Promise<void> {
  const { engine, plan, promotion } = context;
  if (lane.live_promotion !== promotion.id || lane.live_colour !== newColour(plan.live)) return;
  await revoke(engine, tx, promotion.id, promotion.ending_message ?? "it was returned");
  await recordLiveAgain(tx, lane, {
    live: plan.live,
    promotion: promotion.id,
    actor: "tidelock",
  });
}

/** What was live before the promotion is live again: also after the agent returned the traffic itself. */
export async function recordLiveAgain(
  tx: Db,
  lane: LaneRow,
  back: { live: StepContext["plan"]["live"]; promotion: string; actor: string },
): Promise<void> {
  if (!back.live) {
    await recordNothingLive(tx, lane);
    return;
  }
  const configuration = await configurationByDigest(tx, lane, back.live.configuration);
  await recordMove(tx, lane, {
    colour: back.live.colour,
    release: back.live.release,
    configuration: back.live.configuration,
    configurationVersion: configuration?.version ?? 0,
    promotion: back.promotion,
    kind: "rollback",
    actor: back.actor,
    oldStands: false,
  });
}
