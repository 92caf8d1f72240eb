import type { Scanner } from "../model/diversity.ts";
import { canonicalJson } from "../model/canonical.ts";
import type { CheckDemand, Environment, Pipeline } from "../model/pipeline.ts";
import { defaultWaiverPolicy } from "../model/waiver.ts";
import { approvalsUnder } from "./approvals.ts";
import type { Decided } from "./decide.ts";
import { demandDigest, type Evidence } from "./evidence.ts";
import { applyFloor, type Demands } from "./floor.ts";
import { endedRule } from "./gate.ts";
import { obligationsIn } from "./obligations/asked.ts";
import { demandedBefore, policyDigest } from "./policy-of.ts";
import type { ScheduleSays } from "./schedule.ts";
import { decideAgain, type DecisionInputs } from "./replay.ts";

/** The documents of one lane: what is demanded there follows from them alone. */
export interface LanePolicy {
  readonly pipeline: Pipeline;
  readonly environment: Environment;
}

/** What no document says by itself. */
export interface CheckFacts {
  /** What windows and freezes of these documents say at a moment; undefined: there are none. */
  readonly scheduleAt: (policy: LanePolicy, now: string) => ScheduleSays | undefined;
  readonly scannersOf: (checks: readonly CheckDemand[]) => readonly Scanner[];
  /** Whether it attacks, writes or loads what it tests. */
  readonly isIntrusive: (check: CheckDemand) => boolean;
}

/** Where in a promotion a decision was made: on failed checks not all of them had run, afterwards nothing moves. */
export type DecidedAt = "admission" | "gate" | "checks" | "after";

export interface Question {
  /** As it was, by the plan. */
  readonly before: LanePolicy;
  /** As it would be. */
  readonly policy: LanePolicy;
  readonly at: DecidedAt;
  /** A return is not held to what is demanded (law 9): nothing of it would differ. */
  readonly returning: boolean;
  readonly facts: CheckFacts;
  /** How long a release has to soak there under what would be registered; null: as the inputs say. */
  readonly soakMs: (environment: string) => number | null;
}

/** A decision as it would be, or why nobody can say. */
export type Under =
  | {
      readonly ok: true;
      readonly decided: Decided;
      /** What is demanded now and nobody was asked for then: it denies as missing, and nobody failed it. */
      readonly notAsked: readonly string[];
    }
  | { readonly ok: false; readonly problem: string };

/**
 * The decision that the same evidence would have come to under another policy. Evidence is of a demand, whatever
 * name that bears: a check that is only called otherwise keeps its verdict, one with another configuration has none.
 * Pure, and total over inputs that `replay` reads.
 */
export function decideUnder(kept: DecisionInputs, question: Question): Under {
  const { policy, returning } = question;
  if (returning) return { ok: true, decided: decideAgain(kept), notAsked: [] };
  const environment = policy.environment.metadata.name;
  const lane = policy.pipeline.spec.environments.find(({ name }) => name === environment);
  if (lane === undefined) {
    return unknown("the service does not go to this environment under the new policy");
  }
  const floored = applyFloor(lane, policy.environment.spec.floor);
  const reviews = reviewsUnder(kept, floored, question);
  if (typeof reviews === "string") return unknown(reviews);
  const demands = { ...floored, checks: [...floored.checks, ...reviews] };
  const shared = sharedUnder(kept, question, demands);
  if (typeof shared === "string") return unknown(shared);
  const { inputs, schedule, notAsked } = shared;
  const timed = schedule === undefined ? {} : { schedule };
  if (kept.kind === "gate") {
    const { schedule: _then, ...rest } = kept;
    return gateUnder({ ...rest, ...inputs, ...timed }, question, demands, notAsked);
  }
  const { schedule: _then, ...rest } = kept;
  return admissionUnder({ ...rest, ...inputs, ...timed }, question, demands, notAsked);
}

type Predecessor = DecisionInputs["predecessors"][number];
type Requirement = DecisionInputs["requirements"][number];
type GateInputs = Extract<DecisionInputs, { kind: "gate" }>;
type AdmissionInputs = Extract<DecisionInputs, { kind: "admission" }>;

function unknown(problem: string): Under {
  return { ok: false, problem };
}

