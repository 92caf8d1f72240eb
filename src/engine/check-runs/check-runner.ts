import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "kysely";
import type { CheckDemand } from "../../model/pipeline.ts";
import { asTidelockError } from "../../model/errors.ts";
import { type Lane, laneKey } from "../../model/primitives.ts";
import { type CheckReport, CheckReport as CheckReportSchema } from "../../model/verdict.ts";
import type { Verdict } from "../../model/verdict.ts";
import { errorReport, runCheck } from "../../checks/run.ts";
import { holdToDataAge } from "../../policy/data-age.ts";
import { demandDigest } from "../../policy/evidence.ts";
import { holdToExercised } from "../../policy/exercised.ts";
import type { CheckContext } from "../../ports/check.ts";
import { leaveEnvironment } from "../../store/queries/environment-leases.ts";
import {
  completeRunsBefore,
  insertCheckRun,
  reportCheckRun,
} from "../../store/queries/evidence.ts";
import { announce } from "../../store/queries/events.ts";
import { attestCheckRun } from "../attestations/attest-promotion.ts";
import { secretValues } from "../slots/bindings.ts";
import { checkContext, type Subject, testerTtl } from "./check-context.ts";
import { IdentityWatch, withIdentity } from "./check-identity.ts";
import type { Engine } from "../engine.ts";
import { identityOf } from "../decisions/evidence.ts";
import { claimEnvironment } from "../lanes/exclusive.ts";
import { whyNotIntrude } from "./intrusive.ts";
import { judgeReport } from "../judging/judge-report.ts";
import { withLease } from "../lanes/lease.ts";
import { askPeople, formOf, type Waiting } from "../manual/ask.ts";
import { takeAnswer } from "../manual/taken.ts";
import { beginScan, type ScanMark, whyVoid } from "./scan-marks.ts";
import { configurationOf, verifiedArtifacts } from "../slots/slot-spec.ts";
import type { StepContext } from "../steps/step.ts";

/** What carrying a check out needs to know of where it stands. */
export type CheckSite = Omit<StepContext, "step" | "now" | "effects" | "operation">;

/** Only a pass passes; a warning where the demand says so (law 2). */
export function isAccepted(verdict: Verdict, allowWarn: boolean): boolean {
  return verdict === "pass" || (verdict === "warn" && allowWarn);
}

/** Why a run does not go on now. */
export interface Held {
  readonly why: string;
  /** It has begun, and waits for somebody's answer. */
  readonly people?: Waiting;
}

/**
 * Starts one run in the background unless it runs in this process already. Its report is written under
 * the lease; a run whose worker died is started again by the next one under the same id, so that a check
 * which left something running finds it. Answers on whom it waits where it may not begin now, else null.
 */
export async function startCheck(
  context: StepContext,
  demand: CheckDemand,
  run: { index: number; attempt: number; subject: Subject | null },
): Promise<Held | null> {
  const { engine, lease, promotion, plan } = context;
  const id = `${promotion.id}/${run.index}/${demand.name}/${run.attempt}`;
  if (engine.runningChecks.has(id)) return null;
  const controller = new AbortController();
  engine.runningChecks.set(id, { lane: lease.lane, stop: controller });
  try {
    const identity = run.subject === null ? "none" : await identityOf(engine, promotion.id);
    let open = true;
    const waits = await withLease(engine, lease, async (tx) => {
      const claim = {
        promotion: promotion.id,
        check: demand.name,
        exclusive: demand.exclusive ?? false,
      };
      const environment = plan.lane.environment;
      const on =
        run.subject === null && !claim.exclusive
          ? null
          : await claimEnvironment(tx, environment, claim);
      if (on !== null) return { why: on };
      // It may have ended since the caller looked: what attacks must not attack again.
      open = await insertCheckRun(tx, {
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
        out_of_band: demand.outOfBand ?? false,
      });
      const form = open ? formOf(engine.checks.get(demand.uses), demand) : null;
      const people = form && (await askPeople(context, tx, demand, form, { id, ...run }));
      return people && { why: "an answer is awaited", people };
    });
    if (waits !== null || !open) {
      engine.runningChecks.delete(id);
      return waits;
    }
    await engine.hooks?.reach("check:before-effect");
  } catch (error) {
    engine.runningChecks.delete(id);
    throw error;
  }
  if (demand.outOfBand) {
    // Nobody waits for it: it has a lease of its own, and whoever holds that carries it out.
    engine.runningChecks.delete(id);
    engine.signals.emit("late");
    return null;
  }
  void execute(context, demand, id, run.subject, controller);
  return null;
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
      if (demand.exclusive) await leaveEnvironment(tx, promotion.id, demand.name);
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
    if (subject === null) return await carryOutFiles(context, demand, id, controller);
    const why = await whyNotIntrude(context, demand, subject.colour);
    if (why !== null) return errorReport(`refused: ${why}`);
    // What is void ends at once: nobody waits for the rest of a scan that counts for nothing.
    const over = new AbortController();
    controller.signal.addEventListener("abort", () => over.abort(), { once: true });
    const expected = {
      slot: { ...plan.lane, colour: subject.colour },
      release: plan.release,
      generation: subject.generation,
    };
    const watch = new IdentityWatch(engine, context.target, expected, () => over.abort());
    const contradicted = await watch.begin();
    const report =
      contradicted === null
        ? await carryOut(context, demand, id, subject, over)
        : errorReport("it was not begun");
    if (controller.signal.aborted) return report;
    return withIdentity(await held(context, demand, report), await watch.end());
  } catch (error) {
    // `runCheck` throws nothing: this is from before it.
    if (isAway(error)) throw error;
    // It never came to run the check, so nothing that a service or a tool wrote is in the message.
    return errorReport(asTidelockError(error).message);
  }
}

