import { errorReport } from "../checks/run.ts";
import type { PlanStep } from "../model/plan.ts";
import type { CheckReport } from "../model/verdict.ts";
import { checkRunsOf, insertCheckRun, reportCheckRun } from "../store/queries/evidence.ts";
import type { Db } from "../store/schema.ts";
import { attestCheckRun } from "./attest-promotion.ts";
import type { StepContext } from "./steps/step.ts";

/** What is said of a check that was demanded and not begun. */
export const neverBegun = (because: string): string => `never begun: check ${because} did not pass`;

/**
 * A promotion ends on a check: what was demanded and never begun is `missing`, what was running is `error`,
 * each with the reason, so that nobody takes silence for a pass.
 */
export async function recordNotBegun(
  { engine, lease, plan, promotion }: StepContext,
  tx: Db,
  steps: readonly PlanStep[],
  because: string,
): Promise<void> {
  const runs = await checkRunsOf(tx, promotion.id);
  for (const [index, step] of steps.entries()) {
    const demand =
      step.kind === "check" ? plan.checks.find((one) => one.name === step.check) : undefined;
    if (step.kind !== "check" || !demand || demand.name === because) continue;
    const last = runs.findLast((run) => run.step === index);
    if (last?.report) continue;
    const id = last?.id ?? `${promotion.id}/${index}/${demand.name}/1`;
    if (!last) {
      await insertCheckRun(tx, {
        id,
        promotion: promotion.id,
        step: index,
        attempt: 1,
        name: demand.name,
        uses: demand.uses,
        phase: demand.phase,
        release: plan.release,
        configuration: plan.configuration,
        colour: step.colour,
        generation: null,
        identity: "none",
      });
    }
    const report: CheckReport = last
      ? errorReport(`it was stopped before it ended: check ${because} did not pass`)
      : { ...errorReport(neverBegun(because)), verdict: "missing" };
    await reportCheckRun(tx, lease.lane, id, report, (run) =>
      attestCheckRun(engine, tx, plan, demand, run),
    );
  }
}
