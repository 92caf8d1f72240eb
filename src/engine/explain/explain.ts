import { sql } from "kysely";
import type { GateExplanation } from "../../api/gate-views.ts";
import type { Decision } from "../../model/decision.ts";
import type { Plan } from "../../model/plan.ts";
import { type Lane, laneKey } from "../../model/primitives.ts";
import { hasEnded } from "../../model/promotion.ts";
import { TidelockError } from "../../model/errors.ts";
import { digestBytes, utf8 } from "../../evidence/bytes.ts";
import type { Decided } from "../../policy/decide.ts";
import { type DecisionInputs, readInputs } from "../../policy/replay.ts";
import { scannersOf } from "../../pipeline-file/scanners.ts";
import { makePlan, readPlan } from "../../strategies/plan.ts";
import { readRelease } from "../../store/queries/catalogue.ts";
import { type KeptDecisionRow, keptDecisions } from "../../store/queries/decisions.ts";
import { readLane } from "../../store/queries/lanes.ts";
import { listPromotions } from "../../store/queries/promotions.ts";
import type { Db, PromotionRow, ReleaseRow } from "../../store/schema.ts";
import { existingPromotion } from "../abort.ts";
import type { Engine } from "../engine.ts";
import { decisionAtGate } from "../evidence.ts";
import { currentConfiguration, findRelease, laneDocuments, nothingThere } from "../plan-inputs.ts";
import { liveOf } from "../queue.ts";
import { admission } from "../steps/admit.ts";
import { type Explained, explanationOf } from "./view.ts";

/** What its gate said, or would say now. */
export async function explainPromotion(engine: Engine, id: string): Promise<GateExplanation> {
  const row = await existingPromotion(engine.db, id);
  const plan = readPlan(row.plan);
  const release = await knownRelease(engine.db, row);
  const kept = await keptDecisions(engine.db, id);
  const last = kept.at(-1);
  const gate = plan.steps.findIndex(({ kind }) => kind === "gate");
  const of = { plan, release, promotion: row };
  if (last && (hasEnded(row.state) || last.step >= gate)) {
    return explanationOf(engine, {
      ...of,
      ...decisionOf(last, await decidedAt(engine.db, id, last)),
    });
  }
  if (hasEnded(row.state))
    return explanationOf(engine, { ...of, ...undecided(row, await clock(engine.db)) });
  const step = plan.steps[row.step_index]?.kind;
  const waits = row.wait_reason !== null && (step === "gate" || step === "admit");
  return explanationOf(engine, {
    ...of,
    ...(await decideNow(engine, { plan, release, id, admitted: last !== undefined })),
    about: waits ? "waiting" : "preview",
  });
}

/** Of the newest promotion of a lane; of a release what its gate would say if it were promoted now. */
export async function explainLane(
  engine: Engine,
  lane: Lane,
  reference: string | undefined,
): Promise<GateExplanation> {
  const { db } = engine;
  await laneDocuments(db, lane);
  if (reference !== undefined) return explainRelease(engine, lane, reference);
  const [row] = await listPromotions(db, { ...lane, limit: 1 });
  if (!row) throw nothingThere(lane);
  return explainPromotion(engine, row.id);
}

async function explainRelease(
  engine: Engine,
  lane: Lane,
  reference: string,
): Promise<GateExplanation> {
  const { db } = engine;
  const release = await findRelease(db, lane.service, reference);
  const [documents, configuration, row] = await Promise.all([
    laneDocuments(db, lane),
    currentConfiguration(db, lane),
    readLane(db, lane),
  ]);
  const plan = makePlan(
    {
      lane,
      release: release.id,
      configuration: configuration.digest,
      ...documents,
      live: liveOf(row),
      scannersOf: (checks) => scannersOf(checks, engine.checks),
    },
    "forward",
  );
  const now = await decideNow(engine, { plan, release, id: "", admitted: false });
  return explanationOf(engine, { plan, release, promotion: null, ...now, about: "preview" });
}

interface Asked {
  readonly plan: Plan;
  readonly release: ReleaseRow;
  /** Empty: there is no promotion. */
  readonly id: string;
  readonly admitted: boolean;
}

/** By the same gatherers and the same rules as at its gate; nothing of it is kept. */
async function decideNow(
  engine: Engine,
  { plan, release, id, admitted }: Asked,
): Promise<Pick<Explained, "inputs" | "decision" | "place" | "at" | "kept">> {
  const now = await clock(engine.db);
  const at = now.toISOString();
  if (!admitted) {
    const { configuration: given } = await currentConfiguration(engine.db, plan.lane);
    const first = await admission(engine, plan, release.content, now, id === "" ? { given } : {});
    if (first.decision.outcome !== "allow") return { ...taken(first), place: "admission", at };
  }
  const site = { engine, plan, release: release.content, now, promotion: { id } };
  const { decided } = await decisionAtGate(site);
  return { ...taken(decided), place: "gate", at };
}

function taken({ decision, inputs }: Decided) {
  return { decision, inputs: inputs as unknown as DecisionInputs, kept: false };
}

/** Inputs that are gone explain nothing more than the reasons do. */
function decisionOf(
  { decision, inputs }: KeptDecisionRow,
  at: Date,
): Omit<Explained, "plan" | "release" | "promotion"> {
  const whole = inputs !== null && digestBytes(utf8(inputs)) === decision.inputs;
  const read = whole ? readInputs(inputs) : null;
  const found = read?.ok ? read.inputs : null;
  return {
    decision,
    inputs: found,
    kept: found !== null,
    place: found?.kind ?? "gate",
    at: at.toISOString(),
    about: "decision",
  };
}

/** It ended before anything was decided. */
function undecided(
  row: PromotionRow,
  now: Date,
): Omit<Explained, "plan" | "release" | "promotion"> {
  const message = `it ended before its gate: ${row.message}`;
  const decision: Decision = {
    outcome: "deny",
    reasons: [{ outcome: "deny", rule: "ended", message }],
    grades: { isolation: "none", identity: "none", governance: "solo" },
    inputs: `sha256:${"0".repeat(64)}`,
  };
  const at = (row.ended_at ?? now).toISOString();
  return { decision, inputs: null, kept: false, place: "gate", at, about: "decision" };
}

async function knownRelease(db: Db, row: PromotionRow): Promise<ReleaseRow> {
  const release = await readRelease(db, row.release);
  if (release) return release;
  throw new TidelockError("not-found", `the release ${row.release} is not here any more`, {
    where: laneKey(row),
  });
}

async function decidedAt(db: Db, promotion: string, { step }: KeptDecisionRow): Promise<Date> {
  const row = await db
    .selectFrom("decisions")
    .select("at")
    .where("promotion", "=", promotion)
    .where("step", "=", step)
    .executeTakeFirstOrThrow();
  return row.at;
}

async function clock(db: Db): Promise<Date> {
  const { rows } = await sql<{ now: Date }>`select clock_timestamp() as now`.execute(db);
  return rows[0]?.now ?? new Date();
}