/** What gate and admission have in common. A sentence: why it cannot be said. */
function sharedUnder(
  kept: DecisionInputs,
  { policy, before, at, soakMs, facts }: Question,
  demands: Demands,
) {
  const standing = at === "gate" || at === "admission";
  const predecessors = standing ? predecessorsUnder(kept, policy, soakMs) : kept.predecessors;
  const requirements = standing ? requirementsUnder(kept, policy, before) : kept.requirements;
  if (typeof requirements === "string") return requirements;
  const schedule = standing ? scheduleUnder(kept, policy, facts) : kept.schedule;
  return {
    schedule,
    inputs: {
      preset: demands.gate,
      minimumIsolation: demands.minimumIsolation,
      predecessors: [...predecessors],
      requirements: [...requirements],
      policy: policyDigest(policy.pipeline, policy.environment),
    },
    notAsked: [
      ...predecessors
        .filter(
          ({ environment }) => !kept.predecessors.some((one) => one.environment === environment),
        )
        .slice(0, standing ? undefined : 0)
        .map(({ environment }) => `that ${environment} verified it first`),
      ...requirements
        .filter((one) => !kept.requirements.includes(one))
        .map(({ asked }) => `a statement: ${asked}`),
    ],
  };
}

/** The same calendars say what they said then; others are asked, and the clock is as it was. */
function scheduleUnder(
  kept: DecisionInputs,
  policy: LanePolicy,
  facts: CheckFacts,
): DecisionInputs["schedule"] {
  const now = facts.scheduleAt(policy, kept.now);
  const then = kept.schedule;
  if (now === undefined) return undefined;
  if (canonicalJson(now.calendars) === canonicalJson(then?.calendars ?? [])) return then;
  const clock = then?.clock;
  return { ...now, ...(clock === undefined ? {} : { clock }) } as unknown as typeof then;
}

function predecessorsUnder(
  kept: DecisionInputs,
  { pipeline, environment }: LanePolicy,
  soakMs: Question["soakMs"],
): readonly Predecessor[] {
  return demandedBefore(pipeline, environment).map((name) => {
    const known = kept.predecessors.find((one) => one.environment === name);
    const soak = soakMs(name) ?? known?.soakMs ?? 0;
    return known
      ? { ...known, soakMs: soak }
      : { environment: name, verifiedAt: null, healthy: null, soakMs: soak };
  });
}

/** What is said of a statement that no policy demanded. */
export const notAskedThen = "nobody was asked for it when this was decided";

/** Answers stand by kind, not by demand: they hold for the demands that they were given to, all of them. */
function requirementsUnder(
  kept: DecisionInputs,
  policy: LanePolicy,
  before: LanePolicy,
): readonly Requirement[] | string {
  const [now, then] = [policy, before].map(({ environment }) => environment.spec.requires);
  if (textOf(now) === textOf(then)) return kept.requirements;
  if (now === undefined) return [];
  if (then !== undefined) {
    return "what has to be stated about a release (spec.requires) is another, and what was stated then is not among the inputs";
  }
  const asked: Requirement["asked"][] = [
    ...now.signature.map(() => "signature" as const),
    ...now.provenance.map(() => "provenance" as const),
    ...(now.sbom === undefined ? [] : ["sbom" as const]),
    ...now.attestations.map(() => "attestation" as const),
  ];
  return asked.map((one) => ({ asked: one, met: false, message: notAskedThen }));
}

/** The reviews that the change asked for then: what else would have asked for one depends on files that are not kept. */
function reviewsUnder(
  kept: DecisionInputs,
  { risks }: Demands,
  { before }: Question,
): readonly CheckDemand[] | string {
  const lane = before.pipeline.spec.environments.find(
    ({ name }) => name === before.environment.metadata.name,
  );
  const then = lane && applyFloor(lane, before.environment.spec.floor);
  if (textOf(risks) !== textOf(then?.risks)) {
    return "which changes ask for a review (risks) is another, and the changed files are not among the inputs";
  }
  if (risks === undefined || kept.kind !== "gate") return [];
  // Only what was changed adds to what documents demand.
  const added = kept.checks.filter(({ name }) => !then?.checks.some((one) => one.name === name));
  return added as unknown as readonly CheckDemand[];
}

/** Requirements and threats, over the runs that were looked at then. A sentence: others would have to be looked at. */
function obligationsUnder(
  kept: GateInputs,
  { policy, at }: Question,
): GateInputs["obligations"] | string {
  if (at !== "gate") return kept.obligations;
  const now = obligationsIn(policy.pipeline, policy.environment);
  if (now === null) return undefined;
  const usesOf = (asked: typeof now.asked) =>
    asked.flatMap(({ proofs }) => proofs.map(({ uses }) => uses));
  const known = new Set(usesOf((kept.obligations?.asked ?? []) as typeof now.asked));
  const [fresh] = usesOf(now.asked).filter((uses) => !known.has(uses));
  if (fresh !== undefined) {
    return `it asks for a requirement or threat that runs by ${fresh} show, and those are not among the inputs`;
  }
  return { ...now, runs: kept.obligations?.runs ?? [] } as unknown as GateInputs["obligations"];
}

