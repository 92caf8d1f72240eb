import { type RawBuilder, sql } from "kysely";
import type { FindingFilter } from "../../ports/finding-control.ts";
import { openStatuses } from "../../model/finding.ts";
import { severities } from "../../model/observation.ts";
import type { Db } from "../schema.ts";
import type { SeenFindingRow } from "../schema-findings.ts";
import { movedOn } from "./findings-live-in.ts";
import { narrow, toolName } from "./findings-narrow.ts";

/** Lists of findings, most urgent first, and where they are live. */

/** Behind which finding of the order a page begins. */
export interface After {
  readonly urgency: number;
  readonly id: string;
}

interface Look {
  readonly moved: readonly string[];
  readonly whole: boolean;
}

export interface FindingPage {
  readonly rows: readonly SeenFindingRow[];
  readonly total: number;
}

export async function listFindings(
  db: Db,
  filter: FindingFilter,
  page: {
    readonly limit: number;
    readonly after: After | null;
    /** Findings (numbers) whose risk is accepted; needed where the filter names a `state`. */
    readonly accepted?: readonly string[] | undefined;
  },
): Promise<FindingPage> {
  const { environment } = filter;
  const moved = environment === undefined ? [] : await movedOn(db, environment);
  const where = (whole: boolean) =>
    sql`${conditions(filter, { moved, whole })} and ${stateIs(filter, page.accepted)}`;
  const behind =
    page.after === null
      ? sql``
      : sql`and (f.urgency < ${page.after.urgency}::real or (f.urgency = ${page.after.urgency}::real and f.id > ${page.after.id}::bigint))`;
  const [{ rows }, counted] = await Promise.all([
    sql<SeenFindingRow>`
      select f.*, coalesce(g.last_seen, f.first_seen) as last_seen, g.last_release
      from findings f left join finding_sights g on g.finding = f.id where ${where(false)} ${behind}
      order by f.urgency desc, f.id limit ${page.limit}
    `.execute(db),
    sql<{ total: number }>`
      select count(*)::integer as total from findings f where ${where(true)}
    `.execute(db),
  ]);
  return { rows, total: counted.rows[0]?.total ?? 0 };
}

/**
 * `f` is the finding.
 *
 * @param look of which services it has to be computed anew what is live; and whether all findings are gone through, or
 * as many as make a page
 */
function conditions(filter: FindingFilter, look: Look): RawBuilder<unknown> {
  const all: RawBuilder<unknown>[] = [sql`true`];
  const { service, environment, status, severity, kind, tool, assignee, overdue, search } = filter;
  if (service !== undefined) all.push(sql`f.service = ${service}`);
  const wanted: readonly string[] =
    status === undefined ? openStatuses : status.split(",").map((one) => one.trim());
  if (!wanted.includes("any")) all.push(sql`f.status = any (${[...wanted]})`);
  if (severity !== undefined) {
    all.push(sql`f.severity = any (${severities.slice(0, severities.indexOf(severity) + 1)})`);
  }
  if (kind !== undefined) all.push(sql`f.kind = ${kind}`);
  if (tool !== undefined) all.push(sql`${toolName(tool)} = any (f.tools)`);
  if (assignee !== undefined) all.push(sql`f.assignee = ${assignee}`);
  if (overdue !== undefined) all.push(sql`(${isOverdue}) = ${overdue}`);
  if (environment !== undefined) {
    all.push(
      sql`(f.first_environment = ${environment} or f.environment = ${environment} or ${liveThere(environment, look)})`,
    );
  }
  if (search !== undefined) {
    const pattern = `%${search.replaceAll(/[\\%_]/g, "\\$&")}%`;
    all.push(
      sql`(f.title ilike ${pattern} or f.rule ilike ${pattern} or f.place::text ilike ${pattern}
        or array_to_string(f.aliases, ' ') ilike ${pattern})`,
    );
  }
  all.push(...narrow(filter));
  return sql.join(all, sql` and `);
}

function stateIs({ state }: FindingFilter, accepted: readonly string[] | undefined) {
  if (state === undefined) return sql`true`;
  if (accepted === undefined) throw new Error("a list by state, without what is accepted");
  return sql`(f.status = any (${[...openStatuses]}) and f.id = any (${[...accepted]}::bigint[])) =
    ${state === "risk-accepted"}`;
}

const isOverdue = sql`f.due_at is not null and f.paused is null and f.due_at < clock_timestamp()
  and f.status = any (${[...openStatuses]})`;

/**
 * Imports that say what the live release of each lane has: of every scan of it the newest complete one that is
 * trusted, and whatever came later.
 */
export const liveImports = sql`
  select l.service, l.environment, i.id as import
  from lanes l join finding_imports i on i.release = l.live_release and i.service = l.service
  where l.removed_at is null and i.number >= coalesce((
    select max(newest.number) from finding_imports newest
    where newest.release = i.release and newest.scope = i.scope
      and newest.complete and newest.trust in ('own', 'signed')
  ), 0)`;

function liveThere(environment: string, { moved, whole }: Look): RawBuilder<unknown> {
  // A page of fifty is not worth gathering all that is live first.
  const kept = whole
    ? sql`f.id in (select finding from finding_live where environment = ${environment})`
    : sql`coalesce((
        select true from finding_live k where k.environment = ${environment} and k.finding = f.id limit 1), false)`;
  return moved.length === 0
    ? kept
    : sql`case when f.service = any (${[...moved]}) then ${liveNow(environment)} else ${kept} end`;
}

function liveNow(environment: string): RawBuilder<unknown> {
  return sql`exists (
    select from observations o
    join (${liveImports} and l.environment = ${environment}) live
      on live.import = o.import and live.service = f.service
    where o.finding = f.id and coalesce(f.environment, live.environment) = live.environment)`;
}

/** Environments in which a release with it is live, by finding. */
export async function liveIn(
  db: Db,
  findings: readonly string[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  if (findings.length === 0) return new Map();
  const { rows } = await sql<{ finding: string; environments: string[] }>`
    with live as materialized (${liveImports})
    select f.id as finding, array_agg(distinct live.environment order by live.environment) as environments
    from findings f
    join live on live.service = f.service and coalesce(f.environment, live.environment) = live.environment
    where f.id = any (${[...findings]}::bigint[])
      and exists (select from observations o where o.finding = f.id and o.import = live.import)
    group by f.id
  `.execute(db);
  return new Map(rows.map(({ finding, environments }) => [finding, environments]));
}
