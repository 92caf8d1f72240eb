import { needProblems } from "../../model/check-needs.ts";
import { TidelockError } from "../../model/errors.ts";
import type { CheckDemand } from "../../model/pipeline.ts";
import type { Plan } from "../../model/plan.ts";
import { type Colour, laneKey } from "../../model/primitives.ts";
import { touchOf, whereUsersAre } from "../../pipeline-file/where-users-are.ts";
import { readLane } from "../../store/queries/lanes.ts";
import type { Engine } from "../engine.ts";
import type { StepContext } from "../steps/step.ts";

/** Whether a demand attacks, writes or loads; an adapter or a configuration that is not known might. */
function isIntrusive(engine: Engine, demand: CheckDemand): boolean {
  const check = engine.checks.get(demand.uses);
  const parsed = check?.schema.safeParse(demand.with);
  return !check || !parsed?.success || touchOf(check, parsed.data) === "intrusive";
}

const alone = "a promotion waits for people: their answer cannot be out of band";

/**
 * Refuses a plan whose checks would meet users, or need what is not there: a floor and a pipeline come
 * together only here.
 *
 * @throws TidelockError `invalid-input`
 */
export function requireSoundChecks(engine: Engine, plan: Plan): void {
  for (const demand of plan.checks) {
    const where = whereUsersAre(demand, plan.strategy);
    if (demand.outOfBand && engine.checks.get(demand.uses)?.form) {
      throw new TidelockError("invalid-input", `check ${demand.name} asks people, and ${alone}`, {
        fault: "operator",
        where: `${laneKey(plan.lane)}: check ${demand.name}`,
        hint: "leave out outOfBand",
      });
    }
    // What this server does not have at all is named by the check itself, as `error`.
    if (where === null || !engine.checks.has(demand.uses) || !isIntrusive(engine, demand)) continue;
    throw new TidelockError(
      "invalid-input",
      `check ${demand.name} is intrusive, and ${where.why}`,
      {
        fault: "operator",
        where: `${laneKey(plan.lane)}: check ${demand.name}`,
        hint: where.hint,
      },
    );
  }
  const [problem] = needProblems(plan.checks);
  if (problem) {
    throw new TidelockError("invalid-input", problem.message, {
      fault: "operator",
      where: laneKey(plan.lane),
      hint: problem.hint,
    });
  }
}

/**
 * Why an intrusive check must not begin now: users are on its colour, or may be. Asked again at the moment
 * of beginning, because a plan may be older than what is live.
 */
export async function whyNotIntrude(
  { engine, plan, router }: Pick<StepContext, "engine" | "plan" | "router">,
  demand: CheckDemand,
  colour: Colour,
): Promise<string | null> {
  if (!isIntrusive(engine, demand)) return null;
  const where = whereUsersAre(demand, plan.strategy);
  if (where !== null) return `it is intrusive, and ${where.why}`;
  const lane = await readLane(engine.db, plan.lane);
  if (lane?.live_colour === colour) return `it is intrusive, and ${colour} is live`;
  if (!router) return null;
  const { route, effective } = await router.read(laneKey(plan.lane));
  const weights = effective?.weights ?? route?.weights;
  return weights !== undefined && weights[colour] > 0
    ? `it is intrusive, and the router sends users to ${colour}`
    : null;
}