function gateUnder(
  kept: GateInputs,
  question: Question,
  demands: Demands,
  notAsked: readonly string[],
): Under {
  const { at, facts, policy } = question;
  const obligations = obligationsUnder(kept, question);
  if (typeof obligations === "string") return unknown(obligations);
  const rules = at === "checks" ? kept.rules : demands.rules;
  const asksMore = textOf(rules) !== textOf(kept.rules) && rules !== undefined;
  if (asksMore && (kept.facts === undefined || kept.facts === null)) {
    return unknown("its rules ask about facts, and none were gathered when this was decided");
  }
  const evidence = evidenceFor(demands.checks, kept.evidence as readonly Evidence[]);
  const asked = new Set(kept.checks.map(identity));
  const reported = new Set(evidence.map(({ check }) => check));
  // What failed early was decided over the checks that had run by then.
  const checks =
    at === "checks" ? demands.checks.filter(({ name }) => reported.has(name)) : demands.checks;
  const {
    diversity: _then,
    rules: _rules,
    maxAgeMs: _age,
    obligations: _asked,
    approvals: _who,
    ...rest
  } = kept;
  const inputs = {
    ...rest,
    ...(obligations === undefined ? {} : { obligations }),
    ...(kept.waivers === undefined
      ? {}
      : {
          waivers: {
            ...kept.waivers,
            policy: policy.environment.spec.waivers ?? defaultWaiverPolicy,
          },
        }),
    ...(rules === undefined ? {} : { rules }),
    // What was decided again later has kept who had approved; what was looked at afterwards has not.
    ...(at === "gate" || (at === "after" && kept.approvals !== undefined)
      ? approvalsUnder(kept, demands.approvals)
      : {}),
    ...(demands.maxAgeMs === undefined || at !== "gate" ? {} : { maxAgeMs: demands.maxAgeMs }),
    checks: checks.map((check) => ({ ...check })),
    evidence,
    ...(demands.diversity === undefined || at === "checks"
      ? {}
      : {
          diversity: {
            asked: demands.diversity,
            scanners: facts.scannersOf(demands.checks).map((one) => ({
              ...one,
              kinds: [...one.kinds],
            })),
          },
        }),
  };
  const fresh = checks.filter((check) => check.phase !== "live" && !asked.has(identity(check)));
  return {
    ok: true,
    decided: decidedOr(inputs as unknown as GateInputs),
    notAsked: [...notAsked, ...fresh.map(({ name }) => `check ${name}`)],
  };
}

/** What would not have ended it any more is decided as at a gate, over what there was. */
function decidedOr(inputs: GateInputs): Decided {
  const decided = decideAgain(inputs);
  const against = decided.decision.reasons.filter(({ outcome }) => outcome === "deny");
  if (!against.every(({ rule }) => rule === endedRule)) return decided;
  const { ended: _before, ...rest } = inputs;
  return decideAgain(rest);
}

function admissionUnder(
  kept: AdmissionInputs,
  { before, facts, policy }: Question,
  demands: Demands,
  notAsked: readonly string[],
): Under {
  const intrusive = demands.checks.filter(
    (check) => check.phase === "deployed" && facts.isIntrusive(check),
  );
  if (intrusive.length > 0 && kept.testBindings === undefined) {
    const { length } = intrusive;
    return unknown(
      `${length === 1 ? "a check that attacks is" : `${length} checks that attack are`} demanded, and what it would have met on the colour under test is not among the inputs`,
    );
  }
  const { testBindings, ...rest } = kept;
  // Keys that a pipeline needs are no policy; they differ where the document does.
  const needs = (of: LanePolicy) => of.pipeline.spec.configuration;
  const added = needs(policy).filter((key) => !needs(before).includes(key));
  const inputs = {
    ...rest,
    keys: { ...kept.keys, needed: [...kept.keys.needed, ...added] },
    ...(testBindings === undefined || intrusive.length === 0
      ? {}
      : { testBindings: { ...testBindings, intrusive: intrusive.map(({ name }) => name) } }),
  };
  return { ok: true, decided: decideAgain(inputs as unknown as AdmissionInputs), notAsked };
}

/** What each demand would have had to show: its own runs, or those of the same demand under another name. */
function evidenceFor(
  demands: readonly CheckDemand[],
  evidence: readonly Evidence[],
): readonly Evidence[] {
  return demands.flatMap((demand) => {
    const digest = demandDigest(demand);
    const named = evidence.filter(({ check }) => check === demand.name);
    if (named.some((item) => item.demand === digest)) return named;
    const same = evidence.filter((item) => item.demand === digest);
    return same.length === 0 ? named : same.map((item) => ({ ...item, check: demand.name }));
  });
}

/** What was asked, whatever it was called. */
function identity(check: Pick<CheckDemand, "uses" | "with" | "phase"> & object): string {
  return `${check.phase} ${demandDigest(check)}`;
}

function textOf(value: object | undefined): string {
  return value === undefined ? "" : canonicalJson(value);
}
