import type {
  CheckDemand,
  Environment,
  GatePreset,
  IsolationGrade,
  Pipeline,
  PipelineEnvironment,
  Process,
} from "../model/pipeline.ts";
import { canonicalJson } from "../model/canonical.ts";
import { TidelockError } from "../model/errors.ts";

/** What a promotion into one environment must satisfy: the pipeline's wish, never below the floor. */
export interface Demands {
  readonly checks: readonly CheckDemand[];
  readonly gate: GatePreset;
  readonly minimumIsolation: IsolationGrade;
  readonly soakMs: number;
}

const gateOrder: readonly GatePreset[] = ["baseline", "strict"];

/**
 * The stricter of the two gates, the union of the checks, the longer soak, the floor's isolation.
 * A pipeline's check with the floor's name and another content would replace a demand of the
 * environment's owners, so it is refused (`invalid-input`).
 */
export function tighten(wish: PipelineEnvironment, environment: Environment): Demands {
  const floor = environment.spec.floor;
  const own = wish.checks.filter((check) => {
    const demanded = floor.checks.find((other) => other.name === check.name);
    if (!demanded) return true;
    if (canonicalJson(demanded) === canonicalJson(check)) return false;
    throw new TidelockError(
      "invalid-input",
      `environment ${wish.name} already demands a check named ${check.name}, and another one may not take its place`,
      {
        fault: "operator",
        where: `environments.${wish.name}.checks.${check.name}`,
        hint: "give this check another name; both will run",
      },
    );
  });
  return {
    checks: [...floor.checks, ...own],
    gate: stricterGate(wish.gate, floor.gate),
    minimumIsolation: floor.isolation,
    soakMs: Math.max(wish.soak, floor.minimumSoak),
  };
}

function stricterGate(a: GatePreset, b: GatePreset): GatePreset {
  return gateOrder.indexOf(a) >= gateOrder.indexOf(b) ? a : b;
}

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

/** Environments that must have verified a release first: those named, else the one above in the list. */
export function predecessorsOf(pipeline: Pipeline, environment: string): readonly string[] {
  const all = pipeline.spec.environments;
  const place = all.findIndex((candidate) => candidate.name === environment);
  const wish = all[place];
  if (!wish) return [];
  if (wish.after) return wish.after;
  const above = all[place - 1];
  return above ? [above.name] : [];
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
