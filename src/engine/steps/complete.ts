import { windowAside } from "../../policy/break-glass.ts";
import { glassOfPromotion } from "../../store/queries/break-glass.ts";
import type { Db } from "../../store/schema.ts";
import { laneKey } from "../../model/primitives.ts";
import { retireIn, verifyLive } from "../../store/queries/live.ts";
import type { RouteObservation } from "../../ports/host-agent.ts";
import { describeRoute, isSilent, sendsTo } from "../slots/route-spec.ts";
import { failed, type StepContext, type StepDefinition, type StepResult } from "./step.ts";

/** A router that was killed is back within a second; that is no reason to take a good release back. */
const patienceMs = 5_000;

/**
 * Provisional becomes complete: the release is the last good one by evidence (S4-44), the armed return is
 * taken back, and the old colour stays for the rollback window. What a rollback left stays only as long
 * as its requests may take: it is nothing to go back to.
 */
export const complete: StepDefinition<"complete"> = {
  kind: "complete",
  async run(context, step) {
    const { engine, plan, router, effects } = context;
    const lane = laneKey(plan.lane);
    if (router) {
      const silent = waitForRouter(context, await router.read(lane));
      if (silent) return silent;
      await effects.perform(
        { name: "disarm-return", operation: context.operation("disarm-return"), detail: { lane } },
        (effect) => engine.agent.call("return.disarm", { ...effect, lane }),
      );
      // The agent may have returned the traffic a moment before: from here on it does not.
      const observed = await router.read(lane);
      if (!sendsTo(observed, step.colour)) {
        const away = waitForRouter(context, observed);
        if (away) return away;
        return failed(`at the very end the router says ${describeRoute(observed)}`);
      }
    }
    const windowMs = plan.kind === "rollback" ? plan.drainMs : plan.rollbackWindowMs;
    return {
      kind: "done",
      message: `${context.release.version} is live on ${step.colour}`,
      record: async (tx, row) => {
        // A return passes with stale evidence, and does not make new: what it was before, it stays.
        // Nor does what people set aside: it is live, and nothing leans on it.
        const proven =
          plan.kind === "promotion" && !(await wentWithoutEvidence(tx, context.promotion.id));
        if (proven) await verifyLive(tx, plan.lane);
        if (row.old_colour) await retireIn(tx, plan.lane, windowMs);
      },
    };
  },
};

/** By a broken glass that set aside more than the time. */
async function wentWithoutEvidence(tx: Db, promotion: string): Promise<boolean> {
  const glass = await glassOfPromotion(tx, promotion);
  return glass?.basis.asides.some(({ of }) => of !== windowAside) ?? false;
}

/** A router that does not answer sends nobody anywhere else: it is waited for, within reason. */
function waitForRouter(context: StepContext, observed: RouteObservation): StepResult | null {
  const since = context.step.started_at ?? context.now;
  const until = new Date(since.getTime() + patienceMs);
  if (!isSilent(observed) || context.now >= until) return null;
  return {
    kind: "wait",
    reason: "the router does not answer: it is being started again",
    who: "the host agent",
    until,
    againMs: context.engine.settings.pollMs,
  };
}
