import { sql } from "kysely";
import type { FindingStatus, ImportTrust } from "../../model/finding.ts";
import type { Observation } from "../../model/observation.ts";
import type { Digest } from "../../model/primitives.ts";
import type { Db } from "../schema.ts";
import type { SeenFindingRow } from "../schema-findings.ts";

/** All that is known of one finding. */

export async function readFinding(db: Db, id: string): Promise<SeenFindingRow | undefined> {
  return db
    .selectFrom("findings")
    .leftJoin("finding_sights", "finding", "id")
    .selectAll("findings")
    .select(["last_release", sql<Date>`coalesce(last_seen, first_seen)`.as("last_seen")])
    .where("id", "=", id)
    .executeTakeFirst();
}

export async function fingerprintsOfFinding(db: Db, id: string) {
  return db
    .selectFrom("finding_fingerprints")
    .select(["algorithm", "value"])
    .where("finding", "=", id)
    .orderBy("algorithm")
    .orderBy("value")
    .limit(200)
    .execute();
}

export interface SeenObservation {
  readonly import: string;
  readonly tool: string;
  readonly at: Date;
  readonly release: Digest | null;
  readonly environment: string | null;
  readonly trust: ImportTrust;
  readonly content: Observation;
}

/** The newest ones, and how many there are. */
export async function observationsOfFinding(
  db: Db,
  id: string,
  limit: number,
): Promise<{ readonly newest: readonly SeenObservation[]; readonly count: number }> {
  const { rows } = await sql<SeenObservation>`
    select i.id as import, i.tool, i.at, i.release, i.environment, i.trust, o.content
    from observations o join finding_imports i on i.id = o.import
    where o.finding = ${id} order by i.number desc, o.ordinal limit ${limit}
  `.execute(db);
  const counted = await sql<{ count: number }>`
    select count(*)::integer as count from observations where finding = ${id}
  `.execute(db);
  return { newest: rows, count: counted.rows[0]?.count ?? 0 };
}

export interface HistoryRow {
  readonly at: Date;
  readonly kind: string;
  readonly from_status: FindingStatus | null;
  readonly to_status: FindingStatus | null;
  readonly detail: Readonly<Record<string, unknown>>;
  readonly by: string | null;
  readonly import: string | null;
  readonly tool: string | null;
}

export async function historyOfFinding(db: Db, id: string): Promise<readonly HistoryRow[]> {
  const { rows } = await sql<HistoryRow>`
    select c.at, c.kind, c.from_status, c.to_status, c.detail, coalesce(i.added_by, a.acted_by) as by,
      c.import, i.tool
    from finding_changes c
    left join finding_imports i on i.id = c.import left join finding_acts a on a.id = c.act
    where c.finding = ${id} order by c.id limit 1000
  `.execute(db);
  return rows;
}

/** Findings at a time that are shown as perhaps the same. */
const mostRelated = 8;

/**
 * Perhaps the same, and not merged. First what shares a name with it (an advisory's); then what another tool saw of the
 * same weakness (CWE) in the same area: the file, the package, the route or the resource. Of each, what is still open
 * first.
 */
export async function relatedFindings(
  db: Db,
  id: string,
): Promise<readonly { readonly id: string; readonly title: string; readonly tool: string }[]> {
  const { rows } = await sql<{ id: string; title: string; tool: string }>`
    select id, title, tool from (
      select o.id as number, 'F-' || o.id as id, o.title, coalesce(o.tools[1], '') as tool, o.status, 1 as kind
      from findings f join findings o on o.service = f.service and o.id <> f.id
        and o.ids <> '{}' and o.ids && f.ids
      where f.id = ${id}
      union all
      select o.id, 'F-' || o.id, o.title, coalesce(o.tools[1], ''), o.status, 2
      from findings f join findings o on o.service = f.service and o.id <> f.id
        and o.cwe <> '{}' and finding_area(o.place) = finding_area(f.place)
        and o.cwe && f.cwe and not o.tools && f.tools and not o.ids && f.ids
        and (o.environment is null or f.environment is null or o.environment = f.environment)
      where f.id = ${id}
    ) near
    order by kind, status in ('verified', 'closed', 'false-positive'), number limit ${mostRelated}
  `.execute(db);
  return rows;
}

export interface ClaimRow {
  readonly status: string;
  readonly content: Observation;
  readonly trusted: boolean;
  readonly import: string;
  readonly at: Date;
  readonly by: string;
}

export async function claimsOfFinding(db: Db, id: string): Promise<readonly ClaimRow[]> {
  const { rows } = await sql<ClaimRow>`
    select c.status, c.content, c.trusted, c.import, i.at, coalesce(i.vouched_by, i.added_by) as by
    from finding_claims c join finding_imports i on i.id = c.import
    where c.finding = ${id} order by i.number desc, c.ordinal limit 100
  `.execute(db);
  return rows;
}
