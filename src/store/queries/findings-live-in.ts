import { type RawBuilder, sql } from "kysely";
import type { Db } from "../schema.ts";

/**
 * Which findings are live where, kept so that a list of one environment need not look at every observation. It follows
 * from imports and from what is live alone; both are written down beside it, so that nobody takes what has moved on since
 * for what is.
 */

/** `l` is a service: what is live of it, and its newest import. */
const live = sql`coalesce((
  select string_agg(x.environment || '=' || x.live_release, ' ' order by x.environment) from lanes x
  where x.service = l.service and x.removed_at is null and x.live_release is not null), '')`;
const newest = sql`coalesce((
  select max(i.number) from finding_imports i where i.service = l.service), 0)`;

/** Services that have something live in an environment, and of which it is not kept what that is now. */
export async function movedOn(db: Db, environment: string): Promise<readonly string[]> {
  const { rows } = await sql<{ service: string }>`
    select distinct l.service from lanes l left join finding_live_marks m on m.service = l.service
    where l.environment = ${environment} and (
      m.service is null or m.live <> ${live} or m.import <> ${newest})
  `.execute(db);
  return rows.map(({ service }) => service);
}

/**
 * Computes anew what of a service is live where, and as of when. Where another server does so at the same moment, what that
 * one keeps stands.
 *
 * @param liveImports `service`, `environment`, `import` of what is live
 */
export async function keepLive(
  db: Db,
  service: string,
  liveImports: RawBuilder<unknown>,
): Promise<void> {
  const kept = db
    .transaction()
    .setIsolationLevel("repeatable read")
    .execute(async (tx) => {
      await sql`
        insert into finding_live_marks (service, live, import)
        select l.service, ${live}, ${newest} from (select ${service}::text as service) l
        on conflict (service) do update set live = excluded.live, import = excluded.import
      `.execute(tx);
      const now = sql`
        select distinct live.environment, o.finding
        from (${liveImports} and l.service = ${service}) live
        join observations o on o.import = live.import join findings f on f.id = o.finding
        where f.service = ${service} and coalesce(f.environment, live.environment) = live.environment`;
      await sql`create temp table live_now on commit drop as ${now}`.execute(tx);
      await sql`
        delete from finding_live k where k.service = ${service} and not exists (
          select from live_now n where n.environment = k.environment and n.finding = k.finding)
      `.execute(tx);
      await sql`
        insert into finding_live (environment, finding, service)
        select environment, finding, ${service} from live_now on conflict do nothing
      `.execute(tx);
    });
  await kept.catch((error: unknown) => {
    const code = error instanceof Error && "code" in error ? error.code : "";
    if (code !== serializationFailure) throw error;
  });
}

/** SQLSTATE. */
const serializationFailure = "40001";
