import { errorReport } from "../../checks/run.ts";
import type { CheckDemand } from "../../model/pipeline.ts";
import type { PlanStep } from "../../model/plan.ts";
import { type CheckNode, nextMoves, scansBefore } from "../../policy/check-graph.ts";
import { checkRunsOf } from "../../store/queries/evidence.ts";
import type { CheckRunRow } from "../../store/schema.ts";
import type { Subject } from "../check-runs/check-context.ts";
import { type Held, isAccepted, startCheck } from "../check-runs/check-runner.ts";
import type { Engine } from "../engine.ts";
import { acceptedChecks } from "../decisions/accepted.ts";
import { decisionOnChecks } from "../decisions/evidence.ts";
import { recordNotBegun } from "../promotions/not-begun.ts";
import { generationOf } from "./deploy.ts";
import {
  failed,
  type StepContext,
  type StepDefinition,
  type StepOf,
  type StepResult,
} from "./step.ts";

/** A check step with what its runs have come to so far. */
interface Placed {
  readonly index: number;
  readonly step: StepOf<"check">;
  readonly demand: CheckDemand;
  readonly runs: readonly CheckRunRow[];
  readonly node: CheckNode;
}

/**
 * Run one check and keep its report. The check steps around it run as one graph (policy/check-graph.ts):
 * independent ones together, cheap ones first, and the first that does not pass ends the promotion (law 2).
 */
export const check: StepDefinition<"check"> = {
  kind: "check",
  async run(context, step) {
    const { engine, plan, promotion } = context;
    const runs = await checkRunsOf(engine.db, promotion.id);
    const accepted = await acceptedChecks(context, runs);
    const placed = placedChecks(context, runs, accepted);
    const own = placed.find(({ index }) => index === context.step.index);
    if (!own) return failed(`the plan has no check named ${step.check}`);
    const bad = placed.find(({ node }) => node.state === "failed");
    if (bad) return endOn(context, bad, plan.steps);
    const waits = new Map<string, Held>();
    // What a worker has left running is taken up again; what waits for people is asked whether they came.
    for (const one of placed) {
      if (one.node.state !== "running") continue;
      const on = await begin(context, one);
      if (on !== null) waits.set(one.node.name, on);
    }
    const moves = nextMoves(
      placed.map(({ node }) => node),
      { atOnce: engine.settings.checksAtOnce },
    );
    for (const one of placed) {
      const move = moves.get(one.node.name);
      if (move?.kind === "wait") waits.set(one.node.name, { why: move.why });
      if (move?.kind === "skip") return failed(`check ${one.node.name} cannot begin: ${move.why}`);
      if (move?.kind !== "start") continue;
      const on = await begin(context, one);
      if (on !== null) waits.set(one.node.name, on);
    }
    const report = own.runs.at(-1)?.report;
    if (own.node.state === "passed" && report) {
      const waived = accepted.get(own.node.name);
      return { kind: "done", message: waived ?? `${report.verdict}: ${report.summary}` };
    }
    const held = waits.get(own.node.name);
    if (own.node.outOfBand && held === undefined) {
      return { kind: "done", message: "begun; the promotion goes on without its answer" };
    }
    return waitOf(context, placed, step.check, held, waits);
  },
};

/** A wait for people costs nothing: nobody looks until an answer wakes the lane, or the time is over. */
function waitOf(
  { engine, now }: StepContext,
  placed: readonly Placed[],
  name: string,
  held: Held | undefined,
  waits: ReadonlyMap<string, Held>,
): StepResult {
  const { settings } = engine;
  // What is not held up runs, in this process or another.
  const busy = placed.some(
    ({ node: { state, name: one } }) =>
      (state === "running" || state === "idle") && !waits.has(one),
  );
  if (!held?.people) {
    return {
      kind: "wait",
      reason: held === undefined ? `check ${name} runs` : `check ${name} waits: ${held.why}`,
      who: "the check",
      until: null,
      againMs: settings.pollMs,
    };
  }
  const rest = Math.max(0, held.people.until.getTime() - now.getTime());
  return {
    kind: "wait",
    reason: `check ${name} waits for a person`,
    who: held.people.who,
    until: held.people.until,
    againMs: busy ? settings.pollMs * 5 : Math.min(rest + 50, longestLookMs),
    forPeople: !busy,
  };
}

/** However long it waits, it is looked at this often: an answer wakes it, and a wake-up may be lost. */
const longestLookMs = 60_000;

