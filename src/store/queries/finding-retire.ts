import { sql } from "kysely";
import type { RetiredScan } from "../../model/finding-act.ts";
import type { Digest } from "../../model/primitives.ts";
import type { Db } from "../schema.ts";

/** Scans that nobody makes any more: what they see stays open until somebody says so. */

export interface SeeingScan extends Pick<
  RetiredScan,
  "scope" | "tool" | "subject" | "environment"
> {
  /** Its newest import. */
  readonly import: string;
}

/** Scans that see a finding, the newest first. */
export async function scansSeeing(db: Db, finding: string): Promise<readonly SeeingScan[]> {
  const { rows } = await sql<SeeingScan>`
    select s.scope, i.tool, i.subject, i.environment, i.id as import
    from finding_scopes s, lateral (
      select id, tool, subject, environment, number from finding_imports
      where scope = s.scope order by number desc limit 1
    ) i
    where s.finding = ${finding} and s.seen order by i.number desc
  `.execute(db);
  return rows;
}

/** Ids of the findings that a scan sees, in order. */
export async function seenByScan(db: Db, scope: Digest): Promise<readonly string[]> {
  const { rows } = await sql<{ id: string }>`
    select finding as id from finding_scopes where scope = ${scope} and seen order by finding
  `.execute(db);
  return rows.map(({ id }) => id);
}

/** Which scan an import is of; undefined where there is no such import. */
export async function scanOfImport(db: Db, id: string): Promise<string | undefined> {
  const row = await db
    .selectFrom("finding_imports")
    .select("scope")
    .where("id", "=", id)
    .executeTakeFirst();
  return row?.scope;
}

/**
 * The scan sees nothing any more, up to its newest import. What no other scan sees is closed, without having been
 * verified; whatever the next report of the scan names is open again. Each finding has its change under the act, so
 * that `verify --state` follows it.
 *
 * @param why kept with each change
 */
export async function retireScan(
  tx: Db,
  act: string,
  scope: Digest,
  why: Readonly<Record<string, unknown>>,
): Promise<void> {
  await sql`
    create temp table retired on commit drop as
    select f.id, f.status, f.status in ('open', 'triaged', 'in-progress', 'fixed') and not exists (
        select from finding_scopes o where o.finding = f.id and o.scope <> ${scope} and o.seen
      ) as closes
    from finding_scopes s join findings f on f.id = s.finding
    where s.scope = ${scope} and s.seen
  `.execute(tx);
  await sql`
    update finding_scopes s set seen = false from retired r
    where s.finding = r.id and s.scope = ${scope}
  `.execute(tx);
  await sql`
    update findings f set changes = f.changes + 1,
      status = case when r.closes then 'closed' else f.status end
    from retired r where f.id = r.id
  `.execute(tx);
  await sql`
    insert into finding_changes (finding, act, kind, from_status, to_status, detail)
    select id, ${act}, 'retire-scan', case when closes then status end, case when closes then 'closed' end,
      ${JSON.stringify(why)}::jsonb || jsonb_build_object('scope', ${scope}::text, 'upTo', (
        select max(number) from finding_imports where scope = ${scope}))
    from retired order by id
  `.execute(tx);
}

/** `scope`, `number`: up to which import a scan of a service was retired. For use in other statements. */
export const retiredScans = sql`
  select c.detail ->> 'scope' as scope, max((c.detail ->> 'upTo')::bigint) as number
  from finding_acts a join finding_changes c on c.act = a.id
  where a.kind = 'retire-scan' group by 1`;
