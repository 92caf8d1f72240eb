import { errorReport } from "../../checks/run.ts";
import type { PlanStep } from "../../model/plan.ts";
import type { CheckReport } from "../../model/verdict.ts";
import { requestOfRun } from "../../store/queries/check-requests.ts";
import { checkRunsOf, insertCheckRun, reportCheckRun } from "../../store/queries/evidence.ts";
import type { Db } from "../../store/schema.ts";
import { attestCheckRun } from "../attestations/attest-promotion.ts";
import type { StepContext } from "../steps/step.ts";

/** What is said of a check that was demanded and not begun. */
export const neverBegun = (because: string): string => `never begun: check ${because} did not pass`;

/**
 * A promotion ends on a check: what was demanded and never begun is `missing`, and so is an answer that
 * people were still asked for; what was running is `error`, each with the reason, so that nobody takes silence for a pass.
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
    const report = last ? await stopped(tx, last.id, because) : missing(neverBegun(because));
    await reportCheckRun(tx, lease.lane, id, report, (run) =>
      attestCheckRun(engine, tx, plan, demand, run),
    );
  }
}

/** Whoever was asked and had not answered yet did nothing wrong, and no program did. */
async function stopped(tx: Db, run: string, because: string): Promise<CheckReport> {
  const request = await requestOfRun(tx, run);
  return request?.answer === null
    ? missing(
        `nobody had answered yet, and nobody is asked any more: check ${because} did not pass`,
      )
    : errorReport(`it was stopped before it ended: check ${because} did not pass`);
}

function missing(summary: string): CheckReport {
  return { ...errorReport(summary), verdict: "missing" };
}
