import { sql } from "kysely";
import { keyLength } from "../../findings/identity/key.ts";
import type { Incoming } from "../../findings/identity/incoming.ts";
import type { KnownFinding, KnownScope } from "../../findings/identity/known.ts";
import type { FalsePositive } from "../../findings/life-cycle.ts";
import { type Fingerprint, type FindingStatus, isTrusted } from "../../model/finding.ts";
import type { FindingKind, Severity } from "../../model/observation.ts";
import type { Db } from "../schema.ts";
import type { Applied } from "./findings-apply.ts";

/**
 * Which observations are plain, set by set: every one of their fingerprints is one open finding's, or is nobody's and
 * shared by none of another kind, and nothing that vanished could be meant. Of those the reconciler would say the same, at
 * the cost of holding them all. The others (`import_hard`), with all that they touch, are for it.
 */
export async function matchPlain(tx: Db, given: Applied): Promise<void> {
  const { service, trust } = given;
  // How much is alike depends on what a stranger wrote, and no estimate knows it: loops in loops are never right here.
  await sql`select set_config('enable_nestloop', 'off', true)`.execute(tx);
  // Of what is wholly one finding's that finding is all there is to know.
  await sql`
    create temp table import_owned on commit drop as
    select f.ordinal, f.algorithm, f.value, k.finding
    from import_plain p join import_fingerprints f on f.ordinal = p.ordinal
    left join lateral (
      select k.finding from finding_fingerprints k
      where p.hard and k.service = ${service} and k.algorithm = f.algorithm and k.value = f.value limit 1
    ) k on true
    where p.fresh or p.hard
  `.execute(tx);
  await sql`analyze import_owned`.execute(tx);
  // Of one finding at two places in one report, and of one that is thought to be over, more has to be known. So it has
  // where only strangers say that there is such a thing, and call it something else.
  await sql`
    with twice as (
      select finding from import_plain where finding is not null group by finding having count(*) > 1
    ), many as (
      select p.finding from import_plain p join twice on twice.finding = p.finding
      group by 1 having min(p.best) <> max(p.best)
    ), odd as (
      select p.ordinal from import_plain p join findings f on f.id = p.finding
      where f.service = ${service} and (f.status not in ('open', 'triaged', 'in-progress')
        or (${isTrusted(trust)} and not f.trusted and f.kind <> p.kind))
      union all
      select p.ordinal from import_plain p join many on many.finding = p.finding
    )
    update import_plain p set hard = true from (select distinct ordinal from odd) odd
    where odd.ordinal = p.ordinal and not p.hard
  `.execute(tx);
  await sql`
    with twice as (
      select algorithm, value from import_owned where finding is null group by 1, 2 having count(*) > 1
    )
    update import_plain p set hard = true
    from import_owned o join (
      select o.algorithm, o.value from twice
      join import_owned o on o.algorithm = twice.algorithm and o.value = twice.value
      join import_plain p on p.ordinal = o.ordinal
      where o.finding is null group by 1, 2 having min(p.best) <> max(p.best)
    ) shared on shared.algorithm = o.algorithm and shared.value = o.value
    where p.ordinal = o.ordinal and not p.hard
  `.execute(tx);
  await markMoved(tx, given);
  await spreadHard(tx);
  await sql`select set_config('enable_nestloop', 'on', true)`.execute(tx);
}

