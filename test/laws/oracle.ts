import type { CheckCase, Run } from "./gate-cases.ts";

/**
 * When a demanded check counts as passed, said once more and in other words than the evaluator: over the classes that
 * a case was made of, not over the evidence that the evaluator reads.
 */
export function passed({ demand, runs }: CheckCase): boolean {
  const counting = runs.filter((run) => isAboutThis(run, demand.phase === "static"));
  if (counting.some((run) => run.verdict === "fail")) return false;
  // Nobody waits for one that is out of band, as long as it has not answered.
  if (counting.length === 0) return demand.outOfBand === true;
  const last = Math.max(...counting.map((run) => run.at));
  return counting.filter((run) => run.at === last).every((run) => isGood(run, demand.allowWarn));
}

/** A static check is about the release alone: it ran before there was a colour, and whatever the configuration. */
function isAboutThis({ scope }: Run, isStatic: boolean): boolean {
  if (scope === "this") return true;
  return isStatic && (scope === "another configuration" || scope === "another colour");
}

function isGood({ verdict, age, exercised }: Run, mayWarn: boolean): boolean {
  const good = verdict === "pass" || (verdict === "warn" && mayWarn);
  return good && exercised && (age === "fresh" || age === "does not expire");
}
