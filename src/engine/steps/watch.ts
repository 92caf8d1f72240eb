import type { Plan } from "../../model/plan.ts";
import { laneKey } from "../../model/primitives.ts";
import { checkRunsOf } from "../../store/queries/evidence.ts";
import { isAccepted, startCheck } from "../check-runs/check-runner.ts";
import { addressesOf } from "../check-runs/check-context.ts";
import { acceptedChecks } from "../decisions/accepted.ts";
import type { Waiting } from "../manual/ask.ts";
import { probe, type ProbeResult } from "../slots/probe.ts";
import { importJournal } from "../lanes/journal-import.ts";
import { describeRoute, routeSpec, sendsTo, weightsTo } from "../slots/route-spec.ts";
import { explainSlot } from "../slots/slot-report.ts";
import { generationOf } from "./deploy.ts";
import {
  failed,
  type StepContext,
  type StepDefinition,
  type StepOf,
  type StepResult,
} from "./step.ts";

/**
 * Look at the live colour until its time is over; so many bad looks in a row return the traffic
 * (S2-78). A look is bad when an instance is not ready, a probe of it or of the route does not answer as
 * it should, or the router sends users elsewhere. "Nothing was looked at" does not pass (law 2).
 */
export const watch: StepDefinition<"watch"> = {
  kind: "watch",
  async run(context, step) {
    const { plan, now } = context;
    const startedAt = context.step.started_at ?? now;
    const until = new Date(startedAt.getTime() + plan.watch.for);
    const before = badInARow(context);

    const bad = await lookAt(context, step);
    const inARow = bad ? before + 1 : 0;
    if (bad && inARow >= plan.watch.failures) {
      return failed(`${inARow} bad looks in a row: ${bad}`);
    }
    const late = await lateAnswer(context);
    if (late !== null) return failed(late);
    const checks = await liveChecks(context, step);
    if (checks.kind === "failed") return checks;
    if (now >= until && !bad && checks.kind === "passed") {
      return { kind: "done", message: `healthy for ${plan.watch.for / 1_000} s` };
    }
    // The time of the watch is over, and people are asked about what users have: it is watched until they answer.
    if (now >= until && !bad && checks.kind === "running" && checks.people) {
      return {
        kind: "wait",
        reason: `watching ${step.colour}: a person is asked about it`,
        who: checks.people.who,
        until: checks.people.until,
        againMs: plan.watch.interval,
        forPeople: true,
        ...(inARow === before ? {} : { detail: { badInARow: inARow } }),
      };
    }
    return {
      kind: "wait",
      reason: bad ? `a bad look at ${step.colour}: ${bad}` : `watching ${step.colour}`,
      who: "nobody: time ends it",
      until: now < until ? until : null,
      againMs: nextLook(plan, now, until),
      // A successor goes on counting where we stopped.
      ...(inARow === before ? {} : { detail: { badInARow: inARow } }),
    };
  },
};

function nextLook(plan: Plan, now: Date, until: Date): number {
  const rest = until.getTime() - now.getTime();
  return rest > 0 ? Math.min(plan.watch.interval, rest) : plan.watch.interval;
}

function badInARow({ step }: StepContext): number {
  const count = step.detail?.["badInARow"];
  return typeof count === "number" ? count : 0;
}

/** What is wrong now, or null. */
async function lookAt(context: StepContext, step: StepOf<"watch">): Promise<string | null> {
  const { plan, router, target } = context;
  const seen = await target.observe({ ...plan.lane, colour: step.colour });
  if (seen.state !== "ready") return explainSlot(context, seen);
  if (router) {
    const observed = await router.read(laneKey(plan.lane));
    if (!sendsTo(observed, step.colour)) {
      // Most likely the agent was faster and has returned the traffic: then this look is our last one.
      await importJournal(context.engine);
      return `the router says ${describeRoute(observed)}`;
    }
  }
  const results = await Promise.all(
    (await probeAddresses(context, step)).map((url) =>
      probe(url, { status: plan.watch.status, timeoutMs: probeTimeout(plan) }),
    ),
  );
  return (
    results.find((result): result is Extract<ProbeResult, { ok: false }> => !result.ok)?.why ?? null
  );
}

