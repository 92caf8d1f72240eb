import type { ConfigurationView } from "../../api/views.ts";
import type { Configuration } from "../../model/configuration.ts";
import { type Lane, laneKey } from "../../model/primitives.ts";
import { TidelockError } from "../../model/errors.ts";
import type { Actor } from "../../ports/control-plane.ts";
import {
  configurationByVersion,
  insertConfiguration,
  newestConfiguration,
} from "../../store/queries/catalogue.ts";
import { announce } from "../../store/queries/events.ts";
import { ensureLane } from "../../store/queries/lanes.ts";
import { sql } from "kysely";
import type { ConfigurationRow, Db } from "../../store/schema.ts";
import type { Engine } from "../engine.ts";
import { laneDocuments } from "../promotions/plan-inputs.ts";

/** Stores a new version; it reaches a running service only through a promotion. */
export async function applyConfiguration(
  engine: Engine,
  actor: Actor,
  configuration: Configuration,
  basedOn?: number,
): Promise<ConfigurationView> {
  const lane: Lane = { service: configuration.service, environment: configuration.environment };
  await laneDocuments(engine.db, lane);
  const row = await engine.db.transaction().execute(async (tx) => {
    await ensureLane(tx, lane);
    // Versions of one lane are counted by one operator at a time.
    await sql`select pg_advisory_xact_lock(7468003, hashtext(${laneKey(lane)}))`.execute(tx);
    if (basedOn !== undefined) await requireNewest(tx, lane, basedOn);
    const stored = await insertConfiguration(tx, configuration, actor.id);
    if (!stored.changed) return stored.row;
    const { version } = stored.row;
    await announce(tx, {
      kind: "configuration.applied",
      ...lane,
      message: `${actor.id} applied configuration version ${version}; promote to bring it into effect`,
    });
    return stored.row;
  });
  engine.signals.emit("change");
  return configurationView(row);
}

/** Two operators who change single values at once: the second one is told, instead of undoing the first. */
async function requireNewest(tx: Db, lane: Lane, basedOn: number): Promise<void> {
  const newest = (await newestConfiguration(tx, lane))?.version ?? 0;
  if (newest === basedOn) return;
  throw new TidelockError(
    "conflict",
    `the configuration of ${laneKey(lane)} has changed meanwhile: it is at version ${newest}, your change was made from ${basedOn}`,
    { fault: "operator", retryable: true, where: laneKey(lane), hint: "look at it and try again" },
  );
}

/** Throws `not-found` when the lane never had one, or not this version. */
export async function showConfiguration(
  engine: Engine,
  lane: Lane,
  version?: number,
): Promise<ConfigurationView> {
  const row =
    version === undefined
      ? await newestConfiguration(engine.db, lane)
      : await configurationByVersion(engine.db, lane, version);
  if (row) return configurationView(row);
  const which = version === undefined ? "no configuration" : `no configuration version ${version}`;
  throw new TidelockError("not-found", `${laneKey(lane)} has ${which}`, {
    fault: "operator",
    where: laneKey(lane),
    hint: `set one: tidelock config set KEY=value --service ${lane.service} --environment ${lane.environment}`,
  });
}

function configurationView(row: ConfigurationRow): ConfigurationView {
  const { values, secrets, isolated, shared, delivery } = row.content;
  return {
    service: row.service,
    environment: row.environment,
    version: row.version,
    digest: row.digest,
    values,
    secrets,
    isolated,
    ...(shared === undefined ? {} : { shared }),
    delivery,
    createdAt: row.created_at.toISOString(),
    createdBy: row.created_by,
  };
}
