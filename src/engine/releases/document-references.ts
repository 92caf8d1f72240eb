import type { Environment, Pipeline } from "../../model/pipeline.ts";
import { asTidelockError, type Problem } from "../../model/errors.ts";
import { diversityProblem } from "../../pipeline-file/scanners.ts";
import { demandProblems, type Registry } from "../../policy/demand-problems.ts";
import { applyFloor } from "../../policy/floor.ts";
import { routedProcess } from "../../strategies/demands.ts";
import type { Engine } from "../engine.ts";

/**
 * What a file alone cannot know: whether the environments it names exist on this server, whether a changed
 * environment still serves those who are registered, whether addresses clash, and whether targets and
 * routers can be fenced. `where` names document and field.
 */
export function crossServerProblems(
  engine: Engine,
  registry: Registry,
  changed: {
    readonly pipelines: readonly Pipeline[];
    readonly environments: readonly Environment[];
  },
): readonly Problem[] {
  const problems: Problem[] = [];
  const touched = new Set(changed.environments.map((environment) => environment.metadata.name));
  for (const pipeline of registry.pipelines.values()) {
    const isNew = changed.pipelines.includes(pipeline);
    const concerned = pipeline.spec.environments.filter((one) => isNew || touched.has(one.name));
    for (const { name } of concerned) {
      const environment = registry.environments.get(name);
      problems.push(
        ...(environment
          ? [
              ...addressProblems(pipeline, environment),
              ...diversityProblems(engine, pipeline, environment),
            ]
          : [unknown(pipeline, name, registry)]),
      );
    }
  }
  problems.push(...clashes(registry, changed));
  for (const environment of changed.environments) {
    const where = `environment ${environment.metadata.name}`;
    problems.push(...fencingProblems(engine, environment, where));
  }
  problems.push(...demandProblems(registry, changed, engine.checks));
  return problems;
}

function unknown(pipeline: Pipeline, name: string, registry: Registry): Problem {
  const known = [...registry.environments.keys()];
  return {
    where: `pipeline ${pipeline.metadata.name}: environments.${name}`,
    message: `there is no environment ${name} on this server`,
    hint:
      known.length === 0
        ? "apply its `kind: Environment` document too"
        : `registered here: ${known.join(", ")}; or apply its \`kind: Environment\` document too`,
  };
}

function addressProblems(pipeline: Pipeline, environment: Environment): readonly Problem[] {
  const service = pipeline.metadata.name;
  const { name } = environment.metadata;
  const { router } = environment.spec;
  if (routedProcess(pipeline.spec.processes) === null) return [];
  const wish = pipeline.spec.environments.find((one) => one.name === name);
  if (router.type === "none") {
    if (wish?.strategy !== "blue-green") return [];
    return [
      {
        where: `pipeline ${service}: environments.${name}`,
        message: `blue-green moves the traffic of ${service} in ${name}, but that environment has no router`,
        hint: "give the environment a router, or write `strategy: recreate`, or `router: none` for the process",
      },
    ];
  }
  if (router.listen[service] !== undefined) return [];
  return [
    {
      where: `environment ${name}: router.listen`,
      message: `the environment ${name} has no address for ${service}`,
      hint: `add it, for example \`listen: {${service}: "127.0.0.1:8080"}\``,
    },
  ];
}

/** Pipeline and floor together must be able to show the different programs that they ask for. */
function diversityProblems(
  engine: Engine,
  pipeline: Pipeline,
  environment: Environment,
): readonly Problem[] {
  const { name } = environment.metadata;
  const wish = pipeline.spec.environments.find((one) => one.name === name);
  if (wish === undefined) return [];
  const { diversity, checks } = applyFloor(wish, environment.spec.floor);
  const problem = diversityProblem(diversity, checks, engine.checks);
  const where = `pipeline ${pipeline.metadata.name}: environments.${name}`;
  return problem === null ? [] : [{ where, ...problem }];
}

/** Two routes cannot listen at one address, whatever files they were registered from. */
function clashes(
  registry: Registry,
  changed: { readonly environments: readonly Environment[] },
): readonly Problem[] {
  const owners = new Map<string, string>();
  const problems: Problem[] = [];
  const untouchedFirst = [...registry.environments.values()].sort(
    (a, b) => Number(changed.environments.includes(a)) - Number(changed.environments.includes(b)),
  );
  for (const environment of untouchedFirst) {
    const { router } = environment.spec;
    if (router.type !== "embedded") continue;
    for (const [service, address] of Object.entries(router.listen)) {
      const owner = `${service} in ${environment.metadata.name}`;
      const other = owners.get(address);
      if (other === undefined) owners.set(address, owner);
      else {
        problems.push({
          where: `environment ${environment.metadata.name}: router.listen.${service}`,
          message: `${address} is the address of ${other} already`,
          hint: "use another port",
        });
      }
    }
  }
  return problems;
}

/** An adapter that cannot keep a stale worker's effect out is denied for targets and routers. */
function fencingProblems(
  engine: Engine,
  environment: Environment,
  where: string,
): readonly Problem[] {
  const { target, router } = environment.spec;
  const problems: Problem[] = [];
  const look = (
    kind: "target" | "router",
    id: string,
    make: () => { readonly fencing: string },
  ) => {
    try {
      if (make().fencing !== "unfenced") return;
      const message = `the ${kind} ${id} cannot refuse an effect that comes too late (unfenced)`;
      problems.push({ where: `${where}: ${kind}`, message, hint: "use another one" });
    } catch (error) {
      const { message, hint } = asTidelockError(error);
      problems.push({
        where: `${where}: ${kind}`,
        message,
        ...(hint === undefined ? {} : { hint }),
      });
    }
  };
  look("target", target.type, () => engine.targetFor(target));
  if (router.type !== "none") look("router", router.type, () => engine.routerFor(router));
  return problems;
}
