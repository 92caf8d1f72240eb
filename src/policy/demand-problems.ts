import type { Problem } from "../model/errors.ts";
import type { Environment, Pipeline } from "../model/pipeline.ts";
import type { Check } from "../ports/check.ts";
import { mayStartItself } from "./auto-promotion.ts";
import { dedicationProblem } from "./dedicated.ts";
import { programsOfTheCandidate } from "./floor-program.ts";
import { applyFloor } from "./floor.ts";

/** Documents that stand beside each other: the file's over those that are there. */
export interface Registry {
  readonly pipelines: ReadonlyMap<string, Pipeline>;
  readonly environments: ReadonlyMap<string, Environment>;
}

type Kind = Pick<Check, "purpose" | "scans">;

/**
 * What a pipeline may not demand of an environment, and an environment of itself. `pipeline validate` asks over one
 * file, `pipeline apply` over that file and what is registered. Pairs of which one is elsewhere are left out. Pure.
 */
export function demandProblems(
  registry: Registry,
  changed: {
    readonly pipelines: readonly Pipeline[];
    readonly environments: readonly Environment[];
  },
  kinds: ReadonlyMap<string, Kind>,
): readonly Problem[] {
  const problems: Problem[] = [];
  const touched = new Set(changed.environments.map((environment) => environment.metadata.name));
  for (const pipeline of registry.pipelines.values()) {
    const isNew = changed.pipelines.includes(pipeline);
    for (const { name } of pipeline.spec.environments) {
      const environment = registry.environments.get(name);
      if (!environment || !(isNew || touched.has(name))) continue;
      problems.push(
        ...dedicationProblems(kinds, pipeline, environment),
        ...autoProblems(pipeline, environment, isNew),
      );
    }
  }
  for (const environment of changed.environments) {
    for (const { check, program } of programsOfTheCandidate(environment)) {
      problems.push({
        where: `environment ${environment.metadata.name}: floor.checks.${check}`,
        message: `${program} is a program of the release under test, so the candidate would say itself that it is good`,
        hint: "name a program of this machine: by its whole path, or by a name that is found in PATH",
      });
    }
  }
  return problems;
}

/** Of a new pipeline: its owner hears that it would not start by itself. An environment may forbid it later. */
function autoProblems(
  pipeline: Pipeline,
  environment: Environment,
  isNew: boolean,
): readonly Problem[] {
  const service = pipeline.metadata.name;
  const { name } = environment.metadata;
  const wish = pipeline.spec.environments.find((one) => one.name === name);
  if (!isNew || !wish?.auto || mayStartItself(environment, service)) return [];
  return [
    {
      where: `pipeline ${service}: environments.${name}.auto`,
      message: `${service} may not start promotions in ${name} by itself: that is its owners' to allow`,
      hint: `leave \`auto\` out, or have the environment's document say \`autoPromotion: [${service}]\``,
    },
  ];
}

function dedicationProblems(
  kinds: ReadonlyMap<string, Kind>,
  pipeline: Pipeline,
  environment: Environment,
): readonly Problem[] {
  const service = pipeline.metadata.name;
  const { name } = environment.metadata;
  const wish = pipeline.spec.environments.find((one) => one.name === name);
  if (wish === undefined) return [];
  const { checks } = applyFloor(wish, environment.spec.floor);
  const problem = dedicationProblem(environment, service, checks, kinds);
  return problem === null
    ? []
    : [{ where: `pipeline ${service}: environments.${name}`, ...problem }];
}
