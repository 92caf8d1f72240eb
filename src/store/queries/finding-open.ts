import { sql } from "kysely";
import type { FindingStatus, ImportTrust } from "../../model/finding.ts";
import type { FindingKind, Severity } from "../../model/observation.ts";
import type { Digest, Lane } from "../../model/primitives.ts";
import type { Db } from "../schema.ts";

/** What concerns one release in one environment, as the rows have it: the engine decides what of it counts. */

export interface ConcernedRow {
  readonly id: string;
  readonly kind: FindingKind;
  readonly rule: string;
  readonly title: string;
  readonly severity: Severity;
  readonly status: FindingStatus;
  readonly tools: readonly string[];
  readonly aliases: readonly string[];
  readonly fixable: boolean;
  /** By the entry that opened it at the latest. */
  readonly first_seen: Date;
  readonly exploited: boolean;
  /** A scan that counts has seen it in what is live. */
  readonly in_live: boolean;
  /** A scan that counts has ever seen it. */
  readonly trusted: boolean;
}

/** Of what is more than this nobody looks at the rest. */
export const mostConcerned = 1_000_000;
const batch = 5_000;

/**
 * Open ones of the service, and those that are over elsewhere and were seen in this release: first those that a scan that
 * counts has seen, worst first; so many at a time. In a transaction.
 *
 * @param live the release that users meet, to tell what is new
 */
export async function* concernedBy(
  tx: Db,
  { service, environment }: Lane,
  release: Digest,
  live: Digest | null,
): AsyncGenerator<readonly ConcernedRow[]> {
  await sql`
    declare concerned no scroll cursor for
    select f.id, f.kind, f.rule, f.title, f.severity, f.status, f.tools, f.trusted, f.aliases,
      coalesce(f.details ->> 'fixedIn', '') <> '' as fixable,
      least(f.first_seen, (
        select min(c.at) from finding_changes c where c.finding = f.id and c.kind = 'opened'
      )) as first_seen,
      exists (select from kev_entries k where k.cve = any (f.aliases || f.rule)) as exploited,
      f.id in (
        select o.finding from observations o join finding_imports i on i.id = o.import
        where i.release = ${live} and i.trust in ('own', 'signed')
      ) as in_live
    from findings f
    where f.service = ${service} and (f.environment is null or f.environment = ${environment})
      and (f.status not in ('verified', 'closed') or (
        f.verified_release is distinct from ${release} and exists (
          select from observations o join finding_imports i on i.id = o.import
          where o.finding = f.id and i.release = ${release}
            and (i.environment is null or i.environment = ${environment}))
      ))
    order by not f.trusted, array_position(array['critical', 'high', 'medium', 'low', 'info'], f.severity), f.id
  `.execute(tx);
  for (;;) {
    const { rows } = await sql<ConcernedRow>`fetch ${sql.lit(batch)} from concerned`.execute(tx);
    if (rows.length > 0) yield rows;
    if (rows.length < batch) return;
  }
}

export interface ScansOf {
  readonly scans: readonly { tool: string; by: string; at: Date }[];
  readonly unvouched: number;
  readonly partial: number;
}

/**
 * The newest whole scan of a release by each tool and whoever vouches for it, newest first; and how many reports of it
 * count for nothing. However many of these there are, no scan that counts is left out for them.
 */
export async function scansOf(db: Db, environment: string, release: Digest): Promise<ScansOf> {
  const about = sql`release = ${release} and (environment is null or environment = ${environment})`;
  const { rows: scans } = await sql<{ tool: string; by: string; at: Date }>`
    select * from (
      select distinct on (1, 2) tool, case trust when 'own' then 'own' else coalesce(vouched_by, '') end as by,
        least(coalesce(made_at, at), at) as at
      from finding_imports where ${about} and trust in ('own', 'signed') and complete
      order by 1, 2, 3 desc
    ) newest order by at desc
  `.execute(db);
  const { rows } = await sql<{ unvouched: number; partial: number }>`
    select (count(*) filter (where trust not in ('own', 'signed')))::integer as unvouched,
      (count(*) filter (where trust in ('own', 'signed') and not complete))::integer as partial
    from finding_imports where ${about}
  `.execute(db);
  return { scans, unvouched: rows[0]?.unvouched ?? 0, partial: rows[0]?.partial ?? 0 };
}

