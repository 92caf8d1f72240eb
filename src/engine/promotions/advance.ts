import { asTidelockError, TidelockError } from "../../model/errors.ts";
import type { Plan, PlanStep } from "../../model/plan.ts";
import type { Compensation } from "../../strategies/compensation.ts";
import { compensationsFor } from "../../strategies/compensation.ts";
import { readPlan } from "../../strategies/plan.ts";
import { readRelease } from "../../store/queries/catalogue.ts";
import { currentStep, wakeService } from "../../store/queries/promotions.ts";
import type { Db, PromotionRow } from "../../store/schema.ts";
import { stopChecks } from "../check-runs/check-runner.ts";
import { runCompensation } from "../compensations/compensation.ts";
import { Effects } from "../lanes/effect.ts";
import type { Engine } from "../engine.ts";
import { waitForEnvironment } from "../lanes/exclusive.ts";
import { type Lease, withLease } from "../lanes/lease.ts";
import type { Seen } from "../lanes/look.ts";
import { planAgain } from "./planned-documents.ts";
import { pause } from "./pause.ts";
import { runStep } from "../steps/registry.ts";
import type { StepContext, StepResult } from "../steps/step.ts";
import {
  beginEnding,
  enterStep,
  finish,
  finishCompensation,
  finishStep,
} from "../lanes/transitions.ts";
import { environmentOf, lostOf, refuse } from "./unplanned.ts";

/** When to look again in milliseconds; `now` for at once. */
export type Again = number | "now";

/** A look at a lane in which a promotion runs. */
type Running = Seen & { readonly promotion: PromotionRow };

/**
 * Moves the running promotion of a lane by one look: observe, act, record.
 *
 * @param fresh this worker comes to the step for the first time
 * @throws TidelockError `stale-epoch` when the lane is not ours any more
 */
export async function advance(
  engine: Engine,
  lease: Lease,
  seen: Running,
  fresh: boolean,
): Promise<Again> {
  const { promotion } = seen;
  let plan: Plan;
  try {
    plan = readPlan(promotion.plan);
  } catch (error) {
    return refuse(engine, lease, promotion, asTidelockError(error));
  }
  if (promotion.ending) return compensate(engine, lease, seen, plan, fresh);
  if (promotion.desired === "aborted") {
    // Who wanted it stands in the row and in its entry, from where a name can be erased.
    return end(engine, lease, seen, plan, { ending: "aborted", message: "aborted on request" });
  }
  if (promotion.deadline && !promotion.paused_since && seen.now > promotion.deadline) {
    const minutes = Math.round(plan.timeoutMs / 60_000);
    const at = promotion.wait_reason ? `; it was waiting: ${promotion.wait_reason}` : "";
    return end(engine, lease, seen, plan, {
      ending: endingOf(plan, promotion),
      message: `not complete within ${minutes} minutes${at}`,
    });
  }
  return forward(engine, lease, seen, plan, fresh);
}

async function forward(
  engine: Engine,
  lease: Lease,
  seen: Running,
  plan: Plan,
  fresh: boolean,
): Promise<Again> {
  const index = seen.promotion.step_index;
  const step = plan.steps[index];
  if (!step) throw new TidelockError("internal", `a plan has no step ${index}`, { fault: "bug" });
  const lost = await lostOf(engine, plan, step);
  const context = lost ?? (await contextFor(engine, lease, seen, plan, index, fresh));
  if (typeof context === "string") {
    const message = `${context}; ${await planAgain(engine.db, seen.promotion)}`;
    return end(engine, lease, seen, plan, { ending: endingOf(plan, seen.promotion), message });
  }
  if (!context) return engine.settings.pollMs;
  await engine.hooks?.reach(`${step.kind}:begin`, index);
  const result =
    (await waitForEnvironment(context, step)) ??
    (await resultOf(engine, () => runStep(context, step)));
  await engine.hooks?.reach(`${step.kind}:before-record`, index);
  const again = await record(context, step, result);
  await engine.hooks?.reach(`${step.kind}:after-record`, index);
  return again;
}

async function record(context: StepContext, step: PlanStep, result: StepResult): Promise<Again> {
  const { engine, lease, promotion, plan, effects } = context;
  const place = { index: context.step.index, title: context.step.title };
  switch (result.kind) {
    case "wait":
      return pause(context, result);
    case "failed":
      return end(engine, lease, context, plan, {
        ending: endingOf(plan, promotion),
        message: result.message,
        effects,
        ...(result.decided ? { decided: result.decided } : {}),
        ...(result.record ? { record: result.record } : {}),
      });
    case "done":
      await withLease(engine, lease, async (tx, lane) => {
        await effects.record(tx);
        if ((await result.holds?.(tx)) === false) return;
        await result.record?.(tx, lane);
        await finishStep(engine, tx, promotion, place, result);
        if (step.kind !== "complete") return;
        await finish(engine, tx, promotion, "complete", result.message);
        await wakeService(tx, promotion.service);
      });
      if (step.kind === "complete") engine.signals.emit("service", promotion.service);
      return "now";
  }
}

