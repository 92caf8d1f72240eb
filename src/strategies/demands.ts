import type { Pipeline, PipelineEnvironment, Process } from "../model/pipeline.ts";
import { TidelockError } from "../model/errors.ts";

/** What the pipeline says about `environment`. Throws `not-found` naming the environments there are. */
export function wishFor(pipeline: Pipeline, environment: string): PipelineEnvironment {
  const wish = pipeline.spec.environments.find((candidate) => candidate.name === environment);
  if (wish) return wish;
  const names = pipeline.spec.environments.map((candidate) => candidate.name).join(", ");
  throw new TidelockError(
    "not-found",
    `service ${pipeline.metadata.name} has no environment ${environment}`,
    { fault: "operator", where: environment, hint: `its pipeline names ${names}` },
  );
}

/** The processes with the number of replicas that this environment asks for. */
export function processesIn(
  pipeline: Pipeline,
  wish: PipelineEnvironment,
): Record<string, Process> {
  const sized = Object.entries(pipeline.spec.processes).map(([name, process]) => {
    const replicas = wish.replicas[name] ?? process.replicas;
    return [name, { ...process, replicas }] as const;
  });
  return Object.fromEntries(sized);
}

/** The one process that the router sends traffic to, if there is one. */
export function routedProcess(processes: Readonly<Record<string, Process>>): string | null {
  for (const [name, process] of Object.entries(processes)) {
    if (process.router === "http" && process.port !== "none") return name;
  }
  return null;
}
