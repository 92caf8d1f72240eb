import { sql } from "kysely";
import type { Db } from "../schema.ts";

/** How the evidence stands by which something is live. */

export interface LiveContradiction {
  readonly service: string;
  readonly environment: string;
  readonly since: Date;
  readonly reason: string;
  readonly handled: string | null;
}

/** Of what users meet now. */
export async function liveContradictions(db: Db): Promise<readonly LiveContradiction[]> {
  const { rows } = await sql<LiveContradiction>`
    select d.service, d.environment, d.contradicted_at as since, coalesce(d.contradicted_reason, '') as reason, i.handled
    from deployments d left join incidents i on i.deployment = d.id
    where d.until_at is null and d.contradicted_at is not null`.execute(db);
  return rows;
}

export interface LiveRun {
  readonly service: string;
  readonly environment: string;
  readonly promotion: string;
  readonly version: string;
  readonly check: string;
  readonly uses: string;
  readonly phase: "static" | "deployed";
  readonly ended: Date;
  /** RFC 3339; null: it says nothing of an end. */
  readonly valid_until: string | null;
  /** Milliseconds: what its plan allows at most; null: any age. */
  readonly max_age: number | null;
}

/** Of everything that is live: the newest answer of each check by which it went there. */
export async function liveRuns(db: Db, service?: string): Promise<readonly LiveRun[]> {
  const { rows } = await sql<LiveRun>`
    select distinct on (c.promotion, c.name) l.service, l.environment, p.id as promotion, r.version, c.name as check, c.uses,
      c.phase, coalesce(c.ended_at, c.started_at) as ended, c.report ->> 'validUntil' as valid_until,
      (p.plan ->> 'maxAgeMs')::float8 as max_age
    from lanes l
    join releases r on r.id = l.live_release
    join lateral (
      select p.id, p.plan from promotions p
      where p.service = l.service and p.environment = l.environment and p.kind = 'promotion'
        and p.release = l.live_release and p.configuration = l.live_configuration
        and (p.state = 'complete' or p.id = l.live_promotion)
      order by p.sequence desc limit 1
    ) p on true
    join check_runs c on c.promotion = p.id and c.phase <> 'live' and c.report is not null
    where l.removed_at is null and (${service ?? null}::text is null or l.service = ${service ?? null})
    order by c.promotion, c.name, c.started_at desc, c.attempt desc`.execute(db);
  return rows;
}