/** The newest reports about a release, for people. */
export async function scannedImports(
  db: Db,
  environment: string,
  release: Digest,
): Promise<readonly { id: string; tool: string; trust: ImportTrust; at: Date }[]> {
  return db
    .selectFrom("finding_imports")
    .select(["id", "tool", "trust", "at"])
    .where("release", "=", release)
    .where((where) =>
      where.or([where("environment", "is", null), where("environment", "=", environment)]),
    )
    .orderBy("number", "desc")
    .limit(10)
    .execute();
}

/** What people have said last of each finding, of the kinds that change what a gate counts. */
export async function judgementsOf(
  db: Db,
  service: string,
): Promise<
  readonly {
    readonly finding: string;
    readonly kind: "false-positive" | "lower" | "raise";
    readonly detail: Readonly<Record<string, unknown>>;
    readonly act: string;
    readonly at: Date;
  }[]
> {
  const { rows } = await sql<{
    finding: string;
    kind: "false-positive" | "lower" | "raise";
    detail: Record<string, unknown>;
    act: string;
    at: Date;
  }>`
    select distinct on (c.finding, c.kind) c.finding, c.kind, c.detail, c.act, c.at
    from finding_changes c join findings f on f.id = c.finding
    where f.service = ${service} and c.act is not null
      and c.kind in ('false-positive', 'lower', 'raise')
    order by c.finding, c.kind, c.id desc
  `.execute(db);
  return rows;
}

export interface Word {
  readonly finding: string;
  readonly by: string;
  readonly status: string;
  readonly said: string;
  /** The product of which it is said; null where the statement is about the part itself. */
  readonly product: string | null;
}

/**
 * Words of issuers that count about findings in this release, the newest first: statements that something is not
 * affected or fixed, and sights of it in documents of the same issuers, which take that back.
 */
export async function wordsAbout(
  db: Db,
  environment: string,
  release: Digest,
): Promise<readonly Word[]> {
  const { rows } = await sql<Word>`
    with issuers as (
      select distinct i.vouched_by from finding_claims m join finding_imports i on i.id = m.import
      where m.trusted and i.release = ${release}
    ), words as (
      select m.finding, i.vouched_by as by, m.status, i.number, m.content ->> 'scope' as product,
        coalesce(m.content -> 'claim' ->> 'justification', m.content -> 'claim' ->> 'statement', '') as said
      from finding_claims m join finding_imports i on i.id = m.import
      where m.trusted and m.finding is not null and i.release = ${release}
        and (i.environment is null or i.environment = ${environment})
      union all
      select distinct o.finding, i.vouched_by, 'affected', i.number, null, ''
      from observations o join finding_imports i on i.id = o.import
      where i.release = ${release} and i.vouched_by in (select vouched_by from issuers)
        and (i.environment is null or i.environment = ${environment})
    )
    select finding, by, status, said, product from words
    -- Of two words in one document the worse one.
    order by number desc, (status in ('not-affected', 'fixed', 'false-positive')), finding
  `.execute(db);
  return rows;
}

/** Whether there is a list of what is exploited: without one nobody knows. */
export async function hasExploitedList(db: Db): Promise<boolean> {
  const row = await db
    .selectFrom("feeds")
    .select("kind")
    .where("kind", "=", "kev")
    .executeTakeFirst();
  return row !== undefined;
}

/** An import or an act of the service that the log has and the database has not. */
export async function goneRecord(db: Db, service: string): Promise<string | undefined> {
  const { rows } = await sql<{ operation: string }>`
    select e.operation from ledger_entries e
    where e.stream = ${`findings/${service}`} and (
      (e.kind = 'finding.imported' and not exists (
        select from finding_imports i where 'finding-import/' || i.id = e.operation))
      or (e.kind in ('finding.acted', 'finding.settled') and not exists (
        select from finding_acts a where 'finding-act/' || a.id = e.operation)))
    limit 1
  `.execute(db);
  return rows[0]?.operation;
}
