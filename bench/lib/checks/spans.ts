import type { PromotionView } from "../../../src/api/views.ts";

type Runs = PromotionView["checks"];

/** How long a promotion stood at its check steps, in milliseconds. */
export function stepsMs({ steps }: PromotionView): number {
  const own = steps.filter(({ kind }) => kind === "check");
  const from = Math.min(...own.map(({ startedAt }) => Date.parse(startedAt ?? "")));
  const to = Math.max(...own.map(({ endedAt }) => Date.parse(endedAt ?? "")));
  return to - from;
}

/** From the first check's begin to the last one's end, phase by phase: deploying between them does not count. */
export function spanSeconds(runs: Runs): number {
  const phases = new Set(runs.map(({ phase }) => phase));
  return [...phases].reduce((sum, phase) => {
    const own = runs.filter((run) => run.phase === phase);
    const from = Math.min(...own.map((run) => Date.parse(run.startedAt)));
    const to = Math.max(...own.map(endOf));
    return sum + (to - from) / 1_000;
  }, 0);
}

/** What each took, together. */
export function workSeconds(runs: Runs): number {
  return runs.reduce((sum, run) => sum + (endOf(run) - Date.parse(run.startedAt)) / 1_000, 0);
}

function endOf(run: Runs[number]): number {
  return Date.parse(run.endedAt ?? run.startedAt);
}
