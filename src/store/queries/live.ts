import { sql } from "kysely";
import type { Page } from "../../model/principal.ts";
import type { Colour, Digest, Lane } from "../../model/primitives.ts";
import { deploymentsProjection, lanesProjection } from "../projections/lanes.ts";
import { recordRows } from "../projections/projection.ts";
import type { Db, DeploymentRow, LaneRow } from "../schema.ts";
import { dbNow, dbNowPlus } from "./promotions.ts";
import { readPage } from "./page.ts";

/**
 * Which colour is live, which stands ready to take the traffic back, and the deployments in time. Each
 * writing of a row is an entry of the ledger in the same transaction.
 */

export interface Moved {
  readonly colour: Colour;
  readonly release: Digest;
  readonly configuration: Digest;
  readonly configurationVersion: number;
  readonly promotion: string;
  readonly kind: "promotion" | "rollback";
  readonly actor: string;
  /** The colour that was live keeps standing and can take the traffic back. */
  readonly oldStands: boolean;
}

/** The traffic has moved: `lane` is the row as it was before. */
export async function recordMove(tx: Db, lane: LaneRow, moved: Moved): Promise<void> {
  const stands = moved.oldStands && lane.live_colour !== null;
  await updateLane(tx, lane, {
    live_colour: moved.colour,
    live_release: moved.release,
    live_configuration: moved.configuration,
    live_promotion: moved.promotion,
    live_since: dbNow,
    old_colour: stands ? lane.live_colour : null,
    old_release: stands ? lane.live_release : null,
    old_configuration: stands ? lane.live_configuration : null,
    old_promotion: stands ? lane.live_promotion : null,
    retire_at: null,
  });
  await closeDeployment(tx, lane);
  await beginDeployment(tx, lane, moved);
}

/** Nothing is live any more. */
export async function recordNothingLive(tx: Db, lane: Lane): Promise<void> {
  await updateLane(tx, lane, {
    live_colour: null,
    live_release: null,
    live_configuration: null,
    live_promotion: null,
    live_since: null,
  });
  await closeDeployment(tx, lane);
}

/** The colour that stood ready is needed for something else, or gone. */
export async function leaveOldColour(tx: Db, lane: Lane): Promise<void> {
  await updateLane(tx, lane, {
    old_colour: null,
    old_release: null,
    old_configuration: null,
    old_promotion: null,
    retire_at: null,
  });
}

/** When the old colour goes. No ground for anything, so no entry of the ledger. */
export async function retireIn(tx: Db, lane: Lane, ms: number): Promise<void> {
  await tx
    .updateTable("lanes")
    .set({ retire_at: dbNowPlus(ms) })
    .where("service", "=", lane.service)
    .where("environment", "=", lane.environment)
    .execute();
}

/** The service is gone from here; the row stays, because its epoch must never go back. */
export async function removeLane(tx: Db, lane: Lane): Promise<void> {
  await updateLane(tx, lane, { removed_at: dbNow });
}

async function updateLane(tx: Db, lane: Lane, set: Record<string, unknown>): Promise<void> {
  const rows = await tx
    .updateTable("lanes")
    .set({ ...set, changes: counted })
    .where("service", "=", lane.service)
    .where("environment", "=", lane.environment)
    .returningAll()
    .execute();
  await recordRows(tx, lanesProjection, rows);
}

const counted = sql<number>`changes + 1`;

async function closeDeployment(tx: Db, lane: Lane): Promise<void> {
  const rows = await tx
    .updateTable("deployments")
    .set({ until_at: dbNow, changes: counted })
    .where("service", "=", lane.service)
    .where("environment", "=", lane.environment)
    .where("until_at", "is", null)
    .returningAll()
    .execute();
  await recordRows(tx, deploymentsProjection, rows);
}

