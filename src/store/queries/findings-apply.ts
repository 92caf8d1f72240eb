import { sql } from "kysely";
import { type ImportTrust, isTrusted } from "../../model/finding.ts";
import type { Digest } from "../../model/primitives.ts";
import type { Db } from "../schema.ts";
import { orderOf } from "./findings-match.ts";
import { detailsOf, differsFrom } from "./findings-staging.ts";

/**
 * What a staged report does to the findings of its service: set by set, in the caller's transaction, so that a report
 * of any length costs this process no memory. `docs/findings.md` says the rules.
 */

export interface Applied {
  readonly id: string;
  readonly service: string;
  readonly environment: string | null;
  readonly release: Digest | null;
  readonly scope: string;
  /** The scan was whole. */
  readonly complete: boolean;
  readonly tool: string;
  readonly trust: ImportTrust;
  /** It holds statements that something is not so. */
  readonly states: boolean;
  /** Whether what it states not to be so is so. */
  readonly claims: boolean;
  /** Whether what it does not see is gone: it is trusted, complete and of a named release. */
  readonly closes: boolean;
  /** When it was seen; null: now. */
  readonly seenAt: Date | null;
}

/** Imports of one service come one after the other; the lock ends with the transaction. */
export async function lockFindings(tx: Db, service: string): Promise<void> {
  // A large import takes longer than an ordinary statement may, and the next one waits for it.
  await sql`
    select set_config('statement_timeout', '900000', true), set_config('lock_timeout', '900000', true)
  `.execute(tx);
  await sql`select pg_advisory_xact_lock(7468022, hashtext(${service}))`.execute(tx);
}

/** The transaction waits for a thread that tells hits apart, and is not given up for that. */
export async function allowLongThought(tx: Db): Promise<void> {
  await sql`
    select set_config('idle_in_transaction_session_timeout', '300000', true)
  `.execute(tx);
}

/** 0 is the worst, so that the least number is the highest severity. */
const rank = (severity: unknown) =>
  sql<number>`array_position(array['critical', 'high', 'medium', 'low', 'info'], ${severity}) - 1`;
const word = (number: unknown) =>
  sql<string>`(array['critical', 'high', 'medium', 'low', 'info'])[${number} + 1]`;

/** Which finding each observation is of; what nobody knew gets numbers in the report's order. */
export async function nameFindings(tx: Db, { service, states }: Applied): Promise<void> {
  await sql`
    create temp table import_fresh on commit drop as
    select one.*, nextval(pg_get_serial_sequence('findings', 'id')) as finding from (
      select p.best, min(p.ordinal) as first,
        (min(p.severity::bigint << 32 | p.ordinal) & 4294967295)::integer as worst
      from import_plain p where not p.hard and p.fresh group by p.best order by min(p.ordinal)
    ) one
  `.execute(tx);
  await sql`
    create temp table import_matched on commit drop as
    select p.ordinal, p.finding, p.severity, p.stated from import_plain p where not p.hard and not p.fresh
    union all
    select p.ordinal, n.finding, p.severity, p.stated
    from import_plain p join import_fresh n on n.best = p.best where not p.hard and p.fresh
    union all
    select p.ordinal, o.finding, p.severity, p.stated
    from (select finding, unnest(ordinals) as ordinal from import_outcomes) o
    join import_plain p on p.ordinal = o.ordinal
  `.execute(tx);
  await sql`
    insert into import_fresh (best, first, worst, finding)
    select null, (select min(one) from unnest(ordinals) as one), worst, finding
    from import_outcomes where fresh
  `.execute(tx);
  await sql`create unique index on import_fresh (finding)`.execute(tx);
  await sql`analyze import_matched, import_fresh`.execute(tx);
  // Statements open nothing: they are about what is known, if it is. They have no severity.
  if (!states) return;
  await sql`
    insert into import_matched
    select distinct on (f.ordinal) f.ordinal, k.finding
    from import_contents c join import_fingerprints f on f.ordinal = c.ordinal
    join finding_fingerprints k
      on k.service = ${service} and k.algorithm = f.algorithm and k.value = f.value
    where c.claim order by f.ordinal, f.rank
  `.execute(tx);
}

