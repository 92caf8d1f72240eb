import type { Decision, Grades } from "../model/decision.ts";
import type { CheckDemand, GatePreset, IsolationGrade } from "../model/pipeline.ts";
import { canonicalJson } from "../model/canonical.ts";
import { compareText, decide, type Ground, ground } from "./decide.ts";
import { checkGround, type Evidence, type Subject } from "./evidence.ts";
import { governanceGround, identityGround, isolationGround } from "./grades.ts";
import { type Predecessor, predecessorGround } from "./predecessors.ts";

/** Everything that the gate before a switch looks at. Plain data: kept, it can be decided again. */
export interface GateInput {
  readonly subject: Subject;
  /** RFC 3339, by the database's clock. */
  readonly now: string;
  /** What the plan demands (pipeline and floor together); phase `live` runs later and is not asked here. */
  readonly checks: readonly CheckDemand[];
  /** The runs of this promotion, all of them. */
  readonly evidence: readonly Evidence[];
  /** Empty for a first environment and for a rollback. */
  readonly predecessors: readonly Predecessor[];
  readonly minimumIsolation: IsolationGrade;
  /** What was proven here and now. */
  readonly grades: Grades;
}

/**
 * The decision before traffic moves. Only a pass passes (law 2): missing, stale, partial, inconclusive
 * and error deny like a fail, and a warn passes only where its check allows it. Pure and total.
 */
export function evaluateGate(preset: GatePreset, input: GateInput): Decision {
  const required = input.checks.filter((check) => check.phase !== "live");
  const grounds: Ground[] = [
    isolationGround(preset, input.minimumIsolation, input.grades.isolation),
    identityGround(preset, input.grades.identity),
    governanceGround(input.grades.governance),
    demandGround(preset, required),
    ...required.map((check) => checkGround(check, input.subject, input.evidence, input.now)),
    ...input.predecessors.map((predecessor) => predecessorGround(predecessor, input.now)),
  ];
  return decide(grounds, input.grades, { kind: "gate", preset, ...unordered(input) });
}

/** "Nothing was asked" is no evidence: the strict preset demands a check of what is deployed. */
function demandGround(preset: GatePreset, required: readonly CheckDemand[]): Ground {
  if (required.some((check) => check.phase === "deployed")) {
    const count = required.length === 1 ? "1 check is" : `${required.length} checks are`;
    return ground("allow", "checks", `${count} demanded here`);
  }
  return preset === "strict"
    ? ground("deny", "checks", "the strict gate demands at least one check of the deployed release")
    : ground("allow", "checks", "no check of the deployed release is demanded here");
}

/** The digest speaks of what was known, not of the order in which it arrived. */
function unordered(input: GateInput): Readonly<Record<string, unknown>> {
  return {
    ...input,
    checks: sortedByText(input.checks),
    evidence: sortedByText(input.evidence),
    predecessors: sortedByText(input.predecessors),
  };
}

function sortedByText(items: readonly object[]): readonly object[] {
  return items
    .map((item) => ({ item, text: canonicalJson(item) }))
    .sort((a, b) => compareText(a.text, b.text))
    .map(({ item }) => item);
}
