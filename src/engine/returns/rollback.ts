import { type Digest, type Lane, laneKey } from "../../model/primitives.ts";
import { TidelockError } from "../../model/errors.ts";
import { scannersOf } from "../../pipeline-file/scanners.ts";
import type { Actor } from "../../ports/control-plane.ts";
import { makePlan } from "../../strategies/plan.ts";
import { configurationByDigest, readRelease } from "../../store/queries/catalogue.ts";
import { readLane } from "../../store/queries/lanes.ts";
import { lastGood, openDeployment, revocationOf, verifiedHere } from "../../store/queries/live.ts";
import { openPromotions, runningPromotion } from "../../store/queries/promotions.ts";
import type { LaneRow, PromotionRow, ReleaseRow } from "../../store/schema.ts";
import { requestAbort } from "../promotions/abort.ts";
import type { Engine } from "../engine.ts";
import { refuseInvented } from "../ledger/allowed.ts";
import { requireWritable } from "../ledger/writable.ts";
import { findRelease, laneDocuments, nothingThere } from "../promotions/plan-inputs.ts";
import { accept } from "../promotions/promote.ts";
import { liveOf } from "../lanes/queue.ts";
import { switchBack } from "./switch-back.ts";

export interface RollbackRequest {
  /** A release by version or id; absent: the old colour, else the last good one by evidence. */
  readonly to?: string;
  /** With which configuration it was good; absent: the one that it had last when it was. */
  readonly configuration?: Digest;
  readonly reason: string;
}

/**
 * Back to what was good (law 9). While the old colour stands this is one write to the router; otherwise
 * the last good release is promoted anew, past freezes and stale evidence. It is denied only where the
 * target is known to be worse: it was rolled back for cause itself.
 */
export async function rollback(
  engine: Engine,
  actor: Actor,
  lane: Lane,
  request: RollbackRequest,
): Promise<PromotionRow> {
  const acceptedAt = performance.now();
  const [row] = await Promise.all([
    readLane(engine.db, lane),
    requireWritable(engine.db, "users stay where they are"),
  ]);
  if (!row?.live_release) throw nothingThere(lane);
  const wanted =
    request.to === undefined ? null : await findRelease(engine.db, lane.service, request.to);
  const { configuration } = request;
  const same =
    wanted?.id === row.live_release &&
    (configuration ?? row.live_configuration) === row.live_configuration;
  if (wanted && same && wanted.id !== row.old_release) {
    throw new TidelockError("conflict", `${lane.service}@${wanted.version} is what is live now`, {
      fault: "operator",
      where: laneKey(lane),
      hint: "name another release, or leave --to away for the last good one",
    });
  }
  if (wanted === null) await refuseSecondReturn(engine, row);
  const old = configuration === undefined || configuration === row.old_configuration;
  if (row.old_colour && (wanted === null || (wanted.id === row.old_release && old))) {
    const back = await switchBack(engine, actor, row, request.reason, acceptedAt);
    if (back) return back;
  }
  return promoteBack(engine, actor, row, wanted, request);
}

/** The old colour is gone: start the last good release again. */
async function promoteBack(
  engine: Engine,
  actor: Actor,
  row: LaneRow,
  wanted: ReleaseRow | null,
  { configuration: chosen, reason }: Pick<RollbackRequest, "configuration" | "reason">,
): Promise<PromotionRow> {
  const lane: Lane = { service: row.service, environment: row.environment };
  await refuseWhileReturning(engine, lane, wanted);
  const good = wanted
    ? await goodOf(engine, lane, wanted, chosen ?? null)
    : await lastGoodOf(engine, row);
  await refuseInvented(engine, lane, good);
  const documents = await laneDocuments(engine.db, lane);
  const [release, configuration] = await Promise.all([
    readRelease(engine.db, good.release),
    configurationByDigest(engine.db, lane, good.configuration),
  ]);
  if (!release || !configuration) {
    throw new TidelockError("internal", "a deployment names rows that are not there", {
      fault: "bug",
    });
  }
  const promotion = await engine.db.transaction().execute(async (tx) => {
    for (const open of await openPromotions(tx, lane)) {
      if (open.state === "running") {
        await requestAbort(engine, tx, open, actor.id);
      }
    }
    const plan = makePlan(
      {
        lane,
        release: release.id,
        configuration: configuration.digest,
        ...documents,
        live: liveOf(await readLane(tx, lane)),
        scannersOf: (checks) => scannersOf(checks, engine.checks),
      },
      "back",
    );
    return accept(engine, tx, { actor, plan, release, configuration, reason });
  });
  engine.signals.emit("change");
  engine.signals.emit("lane", lane);
  return promotion;
}

