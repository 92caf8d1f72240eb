import { type RawBuilder, sql } from "kysely";
import { type FindingStatus, openStatuses } from "../../model/finding.ts";
import type { FindingKind, Severity } from "../../model/observation.ts";
import type { Digest } from "../../model/primitives.ts";
import type { Db } from "../schema.ts";

/**
 * The numbers about findings. Observations are not looked at, so a million of them cost nothing; of findings one
 * pass over an index makes the groups that most numbers are sums of, and beside it another one their ages.
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

/** Findings that are alike in all of this, and how many of them are something more. */
export interface FindingGroup {
  readonly service: string;
  readonly first_environment: string | null;
  readonly kind: FindingKind;
  readonly severity: Severity;
  readonly status: FindingStatus;
  readonly tools: readonly string[];
  readonly n: number;
  /** Seen first within the window. */
  readonly recent: number;
  /** Came back at least once. */
  readonly back: number;
  /** Closed by its date; or later, or past it and open. */
  readonly kept: number;
  readonly missed: number;
}

/** Bits of `findings.traits`. */
const trait = { back: 1, kept: 2, late: 4, clockRuns: 8 } as const;

type Given = Omit<FindingGroup, "tools"> & { tools: string; traits: number; overdue: number };

export async function findingGroups(db: Db, asked: Measured): Promise<readonly FindingGroup[]> {
  return hashed(db, async (tx) => {
    const { rows } = await sql<Given>`
      select service, status, severity, kind, first_environment, array_to_json(tools)::text as tools, traits, count(*)::integer as n,
        (count(*) filter (where first_seen >= ${asked.from}))::integer as recent,
        (count(*) filter (where due_at < ${asked.at}))::integer as overdue
      from findings f where ${about(asked)}
      group by 1, 2, 3, 4, 5, f.tools, 7
    `.execute(tx);
    // Thousands of groups are by a few sets of tools.
    const sets = new Map<string, readonly string[]>();
    const setOf = (text: string): readonly string[] => {
      const set = sets.get(text) ?? (JSON.parse(text) as readonly string[]);
      sets.set(text, set);
      return set;
    };
    return rows.map(({ traits, overdue, tools, ...group }) => ({
      ...group,
      tools: setOf(tools),
      back: traits & trait.back ? group.n : 0,
      kept: traits & trait.kept ? group.n : 0,
      missed: traits & trait.late ? group.n : traits & trait.clockRuns ? overdue : 0,
    }));
  });
}

/**
 * Groups by hashing, which takes one pass over `findings_figures` and no look at the table: the planner does not know
 * how few groups there are, and would sort all findings by all of their words.
 */
async function hashed<T>(db: Db, read: (tx: Db) => Promise<T>): Promise<T> {
  return db.transaction().execute(async (tx) => {
    await sql`
      select set_config('enable_sort', 'off', true), set_config('work_mem', '32MB', true)
    `.execute(tx);
    return read(tx);
  });
}

/** How many were seen first so long ago. */
export interface AgeGroup {
  readonly severity: Severity;
  readonly open: boolean;
  /** Whole hours since the first sight, of what is older than three days whole days; both in hours. */
  readonly hours: number;
  readonly n: number;
}

/** What is older than twenty years is twenty years old. */
const mostDays = 20 * 366;

/**
 * Ages at the moment of asking. Exactly `k` days old counts as younger, as "seen first at that moment or later" does
 * in a list.
 */
export async function findingAges(db: Db, asked: Measured): Promise<readonly AgeGroup[]> {
  return hashed(db, async (tx) => {
    const { rows } = await sql<AgeGroup>`
      select severity, open, (case
          when age <= 0 then -1
          when age <= 72 then ceil(age) - 1
          else least(ceil(age / 24) - 1, ${mostDays - 1}::integer) * 24 end)::integer as hours, count(*)::integer as n
      from (
        select severity, status = any (${[...openStatuses]}) as open,
          date_part('epoch', ${asked.at}::timestamptz - first_seen) / 3600 as age
        from findings f where ${about(asked)} offset 0
      ) aged
      group by 1, 2, 3
    `.execute(tx);
    return rows;
  });
}

/** What was closed within the window: when, and how long that took. */
export interface ClosedGroup {
  readonly severity: Severity;
  /** Weeks since the window began, whole ones. */
  readonly week: number;
  /** From the first sight until production ran without it, each, milliseconds. */
  readonly spans: readonly number[];
}

export async function closedSpans(db: Db, asked: Measured): Promise<readonly ClosedGroup[]> {
  const { rows } = await sql<Omit<ClosedGroup, "spans"> & { spans: string }>`
    select f.severity,
      floor(date_part('epoch', f.closed_at - ${asked.from}::timestamptz) / 604800)::integer as week,
      -- Read much sooner than an array, and there is one for every finding.
      string_agg(greatest(0, round(date_part('epoch', f.closed_at - f.first_seen) * 1000))::text, ' ') as spans
    from findings f
    where f.closed_at >= ${asked.from} and f.closed_at < ${asked.at} and ${about(asked)}
    group by 1, 2
  `.execute(db);
  return rows.map(({ spans, ...group }) => ({ ...group, spans: spans.split(" ").map(Number) }));
}

/** Since when what is called a false positive is called so; milliseconds. */
export async function falsePositiveAges(
  db: Db,
  asked: Measured,
): Promise<{ readonly n: number; readonly median: number | null; readonly p90: number | null }> {
  const { rows } = await sql<{ n: number; spans: [number, number] | null }>`
    select count(*)::integer as n, percentile_cont(array[0.5, 0.9]) within group
        (order by greatest(0, date_part('epoch', ${asked.at}::timestamptz - since.at) * 1000)) as spans
    from findings f left join (
      select c.finding, max(c.at) as at from finding_changes c
      where c.to_status = 'false-positive' group by c.finding
    ) since on since.finding = f.id
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
