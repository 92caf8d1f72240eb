import { digestOf } from "../../model/canonical.ts";
import type { Lane } from "../../model/primitives.ts";
import { laneKey } from "../../model/primitives.ts";
import type { Plan } from "../../model/plan.ts";
import { TidelockError } from "../../model/errors.ts";
import type { Actor } from "../../ports/control-plane.ts";
import type { LedgerEntry } from "../../ports/ledger.ts";
import { scannersOf } from "../../pipeline-file/scanners.ts";
import { releaseName } from "../../model/release.ts";
import { makePlan } from "../../strategies/plan.ts";
import { insertConfiguration } from "../../store/queries/catalogue.ts";
import { announce, type NewEvent } from "../../store/queries/events.ts";
import { ensureLane, readLane } from "../../store/queries/lanes.ts";
import {
  insertPromotion,
  insertSteps,
  type NewPromotion,
  promotionByKey,
} from "../../store/queries/promotions.ts";
import type { Db, PromotionRow, ReleaseRow } from "../../store/schema.ts";
import type { Engine } from "../engine.ts";
import { requirePurpose } from "./dedicated.ts";
import { announceRisks, touchedBy } from "../high-risk/touched.ts";
import { requireSoundChecks } from "../check-runs/intrusive.ts";
import { newPromotionId } from "../ids.ts";
import {
  type ConfigurationChoice,
  currentConfiguration,
  emptyConfiguration,
  findRelease,
  laneDocuments,
  requireWhole,
} from "./plan-inputs.ts";
import { liveOf } from "../lanes/queue.ts";
import { refuseBanned } from "../stops/ban.ts";
import { stepsOfPlan } from "../lanes/transitions.ts";

export interface PromoteRequest {
  readonly service: string;
  readonly release: string;
  readonly environment: string;
  readonly idempotencyKey?: string;
  readonly retryOf?: string;
}

/**
 * Accepts a promotion: a row with a frozen plan, in the queue of its lane. Everything else happens in
 * steps. The same idempotency key is the same promotion.
 */
export async function promote(
  engine: Engine,
  actor: Actor,
  request: PromoteRequest,
): Promise<PromotionRow> {
  const lane = { service: request.service, environment: request.environment };
  const documents = await laneDocuments(engine.db, lane);
  const release = await findRelease(engine.db, lane.service, request.release);
  requireWhole(documents, release);
  await refuseBanned(engine.db, release);
  const attempt = () =>
    engine.db.transaction().execute(async (tx) => {
      if (request.idempotencyKey !== undefined) {
        const before = await promotionByKey(tx, request.idempotencyKey);
        if (before) return sameRequest(before, lane, release);
      }
      await ensureLane(tx, lane);
      const configuration = await configurationFor(tx, lane, actor);
      const live = liveOf(await readLane(tx, lane));
      const plan = makePlan(
        {
          lane,
          release: release.id,
          configuration: configuration.digest,
          ...documents,
          live,
          touched: await touchedBy(engine, tx, { ...documents, release: release.content, live }),
          scannersOf: (checks) => scannersOf(checks, engine.checks),
        },
        "forward",
      );
      requireSoundChecks(engine, plan);
      requirePurpose(engine, plan, documents.environment.document);
      return accept(engine, tx, {
        actor,
        plan,
        release,
        configuration,
        ...(request.idempotencyKey === undefined ? {} : { idempotencyKey: request.idempotencyKey }),
        ...(request.retryOf === undefined ? {} : { retryOf: request.retryOf }),
      });
    });
  // Two requests with one key at one moment: the second one finds the first one's row.
  const accepted = await attempt().catch((error: unknown) => {
    if ((error as { code?: unknown }).code !== "23505") throw error;
    return attempt();
  });
  engine.signals.emit("change");
  engine.signals.emit("lane", lane);
  return accepted;
}

export interface Acceptance {
  readonly actor: Actor;
  readonly plan: Plan;
  readonly release: ReleaseRow;
  readonly configuration: Pick<ConfigurationChoice, "digest" | "version">;
  readonly idempotencyKey?: string;
  readonly retryOf?: string;
  readonly reason?: string;
}

/** Row, steps, ledger, event and wake-up of a new promotion, in the caller's transaction. */
export async function accept(
  engine: Engine,
  tx: Db,
  acceptance: Acceptance,
): Promise<PromotionRow> {
  const id = newPromotionId();
  const { plan } = acceptance;
  const row = await insertPromotion(tx, { ...rowOf(id, acceptance), state: "queued" });
  await insertSteps(tx, id, stepsOfPlan(plan));
  await engine.ledger.append(tx, acceptedEntry(id, acceptance));
  await announce(tx, acceptedEvent(id, acceptance));
  await announceRisks(tx, id, acceptance);
  await engine.wake(tx, plan.lane);
  return row;
}

export function rowOf(
  id: string,
  { actor, plan, release, configuration, ...rest }: Acceptance,
): Omit<NewPromotion, "state"> {
  return {
    id,
    kind: plan.kind,
    ...plan.lane,
    release: release.id,
    configuration: configuration.digest,
    configuration_version: configuration.version,
    plan_format: plan.formatVersion,
    plan: JSON.stringify(plan),
    plan_digest: digestOf(plan),
    reason: rest.reason ?? "",
    idempotency_key: rest.idempotencyKey ?? null,
    retry_of: rest.retryOf ?? null,
    created_by: actor.id,
  };
}

export function acceptedEntry(
  id: string,
  { actor, plan, release, configuration, ...rest }: Acceptance,
): LedgerEntry {
  return {
    operation: id,
    kind: "promotion.accepted",
    stream: laneKey(plan.lane),
    actor: actor.id,
    payload: {
      promotion: plan.kind,
      release: release.id,
      configuration: configuration.digest,
      plan: digestOf(plan),
      retryOf: rest.retryOf ?? null,
      reason: rest.reason ?? "",
    },
  };
}

export function acceptedEvent(id: string, { actor, plan, release }: Acceptance): NewEvent {
  const what = plan.kind === "rollback" ? "rollback to" : "promotion of";
  return {
    kind: "promotion.accepted",
    ...plan.lane,
    promotion: id,
    message: `${actor.id} asked for the ${what} ${releaseName(release.content)} in ${plan.lane.environment}`,
  };
}

/** What a lane was never given is the empty configuration, as a version of its own. */
export async function configurationFor(
  tx: Db,
  lane: Lane,
  actor: Actor,
): Promise<ConfigurationChoice> {
  const current = await currentConfiguration(tx, lane);
  if (current.version > 0) return current;
  const { row } = await insertConfiguration(tx, emptyConfiguration(lane), actor.id);
  return { configuration: row.content, digest: row.digest, version: row.version };
}

function sameRequest(before: PromotionRow, lane: Lane, release: ReleaseRow): PromotionRow {
  const same =
    before.service === lane.service &&
    before.environment === lane.environment &&
    before.release === release.id;
  if (same) return before;
  throw new TidelockError("conflict", "this idempotency key stands for another promotion", {
    fault: "operator",
    where: before.id,
    hint: "send a new key with a new request",
  });
}
