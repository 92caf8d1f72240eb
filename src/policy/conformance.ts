import type { Conformance } from "../model/conformance.ts";
import type { Decision } from "../model/decision.ts";
import type { Environment } from "../model/pipeline.ts";
import type { Digest } from "../model/primitives.ts";
import type { Exercised, Verdict } from "../model/verdict.ts";
import { compareText } from "./decide.ts";
import { type DemandedCheck, demandDigest } from "./evidence.ts";
import { controlGround, type GateInput } from "./gate.ts";
import type { DecisionInputs } from "./replay.ts";

export type GateInputs = Extract<DecisionInputs, { kind: "gate" }>;

/** A signed statement about a check run, as far as the report reads it. */
export interface RunStatement {
  readonly digest: Digest;
  readonly check: { readonly name: string; readonly demand: Digest };
  readonly run: string;
  readonly verdict: Verdict;
  readonly exercised: Exercised;
  readonly tools: Readonly<Record<string, string>>;
  readonly identity: "none" | "bound" | "native";
  readonly finishedOn: string;
  readonly report: { readonly digest: Digest } | null;
}

/** What the report says of the policy: documents by digest, and the floor that the environment's one declares. */
export type ConformanceFrame = Pick<Conformance, "promotion" | "policy">;

/**
 * The report over one decision of a gate. Pure: the same inputs and statements give the same report, on the
 * server before the switch and from an audit pack years later.
 */
export function makeConformance(
  frame: ConformanceFrame,
  inputs: GateInputs,
  decision: Decision,
  statements: readonly RunStatement[],
): Conformance {
  const { service, environment, colour, release, configuration } = inputs.subject;
  const floor = new Set(frame.policy.floor.checks);
  const controls = inputs.checks
    .map((check) => controlOf(check, inputs, statements, floor))
    .sort((a, b) => compareText(a.name, b.name));
  return {
    formatVersion: 1,
    promotion: frame.promotion,
    subject: { service, environment, colour, release, configuration },
    policy: frame.policy,
    decision: {
      outcome: decision.outcome,
      inputs: decision.inputs,
      evaluator: decision.evaluator ?? "",
      asOf: inputs.now,
    },
    controls,
    grades: {
      isolation: decision.grades.isolation,
      identity: decision.grades.identity,
      governance: decision.grades.governance,
    },
    predecessors: inputs.predecessors.map(({ environment: name, verifiedAt, soakMs }) => ({
      environment: name,
      verifiedAt,
      soakMs,
    })),
    requirements: inputs.requirements.map(({ asked, met, message }) => ({ asked, met, message })),
    exceptions: decision.reasons
      .filter(
        ({ outcome, rule }) =>
          outcome === "break-glass" || (outcome === "allow" && exceptional.has(rule)),
      )
      .map(({ rule, message }) => ({ rule, message })),
    reasons: decision.reasons,
  };
}

/** Rules that let something through which is no plain pass. */
const exceptional: ReadonlySet<string> = new Set(["check.warn", "check.pending", "check.waived"]);

function controlOf(
  check: DemandedCheck,
  inputs: GateInputs,
  statements: readonly RunStatement[],
  floor: ReadonlySet<Digest>,
): Conformance["controls"][number] {
  const demand = demandDigest(check);
  const later = {
    outcome: "later",
    rule: "check.live",
    message: "it runs after the switch",
  } as const;
  const { outcome, rule, message } =
    check.phase === "live"
      ? later
      : controlGround(check, inputs as Pick<GateInput, "subject" | "evidence" | "now" | "waivers">);
  const own = inputs.evidence.filter((item) => item.check === check.name && item.demand === demand);
  return {
    name: check.name,
    uses: check.uses,
    demand,
    phase: check.phase,
    allowWarn: check.allowWarn,
    minimum: check.minimum ?? null,
    floor: floor.has(demand),
    outcome,
    rule,
    message,
    evidence: own
      .map(({ verdict, summary, at, exercised }) => ({
        verdict,
        summary,
        at,
        exercised,
        statement: statementOf({ check: check.name, demand, verdict, at }, statements),
      }))
      .sort((a, b) => compareText(a.at, b.at) || compareText(a.summary, b.summary)),
  };
}

function statementOf(
  item: {
    readonly check: string;
    readonly demand: Digest;
    readonly verdict: Verdict;
    readonly at: string;
  },
  statements: readonly RunStatement[],
): Conformance["controls"][number]["evidence"][number]["statement"] {
  const found = statements
    .filter(
      ({ check, verdict, finishedOn }) =>
        check.name === item.check &&
        check.demand === item.demand &&
        verdict === item.verdict &&
        finishedOn === item.at,
    )
    .sort((a, b) => compareText(a.digest, b.digest))[0];
  if (found === undefined) return null;
  const { digest, run, tools, identity, report } = found;
  return { digest, run, tools, identity, report: report?.digest ?? null };
}

/** What of an environment's document the floor is read from. */
interface FloorDeclaration {
  readonly spec: {
    readonly floor: Pick<Environment["spec"]["floor"], "gate" | "isolation" | "minimumSoak"> & {
      readonly checks: readonly Pick<DemandedCheck, "uses" | "with" | "minimum">[];
    };
  };
}

/** The floor as the report shows it. */
export function floorOf({ spec }: FloorDeclaration): Conformance["policy"]["floor"] {
  const { gate, isolation, minimumSoak, checks } = spec.floor;
  return {
    gate,
    isolation,
    minimumSoakMs: minimumSoak,
    checks: checks.map((check) => demandDigest(check)).sort(compareText),
  };
}