/** Severity first; of one severity the highest score. Scores of several versions are compared nowhere else. */
const urgencyOf = (severity: unknown) => sql`(4 - (${rank(severity)})) * 100 + case
  when o.content ? 'cvss' then coalesce(
    (select max((score ->> 'score')::real) from jsonb_array_elements(o.content -> 'cvss') as one (score)), 0)
  else 0 end`;

const cweOf = sql`case when o.content -> 'cwe' = '[]' then '{}'
  else array(select jsonb_array_elements_text(o.content -> 'cwe')::integer) end`;

export async function openFresh(tx: Db, given: Applied): Promise<void> {
  const { service, environment, release, tool, seenAt } = given;
  const seen = sql`coalesce(${seenAt}::timestamptz, clock_timestamp())`;
  await sql`
    insert into findings (
      id, service, environment, kind, rule, title, place, severity, severity_stated, said_severity, urgency,
      aliases, cwe, tools, details, drift, ids, trusted, first_seen, first_environment, first_release
    )
    select n.finding, ${service}, nullif(o.environment, ''), o.kind, o.content ->> 'rule',
      o.content ->> 'title', o.content -> 'place', o.content ->> 'severity',
      (o.content ->> 'severityStated')::boolean, o.content ->> 'severity',
      ${urgencyOf(sql`o.content ->> 'severity'`)}, o.aliases, ${cweOf},
      array[${tool}::text], ${detailsOf}, first.drift, first.ids, ${isTrusted(given.trust)},
      ${seen}, ${environment}, ${release}
    from import_fresh n join import_contents o on o.ordinal = n.worst
    join import_contents first on first.ordinal = n.first
  `.execute(tx);
  await sql`
    insert into finding_sights (finding, last_seen, last_release, spot)
    select n.finding, ${seen}, ${release}, o.spot
    from import_fresh n join import_plain o on o.ordinal = n.first
  `.execute(tx);
}

/** What is written once and never changed: observations, statements, and how their findings are known again. */
export async function keepObservations(tx: Db, given: Applied): Promise<void> {
  const { id, service } = given;
  await sql`
    insert into observations (import, ordinal, finding, severity, content)
    select ${id}, o.ordinal, m.finding, o.content ->> 'severity', o.content
    from import_contents o join import_matched m on m.ordinal = o.ordinal
    where not o.claim
  `.execute(tx);
  await sql`
    insert into finding_fingerprints (service, algorithm, value, finding, import)
    select distinct on (f.algorithm, f.value) ${service}, f.algorithm, f.value, m.finding, ${id}
    from import_plain p join import_owned f on f.ordinal = p.ordinal
    join import_matched m on m.ordinal = p.ordinal
    where p.fresh and not p.hard order by f.algorithm, f.value, m.finding
  `.execute(tx);
  await learn(tx, given);
  if (given.states) await keepClaims(tx, given);
}

async function keepClaims(tx: Db, { id, claims }: Applied): Promise<void> {
  await sql`
    insert into finding_claims (import, ordinal, finding, status, content, trusted)
    select ${id}, o.ordinal, m.finding, o.content -> 'claim' ->> 'status', o.content, ${claims}
    from import_contents o left join import_matched m on m.ordinal = o.ordinal
    where o.claim
  `.execute(tx);
}

/** What the reconciler says that findings are known by from now on. */
async function learn(tx: Db, { id, service }: Applied): Promise<void> {
  await sql`
    create temp table import_learned on commit drop as
    -- A new finding takes a name from a known one that is given it as well, and never the other way round.
    select distinct on (1, 2) pair ->> 0 as algorithm, pair ->> 1 as value, finding
    from import_outcomes, jsonb_array_elements(learn) as pair order by 1, 2, fresh desc, finding
  `.execute(tx);
  // What another import brought, and its entry names, stays on record when it moves.
  await sql`
    insert into finding_changes (finding, import, kind, detail)
    select l.finding, ${id}, 'fingerprint-moved', jsonb_build_object(
      'import', k.import, 'finding', k.finding, 'algorithm', k.algorithm, 'value', k.value)
    from import_learned l join lateral (
      select k.* from finding_fingerprints k
      where k.service = ${service} and k.algorithm = l.algorithm and k.value = l.value limit 1
    ) k on k.finding <> l.finding and k.import <> ${id}
    order by k.algorithm, k.value
  `.execute(tx);
  await sql`
    insert into finding_fingerprints as k (service, algorithm, value, finding, import)
    select ${service}, algorithm, value, finding, ${id} from import_learned
    on conflict (service, algorithm, value) do update
      set finding = excluded.finding, import = excluded.import
      where k.finding <> excluded.finding
  `.execute(tx);
}

