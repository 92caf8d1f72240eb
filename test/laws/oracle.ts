import type { CheckCase, GateCase, Run } from "./gate-cases.ts";

/**
 * When a demanded check counts as passed, said once more and in other words than the evaluator: over the classes that
 * a case was made of, not over the evidence that the evaluator reads.
 */
export function passed({ demand, runs }: CheckCase, maxAgeMs = Infinity): boolean {
  const counting = runs.filter((run) => isAboutThis(run, demand.phase === "static"));
  if (counting.some((run) => run.verdict === "fail")) return false;
  // Nobody waits for one that is out of band, as long as it has not answered.
  if (counting.length === 0) return demand.outOfBand === true;
  const last = Math.max(...counting.map((run) => run.at));
  // All are of the second `last` of a clock that is at second 30 now.
  if ((30 - last) * 1_000 >= maxAgeMs) return false;
  return counting.filter((run) => run.at === last).every((run) => isGood(run, demand.allowWarn));
}

/** A static check is about the release alone: it ran before there was a colour, and whatever the configuration. */
function isAboutThis({ scope }: Run, isStatic: boolean): boolean {
  if (scope === "this") return true;
  return isStatic && (scope === "another configuration" || scope === "another colour");
}

/** Whether any run of it says anything about this. */
export function answered({ demand, runs }: CheckCase): boolean {
  return runs.some((run) => isAboutThis(run, demand.phase === "static"));
}

/** Whether two people accepted something of this very check, in force; of what it is then worth the verdict is asked. */
export function accepted({ checks, waivers, mayWaive }: GateCase, check: CheckCase): boolean {
  if (!mayWaive) return false;
  return waivers.some(
    ({ place, flaw }) => flaw === "none" && checks[place % Math.max(checks.length, 1)] === check,
  );
}

/** Everything that is asked besides checks lets through: windows, lines, rules, requirements. */
export function restLetsThrough({ rest, rules, factsGathered }: GateCase): boolean {
  const { schedule, stops = [], obligations } = rest;
  const open = schedule === undefined || (schedule.open && schedule.clock === undefined);
  const truths = rules.length === 0 || (factsGathered && rules.every((truth) => truth === "true"));
  const shown =
    obligations === undefined ||
    (obligations.surface === null &&
      obligations.runs.some(isProof) &&
      !obligations.runs.some((run) => isAsked(run) && !isProof(run)));
  return open && stops.length === 0 && truths && shown;
}

type ShownRun = NonNullable<GateCase["rest"]["obligations"]>["runs"][number];

function isAsked({ uses, environment }: ShownRun): boolean {
  return uses === "dast" && environment === "staging";
}

function isProof(run: ShownRun): boolean {
  return isAsked(run) && run.verdict === "pass" && run.exercised && run.expiresAt === null;
}

function isGood({ verdict, age, exercised }: Run, mayWarn: boolean): boolean {
  const good = verdict === "pass" || (verdict === "warn" && mayWarn);
  return good && exercised && (age === "fresh" || age === "does not expire");
}
