import { sql } from "kysely";
import type { Lane } from "../../model/primitives.ts";
import type { Db } from "../schema.ts";

/** What checks have said in an environment, for whoever asks which tests run there. Of the newest promotions alone. */

/** Older promotions of one environment are not looked at. */
const mostPromotions = 500;

export interface LastRun {
  readonly name: string;
  readonly uses: string;
  readonly id: string;
  readonly promotion: string;
  readonly version: string | null;
  readonly verdict: string;
  readonly summary: string;
  readonly tools: Readonly<Record<string, string>> | null;
  readonly data: Readonly<Record<string, string>> | null;
  readonly raw: boolean;
  readonly ended_at: Date;
  /** Finished runs that were looked at, and those that passed. */
  readonly runs: number;
  readonly passed: number;
  readonly last_pass: Date | null;
}

/** The newest finished run of each check of an environment. */
export async function lastRuns(
  db: Db,
  { service, environment }: Lane,
): Promise<readonly LastRun[]> {
  const { rows } = await sql<LastRun>`
    with newest as (
      select id from promotions where service = ${service} and environment = ${environment}
      order by created_at desc limit ${mostPromotions}
    ), finished as (
      select c.*, count(*) over by_name as runs,
        count(*) filter (where c.report ->> 'verdict' = 'pass') over by_name as passed,
        max(c.ended_at) filter (where c.report ->> 'verdict' = 'pass') over by_name as last_pass
      from check_runs c where c.promotion in (select id from newest)
        and c.report is not null and c.ended_at is not null
      window by_name as (partition by c.name)
    )
    select distinct on (f.name) f.name, f.uses, f.id, f.promotion, r.version,
      f.report ->> 'verdict' as verdict, coalesce(f.report ->> 'summary', '') as summary,
      f.report -> 'tools' as tools, f.report -> 'data' as data, f.report -> 'raw' is not null as raw,
      f.ended_at, f.runs::int as runs, f.passed::int as passed, f.last_pass
    from finished f left join releases r on r.id = f.release
    order by f.name, f.ended_at desc
  `.execute(db);
  return rows;
}

export interface SeenTool {
  readonly name: string;
  readonly uses: string;
  readonly tool: string;
  readonly version: string;
  readonly first_at: Date;
  readonly last_at: Date;
  readonly runs: number;
}

/** Which programs of which version have run in an environment, for which check. */
export async function seenTools(
  db: Db,
  { service, environment }: Lane,
): Promise<readonly SeenTool[]> {
  const { rows } = await sql<SeenTool>`
    select c.name, c.uses, t.key as tool, t.value as version, min(c.ended_at) as first_at,
      max(c.ended_at) as last_at, count(*)::int as runs
    from check_runs c cross join lateral jsonb_each_text(c.report -> 'tools') t
    where c.promotion in (
      select id from promotions where service = ${service} and environment = ${environment}
      order by created_at desc limit ${mostPromotions}
    ) and c.report is not null and c.ended_at is not null
      and jsonb_typeof(c.report -> 'tools') = 'object'
    group by c.name, c.uses, t.key, t.value order by max(c.ended_at) desc
  `.execute(db);
  return rows;
}

export interface AskedRow {
  readonly id: string;
  readonly promotion: string;
  readonly check: string;
  readonly version: string | null;
  readonly asked_at: Date;
  readonly answer_until: Date;
  readonly answered_at: Date | null;
  readonly valid_until: Date | null;
  readonly person: string | null;
  readonly reuses: string | null;
  readonly verdict: string | null;
  readonly running: boolean;
}

/** What people were asked in an environment, newest first. */
export async function askedIn(
  db: Db,
  { service, environment }: Lane,
  limit: number,
): Promise<readonly AskedRow[]> {
  const { rows } = await sql<AskedRow>`
    select a.id, a.promotion, a."check", r.version, a.asked_at, a.answer_until, a.answered_at,
      a.valid_until, a.person, a.reuses, c.report ->> 'verdict' as verdict,
      coalesce(p.state = 'running', false) as running
    from check_requests a
    left join releases r on r.id = a.release
    left join check_runs c on c.id = a.run
    left join promotions p on p.id = a.promotion
    where a.service = ${service} and a.environment = ${environment}
    order by a.asked_at desc limit ${limit}
  `.execute(db);
  return rows;
}
