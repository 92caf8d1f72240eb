import type { Plan } from "../../model/plan.ts";
import type { Db, LaneRow, PromotionRow } from "../../store/schema.ts";
import type { RouteSpec } from "../../ports/host-agent.ts";
import type { Router } from "../../ports/router.ts";
import { slotKey } from "../../model/primitives.ts";
import { openIntents } from "../../store/queries/intents.ts";
import { recordMove } from "../../store/queries/live.ts";
import { attestDeployment } from "../attestations/attest-promotion.ts";
import type { Engine } from "../engine.ts";
import { whyNotAllowed } from "../ledger/allowed.ts";
import { revoke } from "../returns/revoke.ts";
import { describeRoute, routeSpec, sendsTo, weightsTo } from "../slots/route-spec.ts";
import { explainSlot } from "../slots/slot-report.ts";
import { lookAgain, stillAllowed } from "./still-allowed.ts";
import {
  done,
  failed,
  type StepContext,
  type StepDefinition,
  type StepOf,
  type StepResult,
} from "./step.ts";

/**
 * The moment that users notice: arm the return, move the traffic, believe only what the router says.
 * What the plan calls live must still be live, else the plan is void.
 */
export const switchTraffic: StepDefinition<"switch"> = {
  kind: "switch",
  async run(context, step) {
    if (context.lane.live_promotion === context.promotion.id) return done("it has moved already");
    const changed = changedSince(context);
    if (changed) return failed(changed);
    const notAllowed = await whyNotAllowed(context);
    if (notAllowed) return failed(notAllowed);
    const notReady = await whyNotReady(context, step);
    if (notReady) return failed(notReady);
    const still = await stillAllowed(context);
    if (still.no !== null) return still.no;
    try {
      const failure = context.router
        ? await moveTraffic(context, step, { router: context.router, onIntent: still.lastLook })
        : await stopOld(context, step, still.lastLook);
      return failure ? failed(failure) : moved(context, step);
    } catch (error) {
      return lookAgain(error);
    }
  },
};

/** Everything that follows in our rows once the traffic has moved. */
function moved(
  { engine, promotion, plan, router }: StepContext,
  step: StepOf<"switch">,
): StepResult {
  return {
    kind: "done",
    message: step.from ? `traffic goes to ${step.to}` : `${step.to} has its first traffic`,
    record: (tx, lane) =>
      recordSwitch(engine, tx, lane, { promotion, plan, step, routed: router !== null }),
  };
}

/** What is live changes its colour; what a rollback leaves is known to be worse from now on. */
export async function recordSwitch(
  engine: Engine,
  tx: Db,
  lane: LaneRow,
  made: { promotion: PromotionRow; plan: Plan; step: StepOf<"switch">; routed: boolean },
): Promise<void> {
  const { promotion, plan, step } = made;
  if (plan.kind === "rollback" && lane.live_promotion) {
    const why = promotion.reason ? `: ${promotion.reason}` : "";
    await revoke(engine, tx, lane.live_promotion, `rolled back${why}`);
  }
  await recordMove(tx, lane, {
    colour: step.to,
    release: plan.release,
    configuration: plan.configuration,
    configurationVersion: promotion.configuration_version,
    promotion: promotion.id,
    kind: promotion.kind,
    actor: promotion.created_by,
    oldStands: made.routed && plan.strategy === "blue-green",
  });
  await attestDeployment(engine, tx, promotion, lane);
}

/** The plan said what was live when it was made; another answer now makes it void. */
function changedSince({ plan, lane }: StepContext): string | null {
  const same =
    plan.live === null
      ? lane.live_colour === null
      : lane.live_colour === plan.live.colour &&
        lane.live_release === plan.live.release &&
        lane.live_configuration === plan.live.configuration;
  if (same) return null;
  const was = plan.live ? `${plan.live.colour} with ${plan.live.release}` : "nothing";
  const is = lane.live_colour ? `${lane.live_colour} with ${lane.live_release}` : "nothing";
  return `the plan is void: when it was made ${was} was live, now it is ${is}; promote again for a new plan`;
}

