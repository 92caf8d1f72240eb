import { TidelockError } from "../../model/errors.ts";
import type { Environment } from "../../model/pipeline.ts";
import type { Plan } from "../../model/plan.ts";
import { laneKey } from "../../model/primitives.ts";
import { dedicationProblem } from "../../policy/dedicated.ts";
import { registeredEnvironment } from "../../store/queries/catalogue.ts";
import type { Engine } from "../engine.ts";

/** Refuses a plan for an environment that its owners have dedicated to something else. Throws `denied`. */
export function requirePurpose(engine: Engine, plan: Plan, environment: Environment): void {
  const problem = dedicationProblem(environment, plan.lane.service, plan.checks, engine.checks);
  if (problem === null) return;
  throw new TidelockError("denied", problem.message, {
    fault: "operator",
    where: laneKey(plan.lane),
    hint: problem.hint,
  });
}

/**
 * The same for a promotion that was accepted before: its owners' word of now counts, not the one of its plan. A return
 * is no job of its own (law 9).
 */
export async function whyAnotherJob(engine: Engine, plan: Plan): Promise<string | null> {
  if (plan.kind === "rollback") return null;
  const environment = await registeredEnvironment(engine.db, plan.lane.environment);
  if (!environment) return null;
  const { service } = plan.lane;
  return (
    dedicationProblem(environment.document, service, plan.checks, engine.checks)?.message ?? null
  );
}
