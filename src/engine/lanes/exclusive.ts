import type { PlanStep } from "../../model/plan.ts";
import {
  environmentLease,
  lockEnvironment,
  otherTest,
  takeEnvironment,
} from "../../store/queries/environment-leases.ts";
import type { Db } from "../../store/schema.ts";
import type { StepContext, StepResult } from "../steps/step.ts";

/** Steps that would disturb a check which has the environment to itself. Returns and clean-up never wait. */
const disturbing: ReadonlySet<PlanStep["kind"]> = new Set(["check", "deploy", "stop", "switch"]);

/** Why this step waits for another promotion's check, or null. A rollback waits for nobody (law 9). */
export async function waitForEnvironment(
  { engine, plan, promotion }: Pick<StepContext, "engine" | "plan" | "promotion">,
  step: PlanStep,
): Promise<Extract<StepResult, { kind: "wait" }> | null> {
  if (plan.kind === "rollback" || !disturbing.has(step.kind)) return null;
  const held = await environmentLease(engine.db, plan.lane.environment);
  if (!held || held.promotion === promotion.id) return null;
  return {
    kind: "wait",
    reason: `check ${held.check} of ${held.promotion} (${held.service}) has ${plan.lane.environment} to itself`,
    who: "that check",
    until: null,
    againMs: engine.settings.pollMs * 5,
  };
}

/**
 * In the transaction that begins a check: null when it may, else on whom it waits. An exclusive one takes
 * the environment first, and begins when the others have ended.
 */
export async function claimEnvironment(
  tx: Db,
  environment: string,
  run: { readonly promotion: string; readonly check: string; readonly exclusive: boolean },
): Promise<string | null> {
  await lockEnvironment(tx, environment, run.exclusive ? "exclusive" : "shared");
  const held = run.exclusive
    ? await takeEnvironment(tx, environment, run)
    : await environmentLease(tx, environment);
  if (held && held.promotion !== run.promotion) {
    return `check ${held.check} of ${held.promotion} has ${environment} to itself`;
  }
  if (!run.exclusive) return null;
  const other = await otherTest(tx, environment, run.promotion);
  return other ? `check ${other.name} of ${other.promotion} still runs in ${environment}` : null;
}