/** Every check up to the end of the unbroken run of check steps that this one stands in. */
function placedChecks(
  context: StepContext,
  runs: readonly CheckRunRow[],
  accepted: ReadonlyMap<string, string>,
): readonly Placed[] {
  const { steps } = context.plan;
  const rest = steps.findIndex(
    (step, index) => index > context.step.index && step.kind !== "check",
  );
  const placed = steps.slice(0, rest < 0 ? steps.length : rest).flatMap((step, index) => {
    const demand =
      step.kind === "check"
        ? context.plan.checks.find((one) => one.name === step.check)
        : undefined;
    if (step.kind !== "check" || !demand) return [];
    const own = runs.filter((run) => run.step === index);
    const state = stateOf(demand, own.at(-1), accepted.has(demand.name));
    return [{ index, step, demand, runs: own, node: nodeOf(context, step, demand, state) }];
  });
  return afterScans(context.engine, placed);
}

/** What judges findings waits for the scans that bring them. */
function afterScans({ checks }: Engine, placed: readonly Placed[]): readonly Placed[] {
  const isScan = ({ demand }: Placed) => checks.get(demand.uses)?.judgedBy === "observations";
  const scans = new Set(placed.filter(isScan).map(({ node }) => node.name));
  const after = [...placed];
  // One after the other, so that two of them never come to wait for each other.
  for (const [index, one] of placed.entries()) {
    if (!checks.get(one.demand.uses)?.leansOnScans) continue;
    const nodes = after.map(({ node }) => node);
    const needs = [...one.node.needs, ...scansBefore(nodes, one.node.name, scans)];
    after[index] = { ...one, node: { ...one.node, needs: [...new Set(needs)] } };
  }
  return after;
}

function nodeOf(
  { engine, plan }: StepContext,
  step: StepOf<"check">,
  demand: CheckDemand,
  state: CheckNode["state"],
): CheckNode {
  // One that this server does not have says so as soon as it is asked.
  const adapter = engine.checks.get(demand.uses);
  return {
    name: demand.name,
    cost: adapter?.cost ?? "cheap",
    disturbs: adapter?.disturbs ?? [],
    sensitiveTo: adapter?.sensitiveTo ?? [],
    subject: step.colour && `${plan.lane.service}/${plan.lane.environment}/${step.colour}`,
    needs: demand.needs ?? [],
    outOfBand: demand.outOfBand ?? false,
    exclusive: demand.exclusive ?? false,
    state,
  };
}

/** A finding is never tried away; only an error of the check itself is tried again. */
function stateOf(
  demand: CheckDemand,
  last: CheckRunRow | undefined,
  waived: boolean,
): CheckNode["state"] {
  if (last === undefined) return "idle";
  if (!last.report) return "running";
  if (isAccepted(last.report.verdict, demand.allowWarn)) return "passed";
  if (last.report.verdict === "error" && last.attempt <= demand.retries) return "idle";
  return waived ? "passed" : "failed";
}

/** Null, or why it does not go on. */
async function begin(context: StepContext, one: Placed): Promise<Held | null> {
  const last = one.runs.at(-1);
  // Begun once: its lease is its own.
  if (one.demand.outOfBand && last && !last.report) return null;
  const attempt = last === undefined ? 1 : last.report ? last.attempt + 1 : last.attempt;
  const subject = subjectOf(context, one.step);
  return startCheck(context, one.demand, { index: one.index, attempt, subject });
}

function subjectOf(context: StepContext, step: StepOf<"check">): Subject | null {
  if (step.colour === null) return null;
  const bindings = context.plan.strategy === "recreate" ? "live" : "isolated";
  return { colour: step.colour, generation: generationOf(context, bindings) };
}

/** The promotion ends on this check; what was not begun or has not ended by then says so. */
async function endOn(
  context: StepContext,
  { demand, runs }: Placed,
  steps: readonly PlanStep[],
): Promise<StepResult> {
  const report = runs.at(-1)?.report ?? errorReport("it left no report");
  const ended = demand.phase === "static" ? "static" : "deployed";
  const decided = await decisionOnChecks(context, ended);
  return {
    kind: "failed",
    message: `check ${demand.name}: ${report.verdict}: ${report.summary}`,
    ...(decided === null ? {} : { decided }),
    record: (tx) => recordNotBegun(context, tx, steps, demand.name),
  };
}