/** Every instance, and the way that users come, as far as it is plain HTTP. */
async function probeAddresses(
  context: StepContext,
  step: StepOf<"watch">,
): Promise<readonly string[]> {
  const { plan, router, environment } = context;
  const path = probePath(plan);
  if (path === null) return [];
  const instances = await addressesOf(context, step.colour);
  const route = router && routeSpec(plan, environment, weightsTo(step.colour));
  const front = route && !route.tls ? [`http://${reachable(route.listen)}`] : [];
  return [...instances, ...front].map((base) => base + path);
}

/** A wildcard address is where it listens, not where it can be reached. */
function reachable(listen: string): string {
  return listen.replace(/^0\.0\.0\.0:/, "127.0.0.1:").replace(/^\[::\]:/, "[::1]:");
}

/** The watch's own path, else that of the readiness probe; null where no process speaks HTTP. */
function probePath(plan: Plan): string | null {
  if (plan.watch.path !== undefined) return plan.watch.path;
  for (const process of Object.values(plan.processes)) {
    if (process.router !== "http" || process.port === "none") continue;
    if (process.ready.kind === "http" && process.ready.status === plan.watch.status) {
      return process.ready.path;
    }
  }
  return null;
}

function probeTimeout(plan: Plan): number {
  return Math.max(1_000, Math.min(plan.watch.interval * 2, 10_000));
}

/** A bad answer of a check that nobody waited for, while the release can still be taken back as one. */
async function lateAnswer(context: StepContext): Promise<string | null> {
  const { engine, plan, promotion } = context;
  if (!plan.checks.some((check) => check.outOfBand)) return null;
  const runs = await checkRunsOf(engine.db, promotion.id);
  const accepted = await acceptedChecks(context, runs);
  for (const demand of plan.checks.filter((check) => check.outOfBand)) {
    const last = runs.findLast((run) => run.name === demand.name);
    const report = last?.report;
    if (!last || !report || isAccepted(report.verdict, demand.allowWarn)) continue;
    if (accepted.has(demand.name)) continue;
    if (report.verdict === "error" && last.attempt <= demand.retries) continue;
    return `check ${demand.name} came late: ${report.verdict}: ${report.summary}`;
  }
  return null;
}

/** `people`: nothing runs any more, and somebody's answer is awaited. */
interface Running {
  readonly kind: "running";
  readonly people: Waiting | null;
}

/** Checks of phase `live` run once, while users are there already. */
async function liveChecks(
  context: StepContext,
  step: StepOf<"watch">,
): Promise<Extract<StepResult, { kind: "failed" }> | { kind: "passed" } | Running> {
  const demands = context.plan.checks.filter((check) => check.phase === "live");
  if (demands.length === 0) return { kind: "passed" };
  const runs = await checkRunsOf(context.engine.db, context.promotion.id);
  const subject = { colour: step.colour, generation: generationOf(context, "live") };
  let running = false;
  let machines = false;
  let people: Waiting | null = null;
  for (const demand of demands) {
    const last = runs
      .filter((run) => run.step === context.step.index && run.name === demand.name)
      .at(-1);
    const report = last?.report;
    if (report && isAccepted(report.verdict, demand.allowWarn)) continue;
    const again = report?.verdict === "error" && last && last.attempt <= demand.retries;
    if (report && !again) {
      return {
        kind: "failed",
        message: `check ${demand.name}: ${report.verdict}: ${report.summary}`,
      };
    }
    running = true;
    const attempt = last ? last.attempt + (report ? 1 : 0) : 1;
    const run = { index: context.step.index, attempt, subject };
    const held = await startCheck(context, demand, run);
    if (held?.people) people = held.people;
    else machines = true;
  }
  return running ? { kind: "running", people: machines ? null : people } : { kind: "passed" };
}