/** What the scope saw before and does not plainly see now; and what new ones could be it, or another tool's. */
async function markMoved(tx: Db, { service, scope, complete, release }: Applied): Promise<void> {
  await sql`
    create temp table import_known_hard (finding bigint primary key) on commit drop
  `.execute(tx);
  if (complete) {
    await sql`
      create temp table import_gone on commit drop as
      select s.finding from finding_scopes s
      left join (select distinct finding from import_plain where not hard and finding is not null) p
        on p.finding = s.finding
      where s.scope = ${scope} and s.seen and p.finding is null
    `.execute(tx);
    await sql`analyze import_gone`.execute(tx);
    await sql`
      create temp table import_moved on commit drop as
      with gone as materialized (
        select f.id, f.rule, f.drift from import_gone g join findings f on f.id = g.finding
      ), made as materialized (
        select p.ordinal, o.content ->> 'rule' as rule, o.drift
        from import_plain p join import_contents o on o.ordinal = p.ordinal where p.fresh or p.hard
      )
      select made.ordinal, gone.id as finding
      from (select ordinal, rule, jsonb_array_elements(drift)::text as pair from made) made
      join (select id, rule, jsonb_array_elements(drift)::text as pair from gone) gone using (rule, pair)
    `.execute(tx);
    await sql`
      update import_plain p set hard = true from import_moved m where m.ordinal = p.ordinal
    `.execute(tx);
    await sql`
      insert into import_known_hard select distinct finding from import_moved
    `.execute(tx);
  }
  if (release === null) return;
  await sql`
    with same as (
      select p.ordinal, f.id from import_plain p
      join finding_sights g on g.spot = p.spot and g.last_release = ${release}
      join findings f on f.id = g.finding and f.service = ${service}
      where p.fresh or p.hard
    ), marked as (
      update import_plain p set hard = true from same where same.ordinal = p.ordinal
    )
    insert into import_known_hard select distinct id from same on conflict do nothing
  `.execute(tx);
}

/** Whatever shares a fingerprint, its base or a finding with something hard is hard as well. */
async function spreadHard(tx: Db): Promise<void> {
  for (let round = 0; ; round += 1) {
    if (round === mostRounds) await hardenAlike(tx);
    await sql`
      insert into import_known_hard
      select finding from import_plain where hard and finding is not null
      union
      select o.finding from import_plain p join import_owned o on o.ordinal = p.ordinal
      where p.hard and o.finding is not null
      on conflict do nothing
    `.execute(tx);
    await sql`analyze import_known_hard`.execute(tx);
    const ofKnown = await sql`
      update import_plain p set hard = true from import_known_hard k
      where not p.hard and p.finding = k.finding
    `.execute(tx);
    const alike = await sql`
      update import_plain p set hard = true
      from (
        select distinct other.ordinal
        from (
          select distinct f.key from import_plain h join import_fingerprints f on f.ordinal = h.ordinal
          where h.hard
        ) mine join import_fingerprints other on other.key = mine.key
        where not other.claim
      ) alike
      where not p.hard and p.ordinal = alike.ordinal
    `.execute(tx);
    if ((ofKnown.numAffectedRows ?? 0n) + (alike.numAffectedRows ?? 0n) === 0n) return;
  }
}

/** Reports that nobody made to hurt are through after three. */
const mostRounds = 12;

/**
 * A report can be a chain in which each hit is like the next one only, and the rounds as many as its hits. Then all
 * that is like anything else is hard, which is more than had to be and never wrong.
 */
async function hardenAlike(tx: Db): Promise<void> {
  await sql`
    update import_plain p set hard = true
    from (
      select distinct o.ordinal from import_fingerprints o join (
        select key from import_fingerprints where not claim group by 1 having min(ordinal) <> max(ordinal)
      ) many on many.key = o.key where not o.claim
      union
      select p.ordinal from import_plain p join (
        select finding from import_plain where finding is not null group by 1 having count(*) > 1
      ) many on many.finding = p.finding
    ) alike
    where not p.hard and p.ordinal = alike.ordinal
  `.execute(tx);
}