/**
 * Which scan sees them, and how badly: the highest that any scan says now; of one nobody trusts, ever. A row is written
 * where that is news.
 */
export async function markScope(tx: Db, given: Applied): Promise<void> {
  const { id, scope, tool, trust } = given;
  await sql`
    create temp table import_seen on commit drop as
    select finding, min(severity) - 1 as worst, bool_or(stated) as stated, min(ordinal) as ordinal
    from import_matched where severity is not null group by finding
  `.execute(tx);
  await sql`analyze import_seen`.execute(tx);
  await sql`
    insert into finding_scopes as s (finding, scope, tool, first_import, last_import, severity)
    select i.finding, ${scope}, ${tool}, ${id}, ${id}, ${word(sql`i.worst`)}
    from import_seen i left join finding_scopes known on known.finding = i.finding and known.scope = ${scope}
    where known.finding is null or not known.seen
      or (${isTrusted(trust)} and i.worst <> ${rank(sql`known.severity`)}) or i.worst < ${rank(sql`known.severity`)}
    on conflict (finding, scope) do update set last_import = excluded.last_import, seen = true,
      severity = case
        when ${isTrusted(trust)} or ${rank(sql`excluded.severity`)} < ${rank(sql`s.severity`)}
        then excluded.severity else s.severity end
  `.execute(tx);
}

