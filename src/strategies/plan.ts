import type { Scanner } from "../model/diversity.ts";
import type { HighRisk, Touched } from "../model/high-risk.ts";
import type { CheckDemand, Environment, Pipeline } from "../model/pipeline.ts";
import { Plan, type PlanStep } from "../model/plan.ts";
import type { Digest, Lane } from "../model/primitives.ts";
import { TidelockError } from "../model/errors.ts";
import { applyFloor } from "../policy/floor.ts";
import { touchedClasses } from "../policy/high-risk/classify.ts";
import { obligationsIn } from "../policy/obligations/asked.ts";
import { reviewDemands } from "../policy/high-risk/reviews.ts";
import { demandedBefore, policyDigest } from "../policy/policy-of.ts";
import { blueGreenReturn, blueGreenSteps, switchBackSteps } from "./blue-green.ts";
import { newColour } from "./compensation.ts";
import { processesIn, routedProcess, wishFor } from "./demands.ts";
import { recreateReturn, recreateSteps } from "./recreate.ts";
import type { StrategyInput } from "./strategy.ts";

/** What a plan is made from: registered documents and what is live now. Nothing else enters. */
export interface PlanInput {
  readonly lane: Lane;
  readonly release: Digest;
  readonly configuration: Digest;
  readonly pipeline: { readonly digest: Digest; readonly document: Pipeline };
  readonly environment: { readonly digest: Digest; readonly document: Environment };
  readonly live: Plan["live"];
  /** What of high risk the change to `live` touches; absent where nobody asked. */
  readonly touched?: readonly Touched[] | undefined;
  /** What demanded checks count as when different programs are asked for; adapters declare it. */
  readonly scannersOf: (checks: readonly CheckDemand[]) => readonly Scanner[];
}

/**
 * Forward: the release goes through every check and gate. Back: the same release set is started with its
 * live bindings at once, because its evidence was gathered when it first came (law 9). Switch back: the
 * old colour still stands, and only the traffic moves.
 */
export type Direction = "forward" | "back" | "switch-back";

/** The frozen plan of one promotion: pure, so that the same inputs always have the same digest. */
export function makePlan(input: PlanInput, direction: Direction): Plan {
  const pipeline = input.pipeline.document;
  const environment = input.environment.document;
  const wish = wishFor(pipeline, input.lane.environment);
  const demands = applyFloor(wish, environment.spec.floor);
  const touched = direction === "forward" ? touchedIn(demands.risks, input.touched) : [];
  const checks = [
    ...demands.checks,
    ...reviewDemands(demands.risks ?? [], touched, demands.checks),
  ];
  const from = input.live?.colour ?? null;
  const strategyInput: StrategyInput = {
    from,
    to: newColour(input.live),
    staticChecks: namesOf(checks, "static"),
    deployedChecks: namesOf(checks, "deployed"),
  };
  const processes = processesIn(pipeline, wish);
  const obligations = direction === "forward" ? obligationsIn(pipeline, environment) : null;
  return {
    formatVersion: 1,
    kind: direction === "forward" ? "promotion" : "rollback",
    lane: { service: input.lane.service, environment: input.lane.environment },
    release: input.release,
    configuration: input.configuration,
    pipeline: input.pipeline.digest,
    environment: input.environment.digest,
    policy: policyDigest(pipeline, environment),
    strategy: wish.strategy,
    target: environment.spec.target.type,
    router: routedProcess(processes) === null ? "none" : environment.spec.router.type,
    live: input.live,
    processes,
    checks,
    watch: wish.watch,
    gate: demands.gate,
    ...(demands.rules === undefined || direction === "switch-back"
      ? {}
      : { rules: [...demands.rules] }),
    minimumIsolation: demands.minimumIsolation,
    ...(demands.diversity === undefined || direction !== "forward"
      ? {}
      : {
          diversity: {
            asked: demands.diversity,
            scanners: [...input.scannersOf(demands.checks)],
          },
        }),
    ...(demands.maxAgeMs === undefined ? {} : { maxAgeMs: demands.maxAgeMs }),
    ...(obligations === null ? {} : { obligations }),
    ...(touched.length === 0 ? {} : { risks: [...touched] }),
    ...(demands.approvals === undefined || direction !== "forward"
      ? {}
      : { approvals: [...demands.approvals] }),
    drainMs: wish.drain,
    rollbackWindowMs: wish.rollbackWindow,
    soakMs: demands.soakMs,
    onControlLoss: wish.onControlLoss,
    ...(wish.onLateFailure === undefined ? {} : { onLateFailure: wish.onLateFailure }),
    timeoutMs: wish.timeout,
    predecessors: [...demandedBefore(pipeline, environment)],
    steps: [...stepsFor(wish.strategy, direction, strategyInput)],
  };
}

/** Of all that is touched, what somebody asks for. Whoever did not look may have touched anything. */
function touchedIn(
  risks: readonly HighRisk[] = [],
  touched: readonly Touched[] = touchedClasses(null, risks),
): readonly Touched[] {
  return touched.filter((one) => risks.some((risk) => risk.class === one.class));
}

function stepsFor(
  strategy: Plan["strategy"],
  direction: Direction,
  input: StrategyInput,
): readonly PlanStep[] {
  if (direction === "switch-back") return switchBackSteps(input);
  if (strategy === "recreate") {
    return direction === "forward" ? recreateSteps(input) : recreateReturn(input);
  }
  return direction === "forward" ? blueGreenSteps(input) : blueGreenReturn(input);
}

function namesOf(checks: readonly CheckDemand[], phase: "static" | "deployed"): readonly string[] {
  return checks.filter((check) => check.phase === phase).map((check) => check.name);
}

/** Reads a stored plan. A version that this program does not know is refused visibly, never guessed. */
export function readPlan(stored: unknown): Plan {
  const parsed = Plan.safeParse(stored);
  if (parsed.success) return parsed.data;
  const version = (stored as { formatVersion?: unknown } | null)?.formatVersion;
  // Whoever made it could read it: what fits no format is damaged, and no other program knows better.
  if (typeof version !== "number" || version <= 1) {
    const why = parsed.error.issues[0]?.message ?? "it is empty";
    throw new TidelockError("digest-mismatch", `this promotion's plan cannot be read: ${why}`, {
      hint: "abort it, and promote again",
    });
  }
  throw new TidelockError(
    "incompatible",
    `this promotion's plan has format ${version}, and this program knows format 1`,
    { hint: "run the version of Tidelock that made it, or abort the promotion" },
  );
}

/** `check smoke on green`: what a person reads. */
export function titleOf(step: PlanStep): string {
  switch (step.kind) {
    case "deploy":
      return `deploy to ${step.colour} with ${step.bindings} bindings`;
    case "ready":
      return `wait until ${step.colour} is ready (${step.bindings})`;
    case "prove-identity":
      return `prove the identity of ${step.colour} (${step.bindings})`;
    case "check":
      return step.colour ? `check ${step.check} on ${step.colour}` : `check ${step.check}`;
    case "stop":
      return `stop ${step.colour}`;
    case "switch":
      return step.from
        ? `switch traffic from ${step.from} to ${step.to}`
        : `give traffic to ${step.to}`;
    case "verify-route":
      return `read the route back: ${step.colour}`;
    case "watch":
      return `watch ${step.colour}`;
    case "complete":
      return `complete on ${step.colour}`;
    case "admit":
    case "gate":
      return step.kind;
  }
}