/** What a promotion that does not come through ends as: it depends on whether users have met it. */
function endingOf(plan: Plan, promotion: PromotionRow): "failed" | "rolled-back" {
  const moved = plan.steps.findIndex((step) => step.kind === "switch");
  const returned = plan.kind === "promotion" && plan.live !== null;
  return moved >= 0 && promotion.step_index > moved && returned ? "rolled-back" : "failed";
}

async function end(
  engine: Engine,
  lease: Lease,
  seen: Running,
  plan: Plan,
  why: Parameters<typeof beginEnding>[4] & {
    effects?: Effects;
    record?: (tx: Db) => Promise<void>;
  },
): Promise<Again> {
  const { promotion } = seen;
  stopChecks(engine, lease.lane);
  await withLease(engine, lease, async (tx) => {
    await why.effects?.record(tx);
    await why.record?.(tx);
    await beginEnding(engine, tx, promotion, plan, why);
  });
  return "now";
}

async function compensate(
  engine: Engine,
  lease: Lease,
  seen: Running,
  plan: Plan,
  fresh: boolean,
): Promise<Again> {
  const { promotion } = seen;
  const compensation = compensationsFor(plan, promotion.step_index)[promotion.compensation_index];
  if (!compensation) {
    await withLease(engine, lease, (tx) =>
      finish(engine, tx, promotion, promotion.ending ?? "failed", promotion.ending_message ?? ""),
    );
    return "now";
  }
  const index = plan.steps.length + promotion.compensation_index;
  const context = await contextFor(engine, lease, seen, plan, index, fresh);
  if (!context) return engine.settings.pollMs;
  if (typeof context === "string") {
    const hint = `register the environment again: tidelock pipeline apply`;
    throw new TidelockError("not-found", `it cannot be undone: ${context}`, { hint });
  }
  await engine.hooks?.reach(`${compensation.kind}:begin`, index);
  const result = await resultOf(engine, () => runCompensation(context, compensation));
  await engine.hooks?.reach(`${compensation.kind}:before-record`, index);
  const again = await recordCompensation(context, compensation, result);
  await engine.hooks?.reach(`${compensation.kind}:after-record`, index);
  return again;
}

/** A compensation that did not work is tried again until it does. */
const compensationRetryMs = 2_000;

async function recordCompensation(
  context: StepContext,
  compensation: Compensation,
  result: StepResult,
): Promise<Again> {
  if (result.kind === "wait") return pause(context, result);
  if (result.kind === "failed") {
    return pause(context, {
      kind: "wait",
      reason: `${compensation.kind} does not work yet: ${result.message}`,
      who: "an operator, if it stays so; `tidelock doctor` helps",
      until: null,
      againMs: compensationRetryMs,
    });
  }
  const { engine, lease, promotion, effects } = context;
  await withLease(engine, lease, async (tx, lane) => {
    await effects.record(tx);
    await result.record?.(tx, lane);
    await finishCompensation(tx, promotion, context.step, result.message);
  });
  return "now";
}

/** Undefined: what was read is of two moments. A sentence: what it needs is gone. */
async function contextFor(
  engine: Engine,
  lease: Lease,
  seen: Running,
  plan: Plan,
  index: number,
  fresh: boolean,
): Promise<StepContext | string | undefined> {
  const { promotion } = seen;
  if (fresh) await withLease(engine, lease, (tx) => enterStep(tx, promotion.id, index));
  const [release, environment, step] = await Promise.all([
    readRelease(engine.db, plan.release),
    environmentOf(engine.db, plan, promotion),
    fresh ? currentStep(engine.db, lease.lane) : seen.step,
  ]);
  // Rows of one look are read one after the other: a rollback may have ended it in between.
  if (step?.index !== index) return undefined;
  if (!release) return "its release is not here any more";
  if (!environment) return "the Environment document that it was planned under is gone";
  return {
    ...seen,
    engine,
    lease,
    plan,
    release: release.content,
    environment,
    target: engine.targetFor(environment.spec.target),
    router: plan.router === "none" ? null : engine.routerFor(environment.spec.router),
    step,
    effects: new Effects(engine, lease, step.attempts),
    operation: (name) => `${promotion.id}/${index}/${name}`,
  };
}

/** A part that is away is waited for; a lost lane is nobody's failure; everything else is the step's. */
async function resultOf(engine: Engine, run: () => Promise<StepResult>): Promise<StepResult> {
  try {
    return await run();
  } catch (caught) {
    const error = asTidelockError(caught);
    if (error.code === "stale-epoch" || isDatabaseError(caught)) throw caught;
    if (error.code === "unavailable" || error.code === "timeout" || error.retryable) {
      return {
        kind: "wait",
        reason: error.message,
        who: error.hint ? `an operator: ${error.hint}` : "nobody: it is tried again",
        until: null,
        againMs: engine.settings.agentAwayMs,
      };
    }
    const message = error.hint ? `${error.message} (${error.hint})` : error.message;
    return { kind: "failed", message: error.code === "internal" ? `our bug: ${message}` : message };
  }
}

/** The database went away or refused: nothing was recorded, and the same look is taken again later. */
function isDatabaseError(error: unknown): boolean {
  if (error instanceof TidelockError || !(error instanceof Error)) return false;
  const code = (error as { code?: unknown }).code;
  const known = /^([0-9A-Z]{5}|ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT)$/;
  return (typeof code === "string" && known.test(code)) || /connection/i.test(error.message);
}
