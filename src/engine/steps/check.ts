import type { PlanStep } from "../../model/plan.ts";
import { checkRunsOf } from "../../store/queries/evidence.ts";
import type { CheckRunRow } from "../../store/schema.ts";
import { isAccepted, type Subject, startCheck } from "../check-runner.ts";
import { decisionOnChecks } from "../evidence.ts";
import { generationOf } from "./deploy.ts";
import type { StepContext, StepDefinition, StepOf, StepResult } from "./step.ts";

/**
 * Run one check and keep its report. Neighbouring checks of the same subject start together, and the
 * first that does not pass ends the promotion: only a pass passes (law 2).
 */
export const check: StepDefinition<"check"> = {
  kind: "check",
  async run(context, step) {
    const runs = await checkRunsOf(context.engine.db, context.promotion.id);
    const group = neighbours(context.plan.steps, context.step.index);
    for (const { index, step: neighbour } of group) {
      const attempts = runs.filter((run) => run.step === index);
      const verdict = await pursue(context, index, neighbour, attempts);
      if (verdict?.kind === "failed") {
        const decided = await decisionOnChecks(context);
        return { ...verdict, ...(decided === null ? {} : { decided }) };
      }
      if (verdict?.kind === "done" && index === context.step.index) return verdict;
    }
    return {
      kind: "wait",
      reason: `check ${step.check} runs`,
      who: "the check",
      until: null,
      againMs: context.engine.settings.pollMs,
    };
  },
};

/** Starts what has not started; answers only what has ended. */
async function pursue(
  context: StepContext,
  index: number,
  step: StepOf<"check">,
  attempts: readonly CheckRunRow[],
): Promise<Exclude<StepResult, { kind: "wait" }> | null> {
  const demand = context.plan.checks.find((one) => one.name === step.check);
  if (!demand) return { kind: "failed", message: `the plan has no check named ${step.check}` };
  const last = attempts.at(-1);
  if (last?.report) {
    if (isAccepted(last.report.verdict, demand.allowWarn)) {
      return { kind: "done", message: `${last.report.verdict}: ${last.report.summary}` };
    }
    // A finding is never tried away; only an error of the check itself is tried again.
    const again = last.report.verdict === "error" && last.attempt < demand.retries + 1;
    if (!again) {
      const message = `check ${step.check}: ${last.report.verdict}: ${last.report.summary}`;
      return { kind: "failed", message };
    }
  }
  const attempt = last === undefined ? 1 : last.report ? last.attempt + 1 : last.attempt;
  await startCheck(context, demand, { index, attempt, subject: subjectOf(context, step) });
  return null;
}

function subjectOf(context: StepContext, step: StepOf<"check">): Subject | null {
  if (step.colour === null) return null;
  const bindings = context.plan.strategy === "recreate" ? "live" : "isolated";
  return { colour: step.colour, generation: generationOf(context, bindings) };
}

/** The unbroken run of check steps that begins at `index`. */
function neighbours(
  steps: readonly PlanStep[],
  index: number,
): readonly { index: number; step: StepOf<"check"> }[] {
  const group: { index: number; step: StepOf<"check"> }[] = [];
  for (let place = index; place < steps.length; place += 1) {
    const step = steps[place];
    if (step?.kind !== "check") break;
    group.push({ index: place, step });
  }
  return group;
}
