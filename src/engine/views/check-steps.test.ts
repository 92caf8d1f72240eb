import { expect, it } from "vitest";
import type { StepView } from "../../api/views.ts";
import { errorReport } from "../../checks/run.ts";
import type { CheckReport, Verdict } from "../../model/verdict.ts";
import { neverBegun } from "../promotions/not-begun.ts";
import { checkSteps } from "./check-steps.ts";

const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 12, 0, second));

function step(index: number, title: string, state: StepView["state"], message = ""): StepView {
  const [startedAt, endedAt] = [at(0).toISOString(), at(9).toISOString()];
  const times =
    state === "skipped"
      ? { attempts: 0, startedAt: null, endedAt: null }
      : { attempts: 1, startedAt, endedAt };
  return { index, kind: title.split(" ")[0] ?? "", title, state, message, ...times };
}

function run(index: number, name: string, verdict: Verdict, summary: string, attempt = 1) {
  const report: CheckReport = { ...errorReport(summary), verdict };
  return { step: index, name, attempt, report, started_at: at(2), ended_at: at(5) };
}

const steps = [
  step(0, "admit", "done", "admitted"),
  step(1, "check early", "done", "pass: well"),
  step(2, "check dast", "failed", "check stories: fail: one story fails"),
  step(3, "check unit", "skipped"),
  step(4, "check lint", "skipped"),
  step(5, "check slow", "skipped"),
  step(6, "check stories", "skipped"),
  step(7, "gate", "skipped"),
];
const runs = [
  run(1, "early", "pass", "well"),
  run(2, "dast", "missing", neverBegun("stories")),
  run(3, "unit", "pass", "40 tests"),
  run(4, "lint", "warn", "two smells"),
  run(5, "slow", "error", "it was stopped before it ended: check stories did not pass"),
  run(6, "stories", "error", "no browser"),
  run(6, "stories", "fail", "one story fails", 2),
];

it("shows the failure at the check that failed, and what became of every other", () => {
  const shown = checkSteps(steps, runs, (name) => name === "lint");
  expect(shown.map(({ title, state, message }) => `${title}: ${state}: ${message}`)).toEqual([
    "admit: done: admitted",
    "check early: done: pass: well",
    "check dast: skipped: not begun: check stories did not pass",
    "check unit: done: pass: 40 tests",
    "check lint: done: warn: two smells",
    "check slow: failed: error: it was stopped before it ended: check stories did not pass",
    "check stories: failed: check stories: fail: one story fails",
    "gate: skipped: ",
  ]);
  expect(shown[2]).toMatchObject({ startedAt: null, endedAt: null, attempts: 0 });
  const times = { startedAt: at(2).toISOString(), endedAt: at(5).toISOString(), attempts: 2 };
  expect(shown[6]).toMatchObject(times);
});

it("shows a warning that is not accepted as failed", () => {
  expect(checkSteps(steps, runs, () => false)[4]?.state).toBe("failed");
});

it("leaves the steps alone when none has failed, or no run explains it", () => {
  const well = steps.map((one): StepView => ({ ...one, state: "done" }));
  expect(checkSteps(well, runs, () => false)).toEqual(well);
  expect(checkSteps(steps, runs.slice(0, 2), () => false)).toEqual(steps);
});
