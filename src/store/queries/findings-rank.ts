import { sql } from "kysely";
import type { Pause } from "../../findings/sla.ts";
import { openStatuses } from "../../model/finding.ts";
import type { Observation } from "../../model/observation.ts";
import type { Tier } from "../../model/primitives.ts";
import type { FindingRow } from "../schema-findings.ts";
import type { Db } from "../schema.ts";
import { liveIn } from "./findings-list.ts";

/** What the order and the clocks of findings follow from. */

/** One text that differs when anything may rank otherwise. */
export async function rankingInputs(db: Db): Promise<string> {
  const { rows } = await sql<{ key: string }>`
    select concat_ws('/',
      (select max(number) from finding_imports), (select count(*) from finding_acts),
      (select max(id) from finding_changes), (select string_agg(kind || changes, ',' order by kind) from feeds),
      (select sum(changes) from service_security), (select sum(changes) from lanes),
      (select sum(changes) from documents where kind = 'Environment')) as key`.execute(db);
  return rows[0]?.key ?? "";
}

export interface Ranked {
  readonly row: FindingRow;
  /** Tiers of the environments in which a release with it is live. */
  readonly liveTiers: readonly Tier[];
  readonly cves: readonly string[];
  readonly epss: number | null;
  readonly knownExploited: boolean | null;
  readonly pauses: readonly Pause[];
  readonly cvss: NonNullable<Observation["cvss"]>;
  readonly reachable: boolean | null;
}

/** Open findings in the order of their numbers, some at a time, each with all that its rank follows from. */
export async function readForRank(
  db: Db,
  after: string,
  limit: number,
): Promise<readonly Ranked[]> {
  const { rows } = await sql<
    FindingRow & { cves: string[]; feed_epss: number | null; feed_kev: boolean }
  >`
    select f.*, c.cves, e.epss as feed_epss, exists (select from kev_entries k where k.cve = any(c.cves)) as feed_kev
    from findings f
    cross join lateral (
      select coalesce(array_agg(distinct upper(one)), '{}') as cves
      from unnest(f.aliases || f.rule) as one where one ~* '^CVE-[0-9]{4}-[0-9]{4,19}$'
    ) c
    left join lateral (select max(s.epss) as epss from epss_scores s where s.cve = any(c.cves)) e on true
    where f.id > ${after}::bigint and f.status = any(${[...openStatuses]}::text[])
    order by f.id limit ${limit}`.execute(db);
  const ids = rows.map(({ id }) => id);
  const live = await liveIn(db, ids);
  const tiers = await tiersOf(db);
  const pauses = await pausesOf(db, ids);
  const kev = await db
    .selectFrom("feeds")
    .select("kind")
    .where("kind", "=", "kev")
    .executeTakeFirst();
  return rows.map(({ cves, feed_epss, feed_kev, ...row }) => ({
    row,
    cves,
    epss: feed_epss,
    knownExploited: kev === undefined || cves.length === 0 ? null : feed_kev,
    liveTiers: (live.get(row.id) ?? []).flatMap((one) => tiers.get(one) ?? []),
    pauses: pauses.get(row.id) ?? [],
    cvss: Array.isArray(row.details["cvss"]) ? (row.details["cvss"] as Ranked["cvss"]) : [],
    reachable: typeof row.details["reachable"] === "boolean" ? row.details["reachable"] : null,
  }));
}

async function tiersOf(db: Db): Promise<ReadonlyMap<string, Tier>> {
  const { rows } = await sql<{ name: string; tier: Tier }>`
    select distinct on (name) name, content -> 'spec' ->> 'tier' as tier from documents
    where kind = 'Environment' and removed_at is null order by name, version desc`.execute(db);
  return new Map(rows.map(({ name, tier }) => [name, tier]));
}

/** Stretches in which clocks stood still: from each `pause` to the next `resume`. */
async function pausesOf(
  db: Db,
  ids: readonly string[],
): Promise<ReadonlyMap<string, readonly Pause[]>> {
  const acts = await db
    .selectFrom("finding_acts")
    .select(["finding", "kind", "at"])
    .where("finding", "in", ids.length === 0 ? ["0"] : [...ids])
    .where("kind", "in", ["pause", "resume"])
    .orderBy("at")
    .execute();
  const found = new Map<string, Pause[]>();
  for (const { finding, kind, at } of acts) {
    if (finding === null) continue;
    const list = found.get(finding) ?? [];
    found.set(finding, list);
    const last = list.at(-1);
    if (kind === "pause") list.push({ from: at.toISOString(), to: null });
    else if (last?.to === null) list[list.length - 1] = { ...last, to: at.toISOString() };
  }
  return found;
}

export interface NewRank {
  readonly id: string;
  readonly urgency: number;
  readonly why: string;
  readonly epss: number | null;
  readonly knownExploited: boolean | null;
  readonly due: string | null;
}

/** Only rows that rank otherwise are written, and none whose standing changed meanwhile is given an older clock. */
export async function writeRanks(db: Db, ranks: readonly NewRank[]): Promise<void> {
  if (ranks.length === 0) return;
  await sql`
    update findings f set urgency = n.urgency, urgency_why = n.why, epss = n.epss,
      known_exploited = n.kev, due_at = n.due
    from unnest(${ranks.map(({ id }) => id)}::bigint[], ${ranks.map(({ urgency }) => urgency)}::real[],
      ${ranks.map(({ why }) => why)}::text[], ${ranks.map(({ epss }) => epss)}::real[],
      ${ranks.map(({ knownExploited }) => knownExploited)}::boolean[], ${ranks.map(({ due }) => due)}::timestamptz[])
      as n (id, urgency, why, epss, kev, due)
    where f.id = n.id`.execute(db);
}
