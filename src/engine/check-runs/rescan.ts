import type { Environment, Pipeline } from "../../model/pipeline.ts";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { asTidelockError } from "../../model/errors.ts";
import { layout } from "../../model/layout.ts";
import type { CheckDemand } from "../../model/pipeline.ts";
import type { Plan } from "../../model/plan.ts";
import type { Lane } from "../../model/primitives.ts";
import { registeredEnvironment, registeredPipeline } from "../../store/queries/catalogue.ts";
import { announce } from "../../store/queries/events.ts";
import { insertCheckRun } from "../../store/queries/evidence.ts";
import { lockLane } from "../../store/queries/lanes.ts";
import { readPromotion } from "../../store/queries/promotions.ts";
import { newestStaticRuns, stillNewest } from "../../store/queries/rescans.ts";
import type { CheckRunRow } from "../../store/schema.ts";
import { knownPlan } from "../attestations/attest-promotion.ts";
import type { Engine } from "../engine.ts";

/**
 * Runs the static checks of what is live, or on its way, again (S2-75): when newer advisories were imported than a run
 * decided by, when it has expired, and as often as the environment asks for. It only inserts rows: they are carried out and weighed as
 * out-of-band checks are (late-checks.ts). What is due is read out of the newest rows each time, so nothing has to
 * survive a restart; a lane's lock and the row's id keep two servers from beginning the same one.
 */
export async function rescanLive(engine: Engine): Promise<void> {
  const runs = await newestStaticRuns(engine.db);
  if (runs.length === 0) return;
  const advisories = await currentAdvisories(engine);
  let begun = false;
  for (const run of runs) {
    try {
      begun = (await rescan(engine, run, advisories)) || begun;
    } catch (error) {
      engine.notice(
        `check ${run.name} of ${run.promotion} is not run again: ${asTidelockError(error).message}`,
      );
    }
  }
  if (begun) engine.signals.emit("late");
}

async function rescan(
  engine: Engine,
  run: CheckRunRow & { readonly ageMs: number },
  advisories: string | null,
): Promise<boolean> {
  // One that still runs is no answer to lean on, nor to begin another one beside.
  if (run.report === null) return false;
  const promotion = await readPromotion(engine.db, run.promotion);
  const plan = promotion && knownPlan(promotion);
  const demand = plan?.checks.find(({ name }) => name === run.name);
  if (!plan || !demand || !readsFilesOnly(engine, demand)) return false;
  const every = [await rescanMs(engine, plan.lane), plan.maxAgeMs ?? null];
  const known = every.filter((one) => one !== null);
  const everyMs = known.length === 0 ? null : Math.min(...known);
  const why = whyNow(run, advisories, everyMs, engine.settings.rescanRetryMs);
  if (why === null) return false;
  return begin(engine, plan, run, why);
}

async function begin(engine: Engine, plan: Plan, run: CheckRunRow, why: string): Promise<boolean> {
  const { lane } = plan;
  return engine.db.transaction().execute(async (tx) => {
    await lockLane(tx, lane);
    if (!(await stillNewest(tx, run))) return false;
    const attempt = run.attempt + 1;
    await insertCheckRun(tx, {
      id: `${run.promotion}/${run.step}/${run.name}/${attempt}`,
      promotion: run.promotion,
      step: run.step,
      attempt,
      name: run.name,
      uses: run.uses,
      phase: run.phase,
      release: run.release,
      configuration: run.configuration,
      colour: null,
      generation: null,
      identity: "none",
      out_of_band: true,
      rescan: why,
    });
    await announce(tx, {
      kind: "check.again",
      ...lane,
      promotion: run.promotion,
      message: `check ${run.name} is run again: ${why}`,
    });
    return true;
  });
}

/** Why a check is due, or null. Pure. */
export function whyNow(
  run: Pick<CheckRunRow, "uses" | "report"> & {
    readonly ageMs: number;
    readonly ended_at?: Date | null;
  },
  advisories: string | null,
  everyMs: number | null,
  retryMs: number,
): string | null {
  const { report, ageMs } = run;
  // Whatever goes wrong now would go wrong again at once.
  if (ageMs < Math.min(retryMs, everyMs ?? retryMs)) return null;
  if (everyMs !== null && ageMs >= everyMs) return "schedule";
  // What has expired opens nothing new, and what is live by it is looked at again (law 3).
  const validUntil = report?.validUntil === undefined ? null : Date.parse(report.validUntil);
  const now = (run.ended_at?.getTime() ?? Number.NaN) + ageMs;
  if (validUntil !== null && !(validUntil > now)) return "expired";
  if (advisories === null) return null;
  const decidedBy = report?.data?.["osv"];
  const newer =
    decidedBy === undefined ? run.uses === "advisories" : !decidedBy.startsWith(advisories);
  return newer ? `advisories ${advisories}` : null;
}

/** A checklist, or whatever else needs more than the files, is nobody's to repeat. */
function readsFilesOnly(engine: Engine, demand: CheckDemand): boolean {
  const adapter = engine.checks.get(demand.uses);
  if (adapter === undefined || demand.phase !== "static") return false;
  if (typeof adapter.touch !== "function") return adapter.touch === "files";
  const parsed = adapter.schema.safeParse(demand.with);
  return parsed.success && adapter.touch(parsed.data) === "files";
}

/** The shorter one of what the pipeline and the environment's owners ask for, as they are registered now. */
async function rescanMs(engine: Engine, lane: Lane): Promise<number | null> {
  const pipeline = (await registeredPipeline(engine.db, lane.service))?.document as
    | Pipeline
    | undefined;
  const environment = (await registeredEnvironment(engine.db, lane.environment))?.document as
    | Environment
    | undefined;
  const wishes = [
    pipeline?.spec.environments.find(({ name }) => name === lane.environment)?.rescan,
    environment?.spec.floor.rescan,
  ].filter((one) => one !== undefined);
  return wishes.length === 0 ? null : Math.min(...wishes);
}

/** Digest of the advisories that checks decide by now; null when none were imported. */
async function currentAdvisories(engine: Engine): Promise<string | null> {
  const info = engine.agentInfo();
  if (info === null) return null;
  try {
    const file = join(layout(info.dataDir).checkData, "advisories", "current.json");
    return z.object({ digest: z.string() }).parse(JSON.parse(await readFile(file, "utf8"))).digest;
  } catch {
    // None, or one that is being put in place of another: the next look finds it.
    return null;
  }
}
