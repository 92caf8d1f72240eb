import type { Db } from "../../store/schema.ts";
import { openIntents } from "../../store/queries/intents.ts";
import { pendingRescans } from "../../store/queries/rescans.ts";
import { letsThrough } from "../../model/decision.ts";
import { approvalsRule } from "../../policy/approvals.ts";
import { decisionAtGate } from "../decisions/evidence.ts";
import { groundsOfAdmission, ledgerSays } from "../ledger/grounds.ts";
import { admission } from "./admit.ts";
import { resultOf } from "./gate.ts";
import type { StepContext, StepResult } from "./step.ts";

/** Whether traffic may still move: what speaks against it, or what has to be so in the transaction that begins it. */
export type StillAllowed =
  | { readonly no: StepResult }
  | { readonly no: null; readonly lastLook: (tx: Db) => Promise<void> };

/** Between the last decision and the first intent what it leaned on became another thing: nothing has begun. */
export class ChangedMeanwhile extends Error {}

/**
 * Between the gate and the moment that users notice lie minutes, and where something had to be waited for, days: so the
 * gate is asked once more right before. What it says now counts: a window that has closed waits, evidence that has
 * expired or was contradicted denies. Reports and accepted risks are looked at even later, in the transaction of the
 * first intent: a waiver that ends ends at that moment. What has begun is finished, and not waited in the middle of.
 */
export async function stillAllowed(context: StepContext): Promise<StillAllowed> {
  const { engine, plan, promotion } = context;
  const goOn: StillAllowed = { no: null, lastLook: async () => {} };
  if (plan.kind === "rollback") return goOn;
  if (await hasBegun(engine.db, promotion.id, ["switch", "arm-return", "stop-old"])) return goOn;
  // With `recreate` users have nothing meanwhile: what is stale denies, and the old release comes back.
  const again = plan.strategy === "recreate" ? [] : await pendingRescans(engine.db, promotion.id);
  if (again.length > 0) {
    const reason = `what ${again.join(", ")} said is not taken for granted any more: it is being run again`;
    return {
      no: {
        kind: "wait",
        reason,
        who: "nobody: its answer ends it",
        until: null,
        againMs: engine.settings.pollMs * 5,
      },
    };
  }
  const { decided, holds } = await decisionAtGate(context, { ask: true });
  if (!letsThrough(decided.decision.outcome)) {
    const no = resultOf(context, decided);
    return { no: no.kind === "wait" ? { ...no, holds } : no };
  }
  return {
    no: null,
    lastLook: async (tx) => {
      if (!(await holds(tx))) throw new ChangedMeanwhile("what the gate leaned on has changed");
    },
  };
}

/** Instead of a step that was overtaken by a change: it looks again at once. */
export function lookAgain(error: unknown): StepResult {
  if (!(error instanceof ChangedMeanwhile)) throw error;
  return {
    kind: "wait",
    reason: `${error.message}: it is asked again`,
    who: "nobody: it is looked at again at once",
    until: null,
    againMs: 1,
  };
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
  const decided = await admission(engine, plan, release, now, { ledger, promotion: promotion.id });
  if (!letsThrough(decided.decision.outcome)) return resultOf(context, decided);
  return plan.live === null ? null : whyNotApproved(context);
}

/** People are asked before users lose the old release: at the gate, which comes later, nobody is waited for. */
async function whyNotApproved(context: StepContext): Promise<StepResult | null> {
  if (context.plan.approvals === undefined) return null;
  const { decided, holds } = await decisionAtGate(context, { ask: true, beforeStop: true });
  const reasons = decided.decision.reasons.filter(
    ({ rule, outcome }) => rule === approvalsRule && !letsThrough(outcome),
  );
  const [worst] = reasons;
  if (worst === undefined) return null;
  const { outcome } = worst;
  const result = resultOf(context, {
    ...decided,
    decision: { ...decided.decision, outcome, reasons },
  });
  // The whole decision is made at the gate: what stands here is not all that it would say.
  return result.kind === "wait"
    ? { ...result, holds }
    : { kind: "failed", message: `denied: ${worst.message}` };
}

/**
 * The same once more before the new release starts: between stop and start the server may have been gone for hours, and
 * where nothing routes a process that starts is one that users meet. What would be a wait denies, so that the release
 * before comes back.
 */
export async function whyNotStarted(context: StepContext): Promise<StepResult | null> {
  const { engine, plan, promotion, release, now } = context;
  if (plan.kind === "rollback" || plan.strategy !== "recreate" || plan.live === null) return null;
  if (await hasBegun(engine.db, promotion.id, ["deploy"])) return null;
  const ledger = () => ledgerSays(engine, plan, () => groundsOfAdmission(context));
  const decided = await admission(engine, plan, release, now, { ledger, promotion: promotion.id });
  if (letsThrough(decided.decision.outcome)) return null;
  const against = decided.decision.reasons.filter(({ outcome }) => !letsThrough(outcome));
  const message = against.map((reason) => reason.message).join("; ");
  return {
    kind: "failed",
    message: `not started, and the release before it comes back: ${message}`,
    decided,
  };
}

async function hasBegun(db: Db, promotion: string, names: readonly string[]): Promise<boolean> {
  return (await openIntents(db, promotion, names)).length > 0;
}
