import type { GateExplanation, LiveExplanation } from "../../api/views/gate.ts";
import type { Decision } from "../../model/decision.ts";
import { type Lane, laneKey } from "../../model/primitives.ts";
import { hasEnded } from "../../model/promotion.ts";
import { TidelockError } from "../../model/errors.ts";
import { digestBytes, utf8 } from "../../evidence/bytes.ts";
import { readInputs } from "../../policy/replay.ts";
import { scannersOf } from "../../pipeline-file/scanners.ts";
import { makePlan, readPlan } from "../../strategies/plan.ts";
import { readRelease } from "../../store/queries/catalogue.ts";
import { type KeptDecisionRow, keptDecisions } from "../../store/queries/decisions.ts";
import { readLane } from "../../store/queries/lanes.ts";
import { listPromotions } from "../../store/queries/promotions.ts";
import type { Db, PromotionRow, ReleaseRow } from "../../store/schema.ts";
import { existingPromotion } from "../promotions/abort.ts";
import type { Engine } from "../engine.ts";
import {
  currentConfiguration,
  findRelease,
  laneDocuments,
  nothingThere,
} from "../promotions/plan-inputs.ts";
import { liveOf } from "../lanes/queue.ts";
import { explainLive } from "./live.ts";
import { clock, decidedAt, decideNow } from "./now.ts";
import { type Explained, explanationOf, previewWords } from "./view.ts";

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

/** Of the newest promotion of a lane, and of what is live there; of a release what its gate would say if it were promoted now. */
export async function explainLane(
  engine: Engine,
  lane: Lane,
  reference: string | undefined,
): Promise<GateExplanation> {
  const { db } = engine;
  await laneDocuments(db, lane);
  const [row] = await listPromotions(db, { ...lane, limit: 1 });
  if (!row && reference === undefined) throw nothingThere(lane);
  const explanation =
    reference === undefined && row
      ? await explainPromotion(engine, row.id)
      : await explainRelease(engine, lane, reference ?? "");
  const live = await explainLive(engine, lane);
  return live === undefined ? explanation : { ...explanation, ...placeOf(explanation, live), live };
}

/** What is live there already was promoted, whatever would be decided of it anew. */
function placeOf(
  { promotion, release, state, summary }: GateExplanation,
  live: LiveExplanation,
): Pick<GateExplanation, "state" | "summary"> {
  if (promotion !== null || release.id !== live.release.id) return { state, summary };
  return { state: "live", summary: summary.replace(previewWords, "promoted again it") };
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