async function beginDeployment(tx: Db, lane: Lane, moved: Moved): Promise<void> {
  // What was good here before and comes back is still good: its evidence stands (S4-44).
  const before = await goodDeployment(tx, lane, moved.release, moved.configuration);
  // A new promotion has its own evidence; what comes back leans on what it had.
  const last =
    moved.kind === "rollback"
      ? await lastDeploymentOf(tx, lane, moved.release, moved.configuration)
      : undefined;
  const opened = await tx
    .insertInto("deployments")
    .values({
      changes: 1,
      service: lane.service,
      environment: lane.environment,
      release: moved.release,
      configuration: moved.configuration,
      configuration_version: moved.configurationVersion,
      colour: moved.colour,
      promotion: moved.promotion,
      kind: moved.kind,
      from_at: dbNow,
      by_actor: moved.actor,
      verified_at: moved.kind === "rollback" ? (before?.verified_at ?? null) : null,
      contradicted_at: last?.contradicted_at ?? null,
      contradicted_reason: last?.contradicted_reason ?? null,
    })
    .returningAll()
    .execute();
  await recordRows(tx, deploymentsProjection, opened);
}

async function goodDeployment(
  db: Db,
  lane: Lane,
  release: Digest,
  configuration: Digest,
): Promise<DeploymentRow | undefined> {
  return deploymentsOf(db, lane)
    .where("release", "=", release)
    .where("configuration", "=", configuration)
    .where("verified_at", "is not", null)
    .where("revoked_at", "is", null)
    .limit(1)
    .executeTakeFirst();
}

/** The open deployment has its gate's evidence and passed its watch. */
export async function verifyLive(tx: Db, lane: Lane): Promise<void> {
  const rows = await tx
    .updateTable("deployments")
    .set({ verified_at: dbNow, changes: counted })
    .where("service", "=", lane.service)
    .where("environment", "=", lane.environment)
    .where("until_at", "is", null)
    .where("verified_at", "is", null)
    .returningAll()
    .execute();
  await recordRows(tx, deploymentsProjection, rows);
}

/** The evidence that it was good by is gone: it is not known to be bad, and it is no ground for anything. */
export async function unverifyDeployments(tx: Db, promotion: string): Promise<void> {
  const rows = await tx
    .updateTable("deployments")
    .set({ verified_at: null, changes: counted })
    .where("promotion", "=", promotion)
    .where("verified_at", "is not", null)
    .returningAll()
    .execute();
  await recordRows(tx, deploymentsProjection, rows);
}

/** Rolled back for cause: every deployment of that promotion is no way back any more. False when none was. */
export async function revokeDeployments(
  tx: Db,
  promotion: string,
  reason: string,
): Promise<boolean> {
  const rows = await tx
    .updateTable("deployments")
    .set({ revoked_at: dbNow, revoked_reason: reason, changes: counted })
    .where("promotion", "=", promotion)
    .where("revoked_at", "is", null)
    .returningAll()
    .execute();
  await recordRows(tx, deploymentsProjection, rows);
  return rows.length > 0;
}

/** Rollbacks that brought this back, and are not known to be worse: they lean on the evidence of its promotion. */
export async function rollbacksTo(
  db: Db,
  lane: Lane,
  release: Digest,
  configuration: Digest,
): Promise<readonly string[]> {
  const rows = await deploymentsOf(db, lane)
    .where("release", "=", release)
    .where("configuration", "=", configuration)
    .where("kind", "=", "rollback")
    .where("revoked_at", "is", null)
    .execute();
  return [...new Set(rows.map(({ promotion }) => promotion))];
}

/**
 * Known to be worse: the newest word about this release here is that it was rolled back for cause, or that what it was
 * let through by is contradicted, and not what is live.
 */
