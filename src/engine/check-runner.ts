import { createReadStream } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { CheckDemand } from "../model/pipeline.ts";
import { asTidelockError, TidelockError } from "../model/errors.ts";
import { type Colour, type Digest, type Lane, laneKey } from "../model/primitives.ts";
import { releaseName } from "../model/release.ts";
import { type CheckReport, CheckReport as CheckReportSchema } from "../model/verdict.ts";
import type { Verdict } from "../model/verdict.ts";
import { errorReport, runCheck } from "../checks/run.ts";
import type { CheckContext } from "../ports/check.ts";
import { routedProcess } from "../strategies/demands.ts";
import { insertCheckRun, reportCheckRun } from "../store/queries/evidence.ts";
import { announce } from "../store/queries/events.ts";
import { attestCheckRun } from "./attest-promotion.ts";
import { secretValues } from "./bindings.ts";
import type { Engine } from "./engine.ts";
import { searchCredentials } from "./credential-search.ts";
import { identityOf } from "./evidence.ts";
import { judgeReport } from "./judging/judge-report.ts";
import { withLease } from "./lease.ts";
import { beginScan, type ScanMark, whyVoid } from "./scan-marks.ts";
import { routeSpec, weightsTo } from "./route-spec.ts";
import { configurationOf, verifiedArtifacts } from "./slot-spec.ts";
import type { StepContext } from "./steps/step.ts";

/** What a check tests: a colour and the generation of instances on it. */
export interface Subject {
  readonly colour: Colour;
  readonly generation: string;
}

/** Only a pass passes; a warning where the demand says so (law 2). */
export function isAccepted(verdict: Verdict, allowWarn: boolean): boolean {
  return verdict === "pass" || (verdict === "warn" && allowWarn);
}

/**
 * Starts one run in the background unless it runs in this process already. Its report is written under
 * the lease; a run whose worker died is started again by the next one under the same id, so that a check
 * which left something running finds it.
 */
export async function startCheck(
  context: StepContext,
  demand: CheckDemand,
  run: { index: number; attempt: number; subject: Subject | null },
): Promise<void> {
  const { engine, lease, promotion, plan } = context;
  const id = `${promotion.id}/${run.index}/${demand.name}/${run.attempt}`;
  if (engine.runningChecks.has(id)) return;
  const controller = new AbortController();
  engine.runningChecks.set(id, { lane: lease.lane, stop: controller });
  try {
    const identity = run.subject === null ? "none" : await identityOf(engine, promotion.id);
    await withLease(engine, lease, (tx) =>
      insertCheckRun(tx, {
        id,
        promotion: promotion.id,
        step: run.index,
        attempt: run.attempt,
        name: demand.name,
        uses: demand.uses,
        phase: demand.phase,
        release: plan.release,
        configuration: plan.configuration,
        colour: run.subject?.colour ?? null,
        generation: run.subject?.generation ?? null,
        identity,
      }),
    );
    await engine.hooks?.reach("check:before-effect");
  } catch (error) {
    engine.runningChecks.delete(id);
    throw error;
  }
  void execute(context, demand, id, run.subject, controller);
}

/** Tells the runs in a lane that nobody waits for them any more. */
export function stopChecks(engine: Engine, lane: Lane): void {
  for (const run of engine.runningChecks.values()) {
    if (laneKey(run.lane) === laneKey(lane)) run.stop.abort();
  }
}

async function execute(
  context: StepContext,
  demand: CheckDemand,
  id: string,
  subject: Subject | null,
  controller: AbortController,
): Promise<void> {
  const { engine, lease, promotion, plan } = context;
  try {
    const report = await reportOf(context, demand, id, subject, controller);
    if (controller.signal.aborted) return;
    await withLease(engine, lease, async (tx) => {
      await reportCheckRun(tx, lease.lane, id, report, (run) =>
        attestCheckRun(engine, tx, plan, demand, run),
      );
      await announce(tx, {
        kind: "check.ended",
        ...lease.lane,
        promotion: promotion.id,
        message: `check ${demand.name}: ${report.verdict}: ${report.summary}`,
      });
    });
  } catch (error) {
    // Nothing was written: whoever holds the lane now starts the same run again.
    engine.notice(`the report of check ${id} was not kept: ${asTidelockError(error).message}`);
    if (isAway(error)) await sleep(engine.settings.agentAwayMs, undefined, { ref: false });
  } finally {
    engine.runningChecks.delete(id);
    engine.signals.emit("lane", lease.lane);
  }
}

/** The host agent is away; whoever calls it has it started again. */
function isAway(error: unknown): boolean {
  const { code, retryable } = asTidelockError(error);
  return code === "unavailable" && retryable;
}

