import { z } from "zod";
import { Colour, type Lane, laneKey } from "../../model/primitives.ts";
import type { JournalEntry } from "../../ports/host-agent.ts";
import { newColour } from "../../strategies/compensation.ts";
import { readPlan } from "../../strategies/plan.ts";
import { announce } from "../../store/queries/events.ts";
import { leaveOldColour, recordMove } from "../../store/queries/live.ts";
import { runningPromotion } from "../../store/queries/promotions.ts";
import type { Db, LaneRow, PromotionRow } from "../../store/schema.ts";
import { configurationByDigest } from "../../store/queries/catalogue.ts";
import { recordLiveAgain } from "../compensations/return-traffic.ts";
import type { Engine } from "../engine.ts";
import { releaseLease, seizeLease } from "../lanes/lease.ts";
import { revoke } from "./revoke.ts";
import { beginEnding } from "../lanes/transitions.ts";

/** What the agent notes when it returns traffic by the authority that a switch had armed. */
const ReturnDetail = z.object({ to: Colour, reason: z.string().default("") });

/**
 * The agent has returned traffic by itself. Our rows follow: what was live before is live again, and the
 * promotion that had moved it ends as rolled back. A new epoch first, so that no worker goes on from what
 * it saw before.
 */
export async function takeInReturn(engine: Engine, entry: JournalEntry): Promise<void> {
  if (entry.kind !== "return" || entry.lane === null) return;
  const detail = ReturnDetail.safeParse(entry.detail);
  const lane = parseLane(entry.lane);
  if (!detail.success || !lane) return;
  const { to, reason } = detail.data;
  const message = `the host agent returned traffic to ${to} at ${entry.at}${reason ? `: ${reason}` : ""}`;
  const lease = await engine.db.transaction().execute(async (tx) => {
    const seized = await seizeLease(engine, tx, lane);
    await engine.ledger.append(tx, {
      operation: `${entry.operation ?? laneKey(lane)}/journal/${entry.sequence}`,
      kind: "agent.returned",
      stream: laneKey(lane),
      actor: "agent",
      payload: { to, reason, at: entry.at, sequence: entry.sequence },
    });
    await announce(tx, { kind: "lane.returned", ...lane, message });
    await follow(engine, tx, seized.row, { to, message, entry });
    return seized.lease;
  });
  await releaseLease(engine, lease);
  engine.signals.emit("lane", lane);
}

async function follow(
  engine: Engine,
  tx: Db,
  lane: LaneRow,
  back: { to: Colour; message: string; entry: JournalEntry },
): Promise<void> {
  const promotion = await runningPromotion(tx, lane);
  const plan = promotion && readPlan(promotion.plan);
  if (promotion && plan?.live?.colour === back.to && ledBy(promotion, lane, back.entry)) {
    if (lane.live_promotion === promotion.id && lane.live_colour === newColour(plan.live)) {
      await revoke(engine, tx, promotion.id, back.message);
      await recordLiveAgain(tx, lane, { live: plan.live, promotion: promotion.id, actor: "agent" });
    }
    if (!promotion.ending) {
      const ending = "rolled-back";
      await beginEnding(engine, tx, promotion, plan, { ending, message: back.message });
    }
    return;
  }
  await followWithoutPromotion(engine, tx, lane, back);
}

/** Whether this return belongs to the running promotion: it armed it, or its traffic is what was returned. */
function ledBy(promotion: PromotionRow, lane: LaneRow, entry: JournalEntry): boolean {
  return (
    entry.operation?.startsWith(`${promotion.id}/`) === true || lane.live_promotion === promotion.id
  );
}

/** The promotion had completed before the agent acted: the standing colour is live again. */
async function followWithoutPromotion(
  engine: Engine,
  tx: Db,
  lane: LaneRow,
  back: { to: Colour; message: string },
): Promise<void> {
  if (lane.live_colour === back.to || lane.old_colour !== back.to) return;
  if (!lane.old_release || !lane.old_configuration || !lane.old_promotion) return;
  if (lane.live_promotion) await revoke(engine, tx, lane.live_promotion, back.message);
  const configuration = await configurationByDigest(tx, lane, lane.old_configuration);
  await recordMove(tx, lane, {
    colour: lane.old_colour,
    release: lane.old_release,
    configuration: lane.old_configuration,
    configurationVersion: configuration?.version ?? 0,
    promotion: lane.old_promotion,
    kind: "rollback",
    actor: "agent",
    oldStands: false,
  });
  await leaveOldColour(tx, lane);
}

function parseLane(key: string): Lane | null {
  const [service, environment, ...rest] = key.split("/");
  return service && environment && rest.length === 0 ? { service, environment } : null;
}
