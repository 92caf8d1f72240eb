import type { GateExplanation, LiveExplanation } from "../../api/views/gate.ts";
import type { Lane } from "../../model/primitives.ts";
import { scannersOf } from "../../pipeline-file/scanners.ts";
import { keptDecisions } from "../../store/queries/decisions.ts";
import { readLane } from "../../store/queries/lanes.ts";
import { readPromotion } from "../../store/queries/promotions.ts";
import { readRelease } from "../../store/queries/catalogue.ts";
import { makePlan, readPlan } from "../../strategies/plan.ts";
import type { Engine } from "../engine.ts";
import { laneDocuments } from "../promotions/plan-inputs.ts";
import { decidedAt, decideNow } from "./now.ts";
import { explanationOf } from "./view.ts";

/**
 * What is live in a lane: what was decided of it then, and what would be today, over the same evidence and under the
 * documents of now. Undefined where nothing is, or where nobody knows any more what brought it.
 */
export async function explainLive(
  engine: Engine,
  lane: Lane,
): Promise<LiveExplanation | undefined> {
  const { db } = engine;
  const row = await readLane(db, lane);
  if (!row?.live_release || !row.live_configuration || !row.live_since) return undefined;
  const [release, promotion, documents] = await Promise.all([
    readRelease(db, row.live_release),
    row.live_promotion === null ? undefined : readPromotion(db, row.live_promotion),
    laneDocuments(db, lane),
  ]);
  if (!release) return undefined;
  // On the colour that it was tested on, as evidence is of one.
  const before = promotion ? readPlan(promotion.plan).live : null;
  const plan = makePlan(
    {
      lane,
      release: release.id,
      configuration: row.live_configuration,
      ...documents,
      live: before,
      scannersOf: (checks) => scannersOf(checks, engine.checks),
    },
    "forward",
  );
  const now = await decideNow(engine, { plan, release, id: promotion?.id ?? "", admitted: false });
  const seen = await explanationOf(engine, {
    plan,
    release,
    promotion: promotion ?? null,
    ...now,
    about: "preview",
  });
  const last = promotion && (await keptDecisions(db, promotion.id)).at(-1);
  return {
    release: { id: release.id, version: release.version },
    since: row.live_since.toISOString(),
    promotion: promotion?.id ?? null,
    decided:
      promotion && last
        ? {
            outcome: last.decision.outcome,
            at: (await decidedAt(db, promotion.id, last)).toISOString(),
          }
        : null,
    today: { outcome: seen.outcome, summary: todayText(seen), against: againstIn(seen) },
  };
}

function todayText({ outcome, place, parts }: GateExplanation): string {
  const words = {
    allow: "be allowed",
    deny: "be denied",
    wait: "have to wait",
    "break-glass": "be let through by break-glass",
  } as const;
  const where = place === "admission" ? "at admission" : "at its gate";
  const against = againstIn({ parts }).length;
  const why = against === 0 ? "" : `: ${against} of ${parts.length} parts against it`;
  return `decided today it would ${words[outcome]} ${where}${why}`;
}

function againstIn({ parts }: Pick<GateExplanation, "parts">): string[] {
  return parts
    .filter(({ outcome, pending }) => outcome === "deny" && !pending)
    .map(({ message }) => message);
}