/**
 * Whatever is returning traffic already does what was asked for; two returns would go too far. That holds
 * for another operator's rollback as well, unless this one names where to go.
 */
async function refuseWhileReturning(
  engine: Engine,
  lane: Lane,
  wanted: ReleaseRow | null,
): Promise<void> {
  const running = await runningPromotion(engine.db, lane);
  if (!running) return;
  if (running.kind === "rollback" && !running.ending && wanted === null) {
    throw new TidelockError("conflict", `a rollback is under way already: ${running.id}`, {
      fault: "operator",
      where: running.id,
      hint: `watch it: tidelock promotion watch ${running.id}; to go further back, name the release with --to`,
    });
  }
  if (!running.ending) return;
  throw new TidelockError("conflict", `${running.id} is being taken back already`, {
    fault: "operator",
    where: running.id,
    hint: `watch it: tidelock promotion watch ${running.id}`,
  });
}

/**
 * What is live came back by a rollback already. A second bare one, by an operator who has not seen the
 * first, would go two releases back; whoever means that names where to.
 */
async function refuseSecondReturn(engine: Engine, row: LaneRow): Promise<void> {
  const live = await openDeployment(engine.db, row);
  if (live?.kind !== "rollback") return;
  // While that rollback still runs, it is named instead: somebody may want to watch it.
  if ((await runningPromotion(engine.db, row))?.kind === "rollback") return;
  const further = await lastGood(engine.db, row, live);
  if (!further) return;
  const [release, before] = await Promise.all([
    readRelease(engine.db, live.release),
    readRelease(engine.db, further.release),
  ]);
  throw new TidelockError(
    "conflict",
    `${laneKey(row)} was returned to ${row.service}@${release?.version ?? live.release} already, ${live.from_at.toISOString()} by ${live.by_actor}`,
    {
      fault: "operator",
      where: laneKey(row),
      hint: `to go further back, name where to: tidelock rollback ${row.environment} --service ${row.service} --to ${before?.version ?? further.release}`,
    },
  );
}

async function lastGoodOf(engine: Engine, row: LaneRow) {
  const good = await lastGood(engine.db, row, {
    release: row.live_release ?? "",
    configuration: row.live_configuration ?? "",
  });
  if (good) return good;
  throw new TidelockError("not-found", `nothing else was ever good in ${laneKey(row)}`, {
    fault: "operator",
    where: laneKey(row),
    hint: "a release is good here once its promotion has completed; promote one, or stop the service",
  });
}

/** A named target must have been good here, and must not be known to be worse since. */
async function goodOf(
  engine: Engine,
  lane: Lane,
  wanted: ReleaseRow,
  configuration: Digest | null,
) {
  const name = `${lane.service}@${wanted.version}`;
  const worse = await revocationOf(engine.db, lane, wanted.id, configuration);
  if (worse) {
    throw new TidelockError("denied", `${name} is known to be worse here: ${worse}`, {
      fault: "operator",
      where: laneKey(lane),
      hint: `if it is right after all, promote it: tidelock promote ${name} --to ${lane.environment}`,
    });
  }
  const good = await verifiedHere(engine.db, lane, wanted.id, configuration);
  if (good) return good;
  throw new TidelockError("denied", `${name} was never good in ${lane.environment}`, {
    fault: "operator",
    where: laneKey(lane),
    hint: `promote it: tidelock promote ${name} --to ${lane.environment}`,
  });
}
