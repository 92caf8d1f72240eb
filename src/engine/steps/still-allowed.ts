import { openIntents } from "../../store/queries/intents.ts";
import { pendingRescans } from "../../store/queries/rescans.ts";
import { decisionAtGate } from "../evidence.ts";
import { groundsOfAdmission, ledgerSays } from "../ledger/grounds.ts";
import { admission } from "./admit.ts";
import { resultOf } from "./gate.ts";
import type { StepContext, StepResult } from "./step.ts";

/**
 * Between the gate and the moment that users notice lie minutes, and where something had to be waited for, days: so the
 * gate is asked once more right before. What it says now counts: a window that has closed waits, evidence that has
 * expired or was contradicted denies. Null when it may go on; also when it has begun, which is finished and not waited
 * in the middle of.
 */
export async function whyNotAnyMore(context: StepContext): Promise<StepResult | null> {
  const { engine, plan, promotion } = context;
  // With `recreate` the gate comes after the stop, and right before the switch.
  if (plan.kind === "rollback" || plan.strategy === "recreate") return null;
  if (await hasBegun(engine.db, promotion.id, ["switch", "arm-return"])) return null;
  const again = await pendingRescans(engine.db, promotion.id);
  if (again.length > 0) {
    return {
      kind: "wait",
      reason: `what ${again.join(", ")} said is not taken for granted any more: it is being run again`,
      who: "nobody: its answer ends it",
      until: null,
      againMs: engine.settings.pollMs * 5,
    };
  }
  const { decided } = await decisionAtGate(context);
  return decided.decision.outcome === "allow" ? null : resultOf(context, decided);
}

/**
 * With `recreate` users lose the old release before anything of the new one can be tested: what admission asks is
 * asked once more right before that.
 */
export async function whyNotStopped(context: StepContext): Promise<StepResult | null> {
  const { engine, plan, promotion, release, now } = context;
  if (plan.kind === "rollback") return null;
  if (await hasBegun(engine.db, promotion.id, ["close-route", "stop"])) return null;
  const ledger = () => ledgerSays(engine, plan, () => groundsOfAdmission(context));
  const decided = await admission(engine, plan, release, now, { ledger });
  return decided.decision.outcome === "allow" ? null : resultOf(context, decided);
}

async function hasBegun(
  db: StepContext["engine"]["db"],
  promotion: string,
  names: readonly string[],
): Promise<boolean> {
  return (await openIntents(db, promotion, names)).length > 0;
}