/**
 * Whatever goes wrong with the check itself is the verdict `error`, never a pass (law 2). That the host agent
 * is away before the check has begun is not the check's fault: nothing is reported, and it is begun again.
 */
async function reportOf(
  context: StepContext,
  demand: CheckDemand,
  id: string,
  subject: Subject | null,
  controller: AbortController,
): Promise<CheckReport> {
  const { engine, plan } = context;
  try {
    const check = engine.checks.get(demand.uses);
    if (!check) return errorReport(`this server has no check adapter ${demand.uses}`);
    if (subject === null) await unpackRelease(context);
    const mark = await markOf(context, demand, subject);
    const seen = await checkContext(context, demand, id, subject, controller.signal, mark);
    const configuration = await configurationOf(engine, plan, plan.configuration);
    const secrets = await secretValues(engine, plan.lane, configuration);
    const report = CheckReportSchema.parse(
      await runCheck(check, seen, demand, { secrets, judge: judgeReport }),
    );
    if (mark === null || subject === null) return report;
    const reason = await whyVoid(engine, plan.lane, mark, subject.colour);
    return reason === null ? report : voided(report, reason);
  } catch (error) {
    // `runCheck` throws nothing: this is from before it.
    if (isAway(error)) throw error;
    // It never came to run the check, so nothing that a service or a tool wrote is in the message.
    return errorReport(asTidelockError(error).message);
  }
}

/** What a scan found counts no more when it may have met another release; its report is kept. */
function voided(report: CheckReport, reason: string): CheckReport {
  return {
    ...report,
    verdict: "error",
    summary: `void: ${reason}`,
    results: [{ name: "identity", verdict: "error", message: reason }, ...report.results],
  };
}

/** Requests to a colour under test are marked where they could come back by the lane's route. */
async function markOf(
  { engine, plan, router }: StepContext,
  demand: CheckDemand,
  subject: Subject | null,
): Promise<ScanMark | null> {
  if (subject === null || demand.phase !== "deployed" || !router) return null;
  return beginScan(engine, plan.lane, testerTtl(demand));
}

/** A static check runs before anything was deployed, so the agent may not have the release's tree yet. */
async function unpackRelease({ engine, release }: StepContext): Promise<void> {
  const paths = await verifiedArtifacts(engine, release);
  for (const { digest, size } of release.artifacts) {
    const path = paths.get(digest);
    if (path !== undefined) await engine.agent.call("artifact.ensure", { digest, size, path });
  }
}

async function checkContext(
  context: StepContext,
  demand: CheckDemand,
  id: string,
  subject: Subject | null,
  signal: AbortSignal,
  mark: ScanMark | null,
): Promise<CheckContext> {
  const { engine, plan, release, router, environment, lease } = context;
  const slot = subject && { ...plan.lane, colour: subject.colour };
  const route = slot && router ? routeSpec(plan, environment, weightsTo(null)) : null;
  const idle = slot !== null && demand.phase === "deployed";
  const tree = release.artifacts[0]?.digest ?? plan.release;
  return {
    run: id,
    fence: lease.fence,
    slot,
    release: plan.release,
    releaseName: releaseName(release),
    tree,
    instances: slot ? await addressesOf(context, slot.colour) : [],
    route: route && `${route.tls ? "https" : "http"}://${route.listen}`,
    tester: route && idle && router ? await router.tester(route.lane, testerTtl(demand)) : null,
    scan: mark && { header: mark.header, value: mark.value },
    agent: engine.agent,
    searchCredentials: async () => {
      const configuration = await configurationOf(engine, plan, plan.configuration);
      if (slot) return searchCredentials(engine, slot, configuration);
      throw new TidelockError("unsupported", "nothing is deployed that could hold credentials", {
        where: "phase",
        fault: "operator",
        hint: "use `phase: deployed`",
      });
    },
    readTree: () => storedTree(engine, tree),
    timeoutMs: demand.timeout,
    signal,
  };
}

async function* storedTree(engine: Engine, tree: Digest): AsyncGenerator<Uint8Array> {
  yield* createReadStream(await engine.content.path(tree));
}

/** The credential outlives the check by a minute at most. */
function testerTtl(demand: CheckDemand): number {
  return Math.min(demand.timeout + 60_000, 86_400_000);
}

/** `http://127.0.0.1:41234`, one an instance of the routed process, else of every one that listens. */
export async function addressesOf(context: StepContext, colour: Colour): Promise<string[]> {
  const seen = await context.target.observe({ ...context.plan.lane, colour });
  const routed = routedProcess(context.plan.processes);
  return seen.instances
    .filter((instance) => routed === null || instance.process === routed)
    .flatMap(({ host, port }) => (port === null ? [] : [`http://${host}:${port}`]));
}
