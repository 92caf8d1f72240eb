import { sql } from "kysely";
import { openStatuses, type FindingStatus } from "../../model/finding.ts";
import type { Db } from "../schema.ts";
import { retiredScans } from "./finding-retire.ts";
import { orderOf } from "./findings-match.ts";

/** What is live, held against findings. */

/** What findings of a service were last held against, as one text; it changes when something went live or came in. */
export async function sweepMark(
  db: Db,
  service: string,
): Promise<{ live: string; import: string }> {
  const { rows } = await sql<{ live: string; import: string }>`
    select coalesce((
        select string_agg(environment || '=' || live_release, ' ' order by environment) from lanes
        where service = ${service} and removed_at is null and live_release is not null
      ), '') as live,
      coalesce((select max(number) from finding_imports where service = ${service}), 0)::text as import
  `.execute(db);
  return rows[0] ?? { live: "", import: "0" };
}

/** Services in which something may have changed since. */
export async function unsweptServices(db: Db): Promise<readonly string[]> {
  const { rows } = await sql<{ service: string }>`
    select i.service from (select service, max(number) as newest from finding_imports group by 1) i
    left join finding_sweeps s on s.service = i.service and s.environment = ''
    where s.service is null or s.import <> i.newest or s.release <> coalesce((
      select string_agg(l.environment || '=' || l.live_release, ' ' order by l.environment) from lanes l
      where l.service = i.service and l.removed_at is null and l.live_release is not null
    ), '')
  `.execute(db);
  return rows.map(({ service }) => service);
}

export async function markSwept(
  tx: Db,
  service: string,
  mark: { readonly live: string; readonly import: string },
): Promise<void> {
  await sql`
    insert into finding_sweeps (service, environment, release, import)
    values (${service}, '', ${mark.live}, ${mark.import})
    on conflict (service, environment) do update
      set release = excluded.release, import = excluded.import, at = clock_timestamp()
  `.execute(tx);
}

export interface Settled {
  readonly id: string;
  readonly status: FindingStatus;
  /** True: closed. False: it is back. */
  readonly gone: boolean;
  readonly environment: string;
  readonly release: string;
}

/**
 * Findings whose standing no longer fits what is live: in every production environment, or in their own. One is gone
 * where a trusted, complete scan of the live release has looked in every scope that ever saw it, and none of the
 * newest scans of it shows it.
 */
export async function unsettled(tx: Db, service: string): Promise<readonly Settled[]> {
  const { rows } = await sql<Settled>`
    with retired as materialized (${retiredScans}), lane as materialized (
      select l.environment, l.live_release as release, ${orderOf(sql`l.live_release`)} as age,
        coalesce((
          select d.content -> 'spec' ->> 'tier' from documents d
          where d.kind = 'Environment' and d.name = l.environment and d.removed_at is null
          order by d.version desc limit 1) = 'production', false) as production
      from lanes l
      where l.service = ${service} and l.removed_at is null and l.live_release is not null
    ), scan as materialized (
      select lane.environment, i.id from lane
      join finding_imports i on i.release = lane.release and i.service = ${service}
      where i.number > coalesce((select r.number from retired r where r.scope = i.scope), 0)
        and i.number >= coalesce((
        select max(newest.number) from finding_imports newest
        where newest.release = i.release and newest.scope = i.scope
          and newest.complete and newest.trust in ('own', 'signed')), 0)
    ), looked as materialized (
      select distinct lane.environment, i.scope from lane
      join finding_imports i on i.release = lane.release and i.service = ${service}
      where i.complete and i.trust in ('own', 'signed')
    ), held as (
      select f.id, f.status, lane.environment, lane.release,
        exists (
          select from observations o join scan on scan.id = o.import
          where o.finding = f.id and scan.environment = lane.environment) as seen,
        f.verified_release is not distinct from lane.release or not exists (
          select from finding_scopes s where s.finding = f.id
            and not exists (select from retired r where r.scope = s.scope and not s.seen)
            and not exists (
            select from looked where looked.scope = s.scope and looked.environment = lane.environment)
        ) as looked
      from findings f left join finding_sights g on g.finding = f.id join lane
        on case when f.environment is null then lane.production else f.environment = lane.environment end
      where f.service = ${service} and (
        f.status in ('verified', 'closed')
        -- Back with an older release, and that one has gone again.
        or (f.reopened > 0 and f.status = any (${[...openStatuses]}) and ${orderOf(sql`g.last_release`)} < lane.age)
      )
    )
    select id, status, bool_and(looked and not seen) as gone,
      (array_agg(environment order by seen desc, environment))[1] as environment,
      (array_agg(release order by seen desc, environment))[1] as release
    from held group by id, status
    having (status = 'closed' and bool_or(seen)) or (status <> 'closed' and bool_and(looked and not seen))
    order by id
  `.execute(tx);
  return rows;
}

export async function setSettled(tx: Db, settled: readonly Settled[]): Promise<void> {
  const lines = JSON.stringify(settled);
  await sql`
    update findings f set
      status = case when s.gone then 'closed' else 'open' end,
      closed_at = case when s.gone then clock_timestamp() end,
      verified_release = case when s.gone then coalesce(f.verified_release, s.release) end,
      verified_at = case when s.gone then coalesce(f.verified_at, clock_timestamp()) end,
      fixed_at = case when s.gone then f.fixed_at end,
      reopened = f.reopened + (not s.gone)::integer, changes = f.changes + 1
    from jsonb_to_recordset(${lines}::jsonb) as s (id bigint, gone boolean, release text)
    where f.id = s.id
  `.execute(tx);
}

/** False positives whose end has come. */
export async function expiredClaims(tx: Db): Promise<readonly { id: string; service: string }[]> {
  const { rows } = await sql<{ id: string; service: string }>`
    select f.id, f.service from findings f where f.status = 'false-positive' and (
      select c.detail ->> 'until' from finding_changes c
      where c.finding = f.id and c.to_status = 'false-positive' order by c.id desc limit 1
    )::timestamptz <= clock_timestamp() order by f.id limit 1000
  `.execute(tx);
  return rows;
}
