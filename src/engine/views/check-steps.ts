import type { StepView } from "../../api/views.ts";
import type { CheckRunRow } from "../../store/schema.ts";
import { isAccepted } from "../check-runs/check-runner.ts";
import { neverBegun } from "../promotions/not-begun.ts";

type Run = Pick<CheckRunRow, "step" | "name" | "attempt" | "report" | "started_at" | "ended_at">;

/**
 * Check steps run as one graph, and the promotion ends at the step that it stands at, whichever check did not pass.
 * People read a step's line as that of its own check: so the failure is shown at the check that failed, and every
 * other one says what became of it. Nothing is changed where no run explains the failure.
 */
export function checkSteps(
  steps: readonly StepView[],
  runs: readonly Run[],
  allowsWarn: (check: string) => boolean,
): StepView[] {
  const ended = steps.find(({ kind, state }) => kind === "check" && state === "failed");
  const last = (index: number) => runs.findLast(({ step }) => step === index);
  const culprit = steps
    .map(({ index }) => last(index))
    .find((run) => ended && run && messageOf(run) === ended.message);
  if (!ended || !culprit) return [...steps];
  return steps.map((step) => {
    const run = last(step.index);
    if (step.kind !== "check" || !run?.report) return step;
    if (run === culprit)
      return { ...step, ...timesOf(run), state: "failed", message: ended.message };
    // What had ended before keeps its line.
    if (step !== ended && step.state !== "skipped") return step;
    const { verdict, summary } = run.report;
    if (verdict === "missing" && summary === neverBegun(culprit.name)) {
      const message = `not begun: check ${culprit.name} did not pass`;
      return { ...step, state: "skipped", attempts: 0, startedAt: null, endedAt: null, message };
    }
    const passed = isAccepted(verdict, allowsWarn(run.name));
    const message = `${verdict}: ${summary}`;
    return { ...step, ...timesOf(run), state: passed ? "done" : "failed", message };
  });
}

/** As the step says it that ends a promotion on a check. */
function messageOf({ name, report }: Run): string | null {
  return report && `check ${name}: ${report.verdict}: ${report.summary}`;
}

function timesOf(run: Run): Pick<StepView, "attempts" | "startedAt" | "endedAt"> {
  return {
    attempts: run.attempt,
    startedAt: run.started_at.toISOString(),
    endedAt: run.ended_at?.toISOString() ?? null,
  };
}