export async function revocationOf(
  db: Db,
  lane: Lane,
  release: Digest,
  configuration: Digest | null,
): Promise<string | null> {
  let query = deploymentsOf(db, lane).where("release", "=", release);
  if (configuration !== null) query = query.where("configuration", "=", configuration);
  const newest = await query.limit(1).executeTakeFirst();
  if (newest?.revoked_at) return newest.revoked_reason ?? "it was rolled back";
  if (!newest?.contradicted_at) return null;
  // Where what is live is contradicted as well, neither is known to be worse: people may choose.
  const live = await openDeployment(db, lane);
  return live?.contradicted_at
    ? null
    : (newest.contradicted_reason ?? "its evidence is contradicted");
}

/**
 * The last good one by evidence (S4-44): it completed here with its gate's evidence, its watch passed, and
 * it was not rolled back for cause since. `except` is what is live now.
 */
export async function lastGood(
  db: Db,
  lane: Lane,
  except: { release: Digest; configuration: Digest } | null,
): Promise<DeploymentRow | undefined> {
  const { rows } = await sql<DeploymentRow>`
    select d.* from deployments d
    where d.service = ${lane.service} and d.environment = ${lane.environment}
      and d.verified_at is not null and d.revoked_at is null
      and not (d.release = ${except?.release ?? ""} and d.configuration = ${except?.configuration ?? ""})
      and not exists (
        select from deployments worse
        where worse.service = d.service and worse.environment = d.environment
          and worse.release = d.release and worse.configuration = d.configuration
          and (worse.revoked_at >= d.from_at or worse.contradicted_at is not null)
      )
    order by d.from_at desc, d.id desc
    limit 1
  `.execute(db);
  return rows[0];
}

/** The newest time that a release was good in a lane; null: with whatever configuration it had then. */
export async function verifiedHere(
  db: Db,
  lane: Lane,
  release: Digest,
  configuration: Digest | null,
): Promise<DeploymentRow | undefined> {
  let query = deploymentsOf(db, lane).where("release", "=", release);
  if (configuration !== null) query = query.where("configuration", "=", configuration);
  return query
    .where("verified_at", "is not", null)
    .where("revoked_at", "is", null)
    .limit(1)
    .executeTakeFirst();
}

/** The newest time that this was, or is, live in a lane. */
export async function lastDeploymentOf(
  db: Db,
  lane: Lane,
  release: Digest,
  configuration: Digest,
): Promise<DeploymentRow | undefined> {
  return deploymentsOf(db, lane)
    .where("release", "=", release)
    .where("configuration", "=", configuration)
    .limit(1)
    .executeTakeFirst();
}

function deploymentsOf(db: Db, lane: Lane) {
  return db
    .selectFrom("deployments")
    .selectAll()
    .where("service", "=", lane.service)
    .where("environment", "=", lane.environment)
    .orderBy("from_at", "desc")
    .orderBy("id", "desc");
}

export async function readDeployment(db: Db, id: string): Promise<DeploymentRow | undefined> {
  return db.selectFrom("deployments").selectAll().where("id", "=", id).executeTakeFirst();
}

/** The deployment that is live, if one is. */
export async function openDeployment(db: Db, lane: Lane): Promise<DeploymentRow | undefined> {
  return deploymentsOf(db, lane).where("until_at", "is", null).limit(1).executeTakeFirst();
}

const newest = {
  table: "deployments",
  id: "id::text",
  order: ["from_at", "id"],
  service: "service",
  environment: "environment",
} as const;

/** Deployments, newest first; with `at` only those that ran at that moment. */
export async function listDeployments(
  db: Db,
  filter: { service?: string; environment?: string; at?: string } & Page,
): Promise<readonly DeploymentRow[]> {
  let query = db.selectFrom("deployments").selectAll();
  if (filter.service !== undefined) query = query.where("service", "=", filter.service);
  if (filter.environment !== undefined) query = query.where("environment", "=", filter.environment);
  const { at } = filter;
  if (at !== undefined) {
    query = query
      .where("from_at", "<=", new Date(at))
      .where((where) =>
        where.or([where("until_at", "is", null), where("until_at", ">", new Date(at))]),
      );
  }
  return readPage(db, query, newest, filter);
}