async function whyNotReady(context: StepContext, step: StepOf<"switch">): Promise<string | null> {
  const seen = await context.target.observe({ ...context.plan.lane, colour: step.to });
  if (seen.deployed?.release !== context.plan.release) {
    return `${step.to} does not hold the release any more: ${await explainSlot(context, seen)}`;
  }
  if (seen.deployed.bindings !== "live") return `${step.to} does not have its live bindings`;
  return seen.state === "ready"
    ? null
    : `${step.to} is not ready: ${await explainSlot(context, seen)}`;
}

async function moveTraffic(
  context: StepContext,
  step: StepOf<"switch">,
  { router, onIntent }: { readonly router: Router; readonly onIntent: (tx: Db) => Promise<void> },
): Promise<string | null> {
  const { effects, plan } = context;
  const route = routeSpec(plan, context.environment, weightsTo(step.to));
  const operation = context.operation("switch");
  const before = await router.read(route.lane);
  // Where a stop of the service was cut short there may be no route any more, and nothing to return.
  const armed = step.from !== null && plan.kind === "promotion" && before.route !== null;
  // Only who had begun has left it so. After a restore the router may stand there by what nobody remembers:
  // then nothing is armed and no intent is on record, and both are done anew.
  const begun = sendsTo(before, step.to)
    ? await openIntents(context.engine.db, context.promotion.id, ["switch", "arm-return"])
    : [];
  if (begun.includes(operation)) {
    effects.found({ operation });
    const arming = context.operation("arm-return");
    if (begun.includes(arming)) effects.found({ operation: arming });
    return null;
  }
  if (armed && step.from) await armReturn(context, { to: step.from, route, onIntent });
  const detail = { from: step.from, to: step.to, release: plan.release };
  const observed = await effects.perform(
    { name: "switch", operation, detail, ...(armed ? {} : { onIntent }) },
    (effect) => router.set(effect, route),
  );
  return sendsTo(observed, step.to)
    ? null
    : `the router was told to send everything to ${step.to} and says ${describeRoute(observed)}`;
}

/** The longest that a way back stays armed: the watch and a margin for slow machines. */
const armMarginMs = 120_000;
/** How long without a word from any control plane counts as lost. */
const controlLossMs = 15_000;

/** The intent of a shift also authorises its own return (law 1): the agent may do it while we are gone. */
async function armReturn(
  { engine, effects, operation, plan }: StepContext,
  {
    to,
    route,
    onIntent,
  }: {
    readonly to: "blue" | "green";
    readonly route: RouteSpec;
    readonly onIntent: (tx: Db) => Promise<void>;
  },
): Promise<void> {
  const forMs = plan.watch.for + armMarginMs;
  await effects.perform(
    {
      name: "arm-return",
      operation: operation("arm-return"),
      detail: { to, forMs, onControlLoss: plan.onControlLoss, controlLossMs },
      onIntent,
    },
    (effect) =>
      engine.agent.call("return.arm", {
        ...effect,
        lane: route.lane,
        to,
        forMs,
        onControlLoss: plan.onControlLoss,
        controlLossMs,
      }),
  );
}

/** Where nothing routes, the switch is the end of the overlap: the old colour stops working. */
async function stopOld(
  context: StepContext,
  step: StepOf<"switch">,
  onIntent: (tx: Db) => Promise<void>,
): Promise<string | null> {
  if (!step.from) return null;
  const slot = { ...context.plan.lane, colour: step.from };
  const seen = await context.target.observe(slot);
  if (seen.deployed === null && seen.state === "empty") return null;
  await context.effects.perform(
    {
      name: "stop-old",
      operation: context.operation("stop-old"),
      detail: { slot: slotKey(slot) },
      onIntent,
    },
    (effect) => context.target.destroy(effect, slot),
  );
  return null;
}