export async function countHard(tx: Db): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select ((select count(*) from import_plain where hard)
      + (select count(*) from import_known_hard))::integer as count
  `.execute(tx);
  return rows[0]?.count ?? 0;
}

type Pairs = readonly (readonly [string, string])[];

function prints(pairs: Pairs): readonly Fingerprint[] {
  return pairs.map(([algorithm, value]) => ({ algorithm, value }));
}

/** Observations for the reconciler, in the report's order, some behind one; it numbers equal ones by itself. */
export async function hardObservations(
  tx: Db,
  after: number,
  limit: number,
): Promise<readonly Incoming[]> {
  const { rows } = await sql<{
    ordinal: number;
    rule: string;
    severity: Severity;
    line: number;
    kind: FindingKind;
    environment: string;
    spot: string | null;
    ids: string[];
    drift: Pairs;
    fingerprints: Pairs;
  }>`
    select o.ordinal, o.content ->> 'rule' as rule, o.content ->> 'severity' as severity, o.line, o.kind,
      o.environment, p.spot, o.ids[1:16] as ids, o.drift, (
        select jsonb_agg(jsonb_build_array(
          f.algorithm, case when f.numbered then left(f.value, ${keyLength}) || ':1' else f.value end
        ) order by f.rank)
        from import_fingerprints f where f.ordinal = o.ordinal
      ) as fingerprints
    from import_plain p join import_contents o on o.ordinal = p.ordinal
    where p.hard and p.ordinal > ${after} order by p.ordinal limit ${limit}
  `.execute(tx);
  return rows.map(({ ordinal, rule, severity, line, kind, environment, spot, ids, ...row }) => ({
    ordinal,
    rule,
    severity,
    line: line === 0 ? null : line,
    ids,
    identity: {
      kind,
      environment: environment === "" ? null : environment,
      spot,
      drift: prints(row.drift),
      fingerprints: prints(row.fingerprints),
    },
  }));
}

/** Findings that the hard observations may be of, by number, some behind one. */
export async function hardKnown(
  tx: Db,
  after: string,
  limit: number,
): Promise<readonly KnownFinding[]> {
  const { rows } = await sql<{
    id: string;
    kind: FindingKind;
    rule: string;
    status: FindingStatus;
    severity: Severity;
    drift: Pairs;
    spot: string | null;
    ids: string[];
    trusted: boolean;
    last_release: string | null;
    first_order: number | null;
    last_order: number | null;
    verified_order: number | null;
    fingerprints: Pairs;
    scopes: readonly KnownScope[];
    claim: FalsePositive | null;
  }>`
    select f.id, f.kind, f.rule, f.status, f.severity, f.drift, g.spot, f.ids[1:16] as ids, f.trusted, g.last_release,
      ${orderOf(sql`f.first_release`)} as first_order, ${orderOf(sql`g.last_release`)} as last_order,
      ${orderOf(sql`f.verified_release`)} as verified_order,
      coalesce((
        select jsonb_agg(jsonb_build_array(k.algorithm, k.value)) from finding_fingerprints k
        where k.finding = f.id), '[]') as fingerprints,
      coalesce((
        select jsonb_agg(jsonb_build_object(
          'scope', s.scope, 'tool', s.tool, 'severity', s.severity, 'seen', s.seen))
        from finding_scopes s where s.finding = f.id), '[]') as scopes,
      case when f.status = 'false-positive' then (
        select c.detail from finding_changes c
        where c.finding = f.id and c.to_status = 'false-positive' order by c.id desc limit 1
      ) end as claim
    from import_known_hard h join findings f on f.id = h.finding
    left join finding_sights g on g.finding = f.id
    where h.finding > ${after}::bigint order by h.finding limit ${limit}
  `.execute(tx);
  return rows.map(({ claim, drift, fingerprints, ...row }) => ({
    id: row.id,
    kind: row.kind,
    rule: row.rule,
    status: row.status,
    severity: row.severity,
    spot: row.spot,
    ids: row.ids,
    trusted: row.trusted,
    scopes: row.scopes,
    drift: prints(drift),
    fingerprints: prints(fingerprints),
    lastRelease: row.last_release,
    firstOrder: row.first_order,
    lastOrder: row.last_order,
    verifiedOrder: row.verified_order,
    falsePositive: claim,
  }));
}

/** Releases compare by when they came in, in milliseconds. */
export function orderOf(release: unknown) {
  return sql`(select extract(epoch from r.created_at)::float8 * 1000 from releases r where r.id = ${release})`;
}

/** When a release came in, and the database's clock. */
export async function orderNow(
  tx: Db,
  release: string | null,
): Promise<{ readonly order: number | null; readonly now: Date }> {
  const { rows } = await sql<{ order: number | null; now: Date }>`
    select ${orderOf(release)} as order, clock_timestamp() as now
  `.execute(tx);
  return rows[0] ?? { order: null, now: new Date(0) };
}
