import { type RawBuilder, sql } from "kysely";
import { type FindingStatus, openStatuses } from "../../model/finding.ts";
import type { FindingKind, Severity } from "../../model/observation.ts";
import type { Digest } from "../../model/primitives.ts";
import type { Db } from "../schema.ts";
import { slaOf } from "./findings-narrow.ts";

/**
 * The numbers about findings. Observations are not looked at, so a million of them cost nothing; of findings one
 * pass makes the groups that most numbers are sums of.
 */

export interface Measured {
  readonly service?: string | undefined;
  readonly kind?: FindingKind | undefined;
  /** Where the window begins. */
  readonly from: Date;
  /** Until when: the moment of asking. */
  readonly at: Date;
}

function about({ service, kind }: Measured): RawBuilder<unknown> {
  const all = [sql`true`];
  if (service !== undefined) all.push(sql`f.service = ${service}`);
  if (kind !== undefined) all.push(sql`f.kind = ${kind}`);
  return sql.join(all, sql` and `);
}

/** Findings that are alike in all of this. */
export interface FindingGroup {
  readonly service: string;
  readonly first_environment: string | null;
  readonly kind: FindingKind;
  readonly severity: Severity;
  readonly status: FindingStatus;
  readonly tools: readonly string[];
  /** Seen first within the window. */
  readonly recent: boolean;
  readonly back: boolean;
  readonly sla: "kept" | "missed" | null;
  readonly n: number;
}

export async function findingGroups(db: Db, asked: Measured): Promise<readonly FindingGroup[]> {
  const { rows } = await sql<FindingGroup>`
    select f.service, f.first_environment, f.kind, f.severity, f.status, f.tools,
      f.first_seen >= ${asked.from} as recent, f.reopened > 0 as back, ${slaOf} as sla,
      count(*)::integer as n
    from findings f where ${about(asked)}
    group by 1, 2, 3, 4, 5, 6, 7, 8, 9
  `.execute(db);
  return rows;
}

export interface SpanRow {
  readonly severity: Severity;
  readonly n: number;
  readonly median: number;
  readonly p90: number;
}

const ms = (span: RawBuilder<unknown>) => sql`extract(epoch from ${span})::float8 * 1000`;

/** From first sight to production without it, by severity, of what was closed within the window. */
export async function timesToProduction(db: Db, asked: Measured): Promise<readonly SpanRow[]> {
  const { rows } = await sql<SpanRow & { spans: [number, number] }>`
    select f.severity, count(*)::integer as n,
      percentile_cont(array[0.5, 0.9]) within group
        (order by greatest(0, ${ms(sql`f.closed_at - f.first_seen`)})) as spans
    from findings f
    where f.status = 'closed' and f.closed_at >= ${asked.from} and ${about(asked)}
    group by f.severity
  `.execute(db);
  return rows.map(({ severity, n, spans: [median, p90] }) => ({ severity, n, median, p90 }));
}

export interface AgeRow extends SpanRow {
  readonly oldest: Date;
}

/** Of what is open: since the first sight, by severity. */
export async function openAges(db: Db, asked: Measured): Promise<readonly AgeRow[]> {
  const { rows } = await sql<AgeRow & { spans: [number, number] }>`
    select f.severity, count(*)::integer as n, min(f.first_seen) as oldest,
      percentile_cont(array[0.5, 0.9]) within group
        (order by greatest(0, ${ms(sql`${asked.at}::timestamptz - f.first_seen`)})) as spans
    from findings f
    where f.status = any (${[...openStatuses]}) and ${about(asked)}
    group by f.severity
  `.execute(db);
  return rows.map(({ severity, n, oldest, spans: [median, p90] }) => ({
    severity,
    n,
    oldest,
    median,
    p90,
  }));
}

/** How many open ones were seen first before each of these moments; in their order. */
export async function openBefore(
  db: Db,
  asked: Measured,
  moments: readonly Date[],
): Promise<readonly number[]> {
  const counts = moments.map(
    (moment) => sql`count(*) filter (where f.first_seen < ${moment})::integer`,
  );
  const { rows } = await sql<{ counts: number[] }>`
    select array[${sql.join(counts)}] as counts from findings f
    where f.status = any (${[...openStatuses]}) and ${about(asked)}
  `.execute(db);
  return rows[0]?.counts ?? [];
}

/** Per week since `from`, counted from 0: how many were seen first in it, or closed in it. */
export async function weekCounts(
  db: Db,
  asked: Measured,
  which: "opened" | "closed",
): Promise<ReadonlyMap<number, number>> {
  const moment = which === "opened" ? sql`f.first_seen` : sql`f.closed_at`;
  const { rows } = await sql<{ week: number; n: number }>`
    select floor(extract(epoch from ${moment} - ${asked.from}::timestamptz) / 604800)::integer as week,
      count(*)::integer as n
    from findings f
    where ${moment} >= ${asked.from} and ${moment} < ${asked.at} and ${about(asked)}
    group by 1
  `.execute(db);
  return new Map(rows.map(({ week, n }) => [week, n]));
}

/** Since when what is called a false positive is called so. */
export async function falsePositiveAges(
  db: Db,
  asked: Measured,
): Promise<{ readonly n: number; readonly median: number | null; readonly p90: number | null }> {
  const { rows } = await sql<{ n: number; spans: [number, number] | null }>`
    select count(*)::integer as n, percentile_cont(array[0.5, 0.9]) within group
        (order by greatest(0, ${ms(sql`${asked.at}::timestamptz - since.at`)})) as spans
    from findings f cross join lateral (
      select max(c.at) as at from finding_changes c
      where c.finding = f.id and c.to_status = 'false-positive'
    ) since
    where f.status = 'false-positive' and ${about(asked)}
  `.execute(db);
  const [row] = rows;
  return { n: row?.n ?? 0, median: row?.spans?.[0] ?? null, p90: row?.spans?.[1] ?? null };
}

/** Every live release, and the newest complete trusted import of each tool about it. */
export interface LiveScan {
  readonly service: string;
  readonly environment: string;
  readonly release: Digest;
  readonly version: string | null;
  readonly tool: string | null;
  readonly format: string | null;
  readonly import: string | null;
  readonly at: Date | null;
}

export async function liveScans(db: Db, { service }: Measured): Promise<readonly LiveScan[]> {
  const { rows } = await sql<LiveScan>`
    select l.service, l.environment, l.live_release as release, r.version,
      i.tool, i.format, i.id as import, i.at
    from lanes l
    left join releases r on r.id = l.live_release
    left join lateral (
      select distinct on (i.tool) i.tool, i.format, i.id, i.at from finding_imports i
      where i.release = l.live_release and i.service = l.service and i.complete
        and i.trust in ('own', 'signed')
        and coalesce(i.environment, l.environment) = l.environment
      order by i.tool, i.at desc
    ) i on true
    where l.removed_at is null and l.live_release is not null
      and (${service ?? null}::text is null or l.service = ${service ?? null})
    order by l.service, l.environment, i.tool
  `.execute(db);
  return rows;
}

/** Environments and their tiers, as they are declared now. */
export async function environmentTiers(db: Db): Promise<ReadonlyMap<string, string>> {
  const { rows } = await sql<{ name: string; tier: string }>`
    select name, tier from (
      select distinct on (name) name, removed_at, content -> 'spec' ->> 'tier' as tier
      from documents where kind = 'Environment' order by name, version desc
    ) newest
    where removed_at is null order by name
  `.execute(db);
  return new Map(rows.map(({ name, tier }) => [name, tier]));
}