/** A check that reads files only: whoever calls it, and whenever. */
export async function carryOutFiles(
  site: CheckSite,
  demand: CheckDemand,
  id: string,
  controller: AbortController,
): Promise<CheckReport> {
  await unpackRelease(site);
  return held(site, demand, await carryOut(site, demand, id, null, controller));
}

/** The check itself, judged; void when its requests strayed. */
async function carryOut(
  context: CheckSite,
  demand: CheckDemand,
  id: string,
  subject: Subject | null,
  controller: AbortController,
): Promise<CheckReport> {
  const { engine, plan } = context;
  const check = engine.checks.get(demand.uses);
  if (!check) return errorReport(`this server has no check adapter ${demand.uses}`);
  const mark = await markOf(context, demand, subject);
  const seen: CheckContext = {
    ...(await checkContext(context, demand, id, subject, controller.signal, mark)),
    ...(check.form ? { answered: await takeAnswer(engine, id) } : {}),
  };
  const configuration = await configurationOf(engine, plan, plan.configuration);
  const secrets = await secretValues(engine, plan.lane, configuration);
  const report = CheckReportSchema.parse(
    await runCheck(check, seen, demand, { secrets, judge: judgeReport }),
  );
  if (mark === null || subject === null) return report;
  const reason = await whyVoid(engine, plan.lane, mark, subject.colour);
  return reason === null ? report : voided(report, reason);
}

/** Held to the declared minimum, and to the last complete run of the same demand here. */
async function held(
  { engine, plan }: CheckSite,
  demand: CheckDemand,
  report: CheckReport,
): Promise<CheckReport> {
  const digest = demandDigest(demand);
  const before = (await completeRunsBefore(engine.db, plan.lane, demand.name)).find(({ checks }) =>
    checks.some((one) => one.name === demand.name && demandDigest(one) === digest),
  );
  const { rows } = await sql<{ now: Date }>`select clock_timestamp() as now`.execute(engine.db);
  const aged = holdToDataAge(report, demand.maxDataAge, rows[0]?.now ?? new Date());
  return holdToExercised(aged, demand.minimum, before?.report.exercised ?? null);
}

/** What a scan found counts no more when it may have met another release; its report is kept. */
function voided(report: CheckReport, reason: string): CheckReport {
  return {
    ...report,
    verdict: "error",
    whole: false,
    summary: `void: ${reason}`,
    results: [{ name: "identity", verdict: "error", message: reason }, ...report.results],
  };
}

/** Requests to a colour under test are marked where they could come back by the lane's route. */
async function markOf(
  { engine, plan, router }: CheckSite,
  demand: CheckDemand,
  subject: Subject | null,
): Promise<ScanMark | null> {
  if (subject === null || demand.phase !== "deployed" || !router) return null;
  return beginScan(engine, plan.lane, testerTtl(demand));
}

/** A static check runs before anything was deployed, so the agent may not have the release's tree yet. */
async function unpackRelease({ engine, release }: CheckSite): Promise<void> {
  const paths = await verifiedArtifacts(engine, release);
  for (const { digest, size } of release.artifacts) {
    const path = paths.get(digest);
    if (path !== undefined) await engine.agent.call("artifact.ensure", { digest, size, path });
  }
}