/** Brings known findings up to date, and opens those again of which the life cycle says so. */
export async function refreshKnown(tx: Db, given: Applied): Promise<void> {
  const { id, release, scope, tool, trust, seenAt } = given;
  // What nobody vouches for does not say what a finding is that a trusted scan saw: not that it cannot be reached.
  const mayTeach = sql`(${isTrusted(trust)} or not f.trusted)`;
  // What only strangers have called something is what the first trusted scan of it says.
  const first = sql`(${isTrusted(trust)} and not f.trusted)`;
  const moreDetails = sql`(${first} or (f.kind = 'dependency' and ${mayTeach} and f.details <> ${detailsOf}))`;
  const moreAliases = sql`(${first} or (${mayTeach} and not o.aliases <@ f.aliases))`;
  const earlier = sql`(${release}::text is not null and f.first_release is distinct from ${release}
    and (f.first_release is null or ${orderOf(release)} < ${orderOf(sql`f.first_release`)}))`;
  // As much as the report: an estimate out of a table that was empty yesterday would look each of them up.
  await sql`select set_config('enable_nestloop', 'off', true)`.execute(tx);
  // What people judged stands until the scans say something else than they said then.
  await sql`
    create temp table import_known on commit drop as
    select *, new_severity <> severity or said <> before_said or to_status is not null or teaches as changes
    from (
      select *, case
          when said = said_severity then severity
          when ${rank(sql`said`)} < ${rank(sql`severity`)} or severity = said_severity then said
          else severity end as new_severity
      from (
        select f.id as finding, f.status, f.severity, coalesce(f.said_severity, f.severity) as said_severity,
          coalesce(f.said_severity, '') as before_said,
          s.stated, s.ordinal, ${word(sql`least(${rank(sql`here.severity`)}, elsewhere.worst)`)} as said, t.to_status, t.why, coalesce(t.reopened, false) as back,
          ${mayTeach} as may_teach, p.spot,
          ${first} or not (array[${tool}::text] <@ f.tools) or ${earlier}
            or (${mayTeach} and case when o.ordinal is null then p.differs else ${differsFrom} end) as teaches
        from import_seen s join findings f on f.id = s.finding
        join import_plain p on p.ordinal = s.ordinal
        -- What was looked up beforehand is held against the finding that the reconciler names.
        left join (
          select o.ordinal, o.aliases, o.drift, o.content
          from import_plain p join import_contents o on o.ordinal = p.ordinal where p.hard
        ) o on o.ordinal = s.ordinal
        join finding_scopes here on here.finding = s.finding and here.scope = ${scope}
        left join (
          select i.finding, min(${rank(sql`c.severity`)}) as worst
          from import_seen i join finding_scopes c on c.finding = i.finding
          where c.seen and c.scope <> ${scope} group by 1
        ) elsewhere on elsewhere.finding = s.finding
        left join import_outcomes t on t.finding = s.finding and t.to_status is not null
        left join import_fresh n on n.finding = s.finding
        where n.finding is null
      ) known
    ) said
  `.execute(tx);
  await sql`select set_config('enable_nestloop', 'on', true)`.execute(tx);
  await sql`analyze import_known`.execute(tx);
  await sql`
    update finding_sights g set
      last_seen = greatest(g.last_seen, coalesce(${seenAt}::timestamptz, clock_timestamp())),
      last_release = case
        when ${release}::text is null or g.last_release = ${release} then g.last_release
        when g.last_release is null or ${orderOf(release)} >= ${orderOf(sql`g.last_release`)} then ${release}
        else g.last_release end,
      spot = case when k.may_teach then k.spot else g.spot end
    from import_known k where g.finding = k.finding
  `.execute(tx);
  await sql`
    update findings f set
      first_release = case when ${earlier} then ${release} else f.first_release end,
      severity = k.new_severity, said_severity = k.said,
      urgency = case when k.new_severity <> f.severity or ${moreDetails}
        then ${urgencyOf(sql`k.new_severity`)} else f.urgency end,
      severity_stated = case when k.new_severity = f.severity then f.severity_stated else k.stated end,
      tools = case when ${tool} = any (f.tools) then f.tools else f.tools || ${tool}::text end,
      rule = case when ${first} then o.content ->> 'rule' else f.rule end,
      title = case when ${first} then o.content ->> 'title' else f.title end,
      place = case when ${first} then o.content -> 'place' else f.place end,
      cwe = case when ${first} then ${cweOf} else f.cwe end,
      ids = case when ${first} then o.ids else f.ids end,
      aliases = case when not ${moreAliases} then f.aliases else array(
        select name from (
          select name, min(place) as place from (
            select name, place from unnest(case when ${first} then '{}' else f.aliases end)
              with ordinality as old (name, place)
            union all
            select name, place + 1000 from unnest(o.aliases) with ordinality as said (name, place)
          ) every_name group by name
        ) names order by place limit 64) end,
      details = case when ${moreDetails} then ${detailsOf} else f.details end,
      drift = case when ${mayTeach} then o.drift else f.drift end,
      trusted = f.trusted or ${isTrusted(trust)},
      status = coalesce(k.to_status, f.status),
      reopened = f.reopened + k.back::integer,
      verified_release = case when k.back then null else f.verified_release end,
      verified_at = case when k.back then null else f.verified_at end,
      fixed_at = case when k.back then null else f.fixed_at end,
      closed_at = case when k.back then null else f.closed_at end,
      changes = f.changes + 1
    from import_known k join import_contents o on o.ordinal = k.ordinal
    where k.changes and f.id = k.finding
  `.execute(tx);
  await sql`
    insert into finding_changes (finding, import, kind, from_status, to_status, detail)
    select finding, ${id}, kind, from_status, to_status, detail from (
      select n.finding, 0 as step, 'opened' as kind, null as from_status, 'open' as to_status,
        jsonb_build_object('severity', o.content -> 'severity') as detail
      from import_fresh n join import_contents o on o.ordinal = n.worst
      union all
      select finding, 1, 'reopened', status, to_status,
        jsonb_strip_nulls(jsonb_build_object('why', why, 'release', ${release}::text))
      from import_known where to_status is not null
      union all
      select finding, 2, 'severity', null, null,
        jsonb_build_object('from', severity, 'to', new_severity)
      from import_known where severity <> new_severity
    ) change order by finding, step
  `.execute(tx);
}
