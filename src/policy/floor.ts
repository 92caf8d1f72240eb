import { type AskedApproval, strictestApprovals } from "../model/approval.ts";
import { canonicalJson } from "../model/canonical.ts";
import { type ProgramsByKind, strictestDiversity } from "../model/diversity.ts";
import type { PlannedRule } from "../model/gate-rule.ts";
import type { HighRisk } from "../model/high-risk.ts";
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
  /** The shorter of both; absent: nobody limits it. */
  readonly maxAgeMs?: number;
  /** Absent: nobody asks for different programs. */
  readonly diversity?: ProgramsByKind;
  /** The floor's first; two of one name both hold. Absent: nobody has one. */
  readonly rules?: readonly PlannedRule[];
  /** Changes that ask for more eyes, the floor's and the pipeline's; absent: none does. */
  readonly risks?: readonly HighRisk[];
  /** Who has to sign, the stricter of both; absent: nobody. */
  readonly approvals?: readonly AskedApproval[];
}

/**
 * The floor belongs to the environment's owners; a pipeline may only tighten it. Of two different checks
 * under one name both stay: the floor's keeps the name, the pipeline's is renamed, as nobody can tell
 * which of two configurations asks for more.
 */
export function applyFloor(
  lane: Pick<
    PipelineEnvironment,
    "gate" | "checks" | "soak" | "diversity" | "rules" | "maxAge" | "risks" | "approvals"
  >,
  floor: Environment["spec"]["floor"],
): Demands {
  const gate = stricterPreset(lane.gate, floor.gate);
  const checks = [...floor.checks];
  const renamed = new Map<string, string>();
  for (const check of lane.checks) {
    const same = checks.find((other) => other.name === check.name);
    if (same === undefined) checks.push(check);
    else if (canonicalJson(same) !== canonicalJson(check)) {
      const name = ownName(check.name, [...checks, ...lane.checks]);
      renamed.set(check.name, name);
      checks.push({ ...check, name });
    }
  }
  const diversity = strictestDiversity(lane.diversity, floor.diversity);
  const risks = [...(floor.risks ?? []), ...(lane.risks ?? [])];
  const approvals = strictestApprovals(floor.approvals, lane.approvals);
  const rules: readonly PlannedRule[] = [
    ...(floor.rules ?? []).map((rule) => ({ ...rule, from: "floor" as const })),
    ...(lane.rules ?? []).map((rule) => ({ ...rule, from: "pipeline" as const })),
  ];
  const ages = [lane.maxAge, floor.maxAge].filter((age) => age !== undefined);
  return {
    gate,
    ...(ages.length === 0 ? {} : { maxAgeMs: Math.min(...ages) }),
    ...(diversity === undefined ? {} : { diversity }),
    ...(rules.length === 0 ? {} : { rules }),
    ...(risks.length === 0 ? {} : { risks }),
    ...(approvals === undefined ? {} : { approvals }),
    checks: checks.map((check) => needingBoth(check, renamed)),
    soakMs: Math.max(lane.soak, floor.minimumSoak),
    minimumIsolation: strongerIsolation(floor.isolation, presetIsolation(gate)),
  };
}

/** Whoever needed a check of which there are two now needs both. */
function needingBoth(check: CheckDemand, renamed: ReadonlyMap<string, string>): CheckDemand {
  const more = (check.needs ?? []).flatMap((name) => renamed.get(name) ?? []);
  const added = more.filter((name) => name !== check.name);
  return added.length === 0 ? check : { ...check, needs: [...(check.needs ?? []), ...added] };
}

/** `smoke` becomes `smoke-own`, or `smoke-own-2`. */
function ownName(name: string, taken: readonly { readonly name: string }[]): string {
  return freeName(withSuffix(name, "-own"), taken);
}

/** The name, or else the name with the least number that nobody has. */
export function freeName(name: string, taken: readonly { readonly name: string }[]): string {
  for (let count = 1; ; count += 1) {
    const free = count === 1 ? withSuffix(name, "") : withSuffix(name, `-${count}`);
    if (!taken.some((other) => other.name === free)) return free;
  }
}

/** A name has at most 63 characters. */
function withSuffix(name: string, suffix: string): string {
  return name.slice(0, 63 - suffix.length).replace(/-+$/, "") + suffix;
}
