import { canonicalJson } from "../model/canonical.ts";
import type {
  CheckDemand,
  Environment,
  GatePreset,
  IsolationGrade,
  PipelineEnvironment,
} from "../model/pipeline.ts";
import { presetIsolation, stricterPreset, strongerIsolation } from "./grades.ts";

/** What one environment demands of one service, pipeline and floor together. */
export interface Demands {
  readonly gate: GatePreset;
  /** The floor's first, each name once. */
  readonly checks: readonly CheckDemand[];
  readonly soakMs: number;
  readonly minimumIsolation: IsolationGrade;
}

/**
 * The floor belongs to the environment's owners; a pipeline may only tighten it. Of two different checks
 * under one name both stay: the floor's keeps the name, the pipeline's is renamed, as nobody can tell
 * which of two configurations asks for more.
 */
export function applyFloor(
  lane: Pick<PipelineEnvironment, "gate" | "checks" | "soak">,
  floor: Environment["spec"]["floor"],
): Demands {
  const gate = stricterPreset(lane.gate, floor.gate);
  const checks = [...floor.checks];
  for (const check of lane.checks) {
    const same = checks.find((other) => other.name === check.name);
    if (same === undefined) checks.push(check);
    else if (canonicalJson(same) !== canonicalJson(check)) {
      checks.push({ ...check, name: freeName(check.name, [...checks, ...lane.checks]) });
    }
  }
  return {
    gate,
    checks,
    soakMs: Math.max(lane.soak, floor.minimumSoak),
    minimumIsolation: strongerIsolation(floor.isolation, presetIsolation(gate)),
  };
}

/** `smoke` becomes `smoke-own`, or `smoke-own-2`; a name has at most 63 characters. */
function freeName(name: string, taken: readonly { name: string }[]): string {
  for (let count = 1; ; count += 1) {
    const suffix = count === 1 ? "-own" : `-own-${count}`;
    const free = name.slice(0, 63 - suffix.length).replace(/-+$/, "") + suffix;
    if (!taken.some((other) => other.name === free)) return free;
  }
}
