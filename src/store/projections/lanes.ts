import type { DeploymentRow, LaneRow } from "../schema.ts";
import { paged, type Projection, time } from "./projection.ts";

/** What is live, what could take the traffic back, and what was good or bad where. */

export const lanesProjection: Projection<LaneRow> = {
  table: "lanes",
  kinds: ["lane.changed"],
  key: ({ service, environment }) => `lane/${service}/${environment}`,
  changes: ({ changes }) => changes,
  counted: true,
  columns: (row) => ({
    service: row.service,
    environment: row.environment,
    liveColour: row.live_colour,
    liveRelease: row.live_release,
    liveConfiguration: row.live_configuration,
    livePromotion: row.live_promotion,
    oldColour: row.old_colour,
    oldRelease: row.old_release,
    oldConfiguration: row.old_configuration,
    oldPromotion: row.old_promotion,
    removed: row.removed_at !== null,
  }),
  stream: ({ service, environment }) => `${service}/${environment}`,
  async *rows(db) {
    yield* await db.selectFrom("lanes").selectAll().execute();
  },
};

export const deploymentsProjection: Projection<DeploymentRow> = {
  table: "deployments",
  kinds: ["deployment.changed"],
  key: ({ id }) => `deployment/${id}`,
  changes: ({ changes }) => changes,
  counted: true,
  columns: (row) => ({
    deployment: Number(row.id),
    service: row.service,
    environment: row.environment,
    release: row.release,
    configuration: row.configuration,
    configurationVersion: row.configuration_version,
    colour: row.colour,
    promotion: row.promotion,
    kind: row.kind,
    from: time(row.from_at),
    until: time(row.until_at),
    verifiedAt: time(row.verified_at),
    revokedAt: time(row.revoked_at),
    revokedReason: row.revoked_reason,
    contradictedAt: time(row.contradicted_at),
    contradictedReason: row.contradicted_reason,
  }),
  stream: ({ service, environment }) => `${service}/${environment}`,
  rows: (db) =>
    paged<DeploymentRow, string>(
      (after, limit) =>
        db
          .selectFrom("deployments")
          .selectAll()
          .where("id", ">", after ?? "0")
          .orderBy("id")
          .limit(limit)
          .execute(),
      ({ id }) => id,
    ),
};
