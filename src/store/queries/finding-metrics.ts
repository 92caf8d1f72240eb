import { type RawBuilder, sql } from "kysely";
import type { FindingStatus } from "../../model/finding.ts";
import { type FindingKind, severities, type Severity } from "../../model/observation.ts";
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

/** What `findings.figure` says: bits, see `0059-finding-groups.sql`. */
const trait = { back: 1, kept: 2, late: 4, clockRuns: 8 } as const;

type Given = Pick<FindingGroup, "service" | "severity" | "status" | "n" | "recent"> & {
  figure: string;
  overdue: number;
};

export async function findingGroups(db: Db, asked: Measured): Promise<readonly FindingGroup[]> {
  return inOrder(db, async (tx) => {
    const { rows } = await sql<Given>`
      select service, status, severity, figure, count(*)::integer as n,
        (count(*) filter (where first_seen >= ${asked.from}))::integer as recent,
        (count(*) filter (where due_at < ${asked.at}))::integer as overdue
      from findings f where ${about(asked)}
      group by 1, 2, 3, 4
    `.execute(tx);
    const figures = await readFigures(tx, new Set(rows.map(({ figure }) => figure)));
    return rows.map(({ figure, overdue, ...group }) => {
      const read = figures.get(figure);
      if (!read) throw new Error("a figure that was not read");
      const { traits, kind, first_environment, tools } = read;
      return {
        ...group,
        kind,
        first_environment,
        tools,
        back: traits & trait.back ? group.n : 0,
        kept: traits & trait.kept ? group.n : 0,
        missed: traits & trait.late ? group.n : traits & trait.clockRuns ? overdue : 0,
      };
    });
  });
}

type Figure = Pick<FindingGroup, "kind" | "first_environment" | "tools"> & {
  readonly traits: number;
};
type Words = readonly [string | null, ...string[]];

async function readFigures(
  tx: Db,
  figures: ReadonlySet<string>,
): Promise<ReadonlyMap<string, Figure>> {
  const long = [...figures].some((figure) => figure.includes(" #"))
    ? await longWords(tx)
    : new Map<string, Words>();
  // Thousands of groups are by a few sets of tools.
  const sets = new Map<string, Words>(long);
  return new Map(
    [...figures].map((figure) => {
      const [kind = "", traits = ""] = figure.split(" ", 2);
      const text = figure.slice(kind.length + traits.length + 2);
      const words = sets.get(text) ?? (JSON.parse(text) as Words);
      sets.set(text, words);
      const [first_environment, ...tools] = words as [string | null, ...string[]];
      return [
        figure,
        { kind: kind as FindingKind, traits: Number(traits), first_environment, tools },
      ];
    }),
  );
}

/** What is too long for an index, by how its figure ends. */
async function longWords(tx: Db): Promise<ReadonlyMap<string, Words>> {
  const { rows } = await sql<{ text: string; words: Words }>`
    select distinct on (1) finding_words(words) as text, array_to_json(words) as words
    from (select array_prepend(first_environment, tools) as words from findings where figure like '% #%') long
    order by 1
  `.execute(tx);
  return new Map(rows.map(({ text, words }) => [text, words]));
}

/**
 * Takes the groups as they come from `findings_figures`, one pass over the index and no look at the table: the planner
 * does not know how few groups there are, and would sort all findings by all of their words.
 */
async function inOrder<T>(db: Db, read: (tx: Db) => Promise<T>): Promise<T> {
  return db.transaction().execute(async (tx) => {
    await sql`
      select set_config('enable_sort', 'off', true), set_config('enable_seqscan', 'off', true),
        set_config('work_mem', '32MB', true)
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
/** Kept in one number, which is told apart sooner than two: hours, and of whom. */
const mostHours = 1_000_000;

/**
 * Ages at the moment of asking. Exactly `k` days old counts as younger, as "seen first at that moment or later" does
 * in a list: both clocks are whole microseconds, which a double holds apart until the year 2242.
 */
export async function findingAges(db: Db, asked: Measured): Promise<readonly AgeGroup[]> {
  return inOrder(db, async (tx) => {
    const { rows } = await sql<{ key: number; n: number }>`
      select ageing * ${mostHours}::integer + 1 + (case
          when age <= 0 then -1
          when age <= 72 then ceil(age) - 1
          else least(ceil(age / 24) - 1, ${mostDays - 1}::float8) * 24 end)::integer as key, count(*)::integer as n
      from (
        select ageing, (${asked.at.getTime() / 1_000}::float8 - date_part('epoch', first_seen)) / 3600 as age
        from findings f where ${about(asked)} offset 0
      ) aged
      group by 1
    `.execute(tx);
    return rows.map(({ key, n }) => {
      const ageing = Math.floor(key / mostHours);
      const severity = severities[ageing >> 1] ?? "info";
      return { severity, open: ageing % 2 === 1, hours: (key % mostHours) - 1, n };
    });
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
