import { sql } from "kysely";
import type { Db } from "../schema.ts";
import type { Applied } from "./findings-apply.ts";

/** What an import does not see any more, and what it came to in all; after `findings-apply.ts` in the same transaction. */

interface Counts {
  readonly observations: number;
  readonly opened: number;
  readonly reopened: number;
  readonly matched: number;
  readonly unseen: number;
  readonly verified: number;
  readonly claims: number;
}

/** What this scope saw before and does not see now. Answers how many those are; `closes` says what it means. */
export async function missUnseen(tx: Db, given: Applied): Promise<number> {
  const { id, scope, release, closes } = given;
  await sql`
    create temp table import_missed on commit drop as
    select s.finding from (
      select c.finding from finding_scopes c left join import_seen i on i.finding = c.finding
      where c.scope = ${scope} and c.seen and i.finding is null offset 0
    ) s
    left join finding_sights g on g.finding = s.finding left join releases r on r.id = g.last_release
    where true
      -- A scan of an older release misses what a newer one brought: that says nothing.
      and (not ${closes} or r.created_at is null
        or r.created_at <= (select created_at from releases where id = ${release}))
  `.execute(tx);
  const { rows } = await sql<{ count: number }>`
    select count(*)::integer as count from import_missed
  `.execute(tx);
  const count = rows[0]?.count ?? 0;
  if (!closes || count === 0) return count;
  await sql`
    update finding_scopes s set seen = false, last_import = ${id}
    from import_missed m where m.finding = s.finding and s.scope = ${scope}
  `.execute(tx);
  // The record of it: which scans see a finding follows from observations and from these.
  await sql`
    insert into finding_changes (finding, import, kind, detail)
    select finding, ${id}, 'unseen', jsonb_build_object('scope', ${scope}::text)
    from import_missed order by finding
  `.execute(tx);
  await sql`
    with gone as (
      update findings f set status = 'verified', verified_release = ${release},
        verified_at = clock_timestamp(), changes = f.changes + 1
      from import_missed m, findings before
      where f.id = m.finding and before.id = f.id
        and f.status in ('open', 'triaged', 'in-progress', 'fixed')
        and not exists (select from finding_scopes s where s.finding = f.id and s.seen)
      returning f.id, before.status
    )
    insert into finding_changes (finding, import, kind, from_status, to_status, detail)
    select id, ${id}, 'verified', status, 'verified', jsonb_build_object('release', ${release}::text)
    from gone order by id
  `.execute(tx);
  return count;
}

/** What came of it, out of the rows that were written. */
export async function countChanges(tx: Db, { id }: Applied, unseen: number): Promise<Counts> {
  const { rows } = await sql<Omit<Counts, "unseen">>`
    select count(m.severity)::integer as observations,
      (count(m.severity) filter (where n.finding is null))::integer as matched,
      (select count(*) from finding_claims where import = ${id})::integer as claims,
      (select count(*) from import_fresh)::integer as opened,
      (select count(*) from import_known where back)::integer as reopened,
      (select count(*) from finding_changes where import = ${id} and kind = 'verified')::integer as verified
    from import_matched m left join import_fresh n on n.finding = m.finding
  `.execute(tx);
  const [row] = rows;
  if (!row) throw new Error("a count without a row");
  return { ...row, unseen };
}
