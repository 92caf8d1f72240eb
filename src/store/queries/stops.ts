import { sql } from "kysely";
import type { Page } from "../../model/principal.ts";
import type { Digest } from "../../model/primitives.ts";
import type { Release } from "../../model/release.ts";
import { recordRows } from "../projections/projection.ts";
import { stopsProjection } from "../projections/stops.ts";
import type { StopRow } from "../schema-stops.ts";
import type { Db, Tx } from "../schema.ts";
import { seen } from "./page.ts";

/** Row and entry together. Numbers have no gap: who stops waits for another one who does. */
export async function insertStop(
  tx: Tx,
  stop: Pick<StopRow, "kind" | "service" | "environment" | "release" | "reason"> & {
    readonly artifacts: readonly Digest[];
    readonly parts?: "all" | "any";
    readonly revision?: string | null;
    readonly by: string;
  },
): Promise<StopRow> {
  await sql`select pg_advisory_xact_lock(7468033)`.execute(tx);
  const { rows } = await sql<{ next: number }>`
    select coalesce(max(id), 0) + 1 as next from stops`.execute(tx);
  const { by, artifacts, ...given } = stop;
  const row = await tx
    .insertInto("stops")
    .values({
      ...given,
      id: rows[0]?.next ?? 1,
      artifacts: JSON.stringify(artifacts),
      by_actor: by,
      cleared_at: null,
      cleared_reason: null,
      cleared_by: null,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  await recordRows(tx, stopsProjection, [row], { actor: by });
  return row;
}

/** Undefined when it was cleared before. */
export async function clearStop(
  tx: Tx,
  id: number,
  reason: string,
  by: string,
): Promise<StopRow | undefined> {
  const row = await tx
    .updateTable("stops")
    .set({
      cleared_at: sql<Date>`clock_timestamp()`,
      cleared_reason: reason,
      cleared_by: by,
      changes: sql<number>`changes + 1`,
    })
    .where("id", "=", id)
    .where("cleared_at", "is", null)
    .returningAll()
    .executeTakeFirst();
  if (row) await recordRows(tx, stopsProjection, [row], { kind: "stop.cleared", actor: by });
  return row;
}

export async function readStop(db: Db, id: number): Promise<StopRow | undefined> {
  return db.selectFrom("stops").selectAll().where("id", "=", id).executeTakeFirst();
}

/** Newest first. All that is open, however much that is: nobody stops so much that an older one is let go. */
export async function listStops(
  db: Db,
  { open, sees }: { readonly open: boolean } & Pick<Page, "sees">,
): Promise<readonly StopRow[]> {
  const query = db
    .selectFrom("stops")
    .selectAll()
    .where(seen(sees, { service: "service", environment: "environment" }))
    .orderBy("id", "desc");
  return open ? query.where("cleared_at", "is", null).execute() : query.limit(1_000).execute();
}

/** Every one there ever was: that none is missing is for the ledger to say. */
export async function allStops(db: Db): Promise<readonly StopRow[]> {
  return db.selectFrom("stops").selectAll().orderBy("id").execute();
}

/** Every deployment whose release still counts as good or is live, by what it is made of. */
export async function deployedReleases(db: Db): Promise<
  readonly {
    readonly promotion: string;
    readonly service: string;
    readonly environment: string;
    readonly release: Digest;
    readonly content: Release;
    readonly live: boolean;
  }[]
> {
  const { rows } = await sql<{
    promotion: string;
    service: string;
    environment: string;
    release: Digest;
    content: Release;
    live: boolean;
  }>`
    select distinct on (d.promotion) d.promotion, d.service, d.environment, d.release, r.content, d.until_at is null as live
    from deployments d join releases r on r.id = d.release
    where d.revoked_at is null
    order by d.promotion, d.until_at desc nulls first
  `.execute(db);
  return rows;
}
