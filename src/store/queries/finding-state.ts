import { type RawBuilder, sql } from "kysely";
import type { Db } from "../schema.ts";
import { nothingSealed, type Sealed, sealedDigests } from "./finding-seal.ts";

/**
 * Whether findings are what the imports and acts made of them. The ledger has an entry of each import and act, and
 * that names digests over the rows that it wrote; everything else follows from those rows. Nothing here reads the
 * ledger: the rows of `finding_imports` and `finding_acts` are held against it by their projections.
 */

export interface FindingDifference {
  readonly table: string;
  readonly row: string;
  readonly column: string | null;
  readonly message: string;
}

/** The first difference; null when all is as it was written. @param service null: of every one */
export async function findingDifference(
  db: Db,
  service: string | null,
): Promise<FindingDifference | null> {
  for (const look of [strayRow, unsealedRow, otherFold, otherScope]) {
    const found = await look(db, service);
    if (found) return found;
  }
  return null;
}

type Look = (db: Db, service: string | null) => Promise<FindingDifference | null>;

const within = (column: RawBuilder<unknown>, service: string | null) =>
  sql`(${service}::text is null or ${column} = ${service})`;

/** Rows that no import and no act names, and findings that nothing opened. */
const strayRow: Look = async (db, service) => {
  const { rows } = await sql<{ place: string; row: string; why: string }>`
    select * from (
      select 'finding_changes' as place, 'F-' || c.finding as row,
        'is in the database, and no import or act made it' as why
      from finding_changes c
      where not exists (select from finding_imports i where i.id = c.import)
        and not exists (select from finding_acts a where a.id = c.act)
        or (c.import is not null and c.act is not null)
        or not exists (select from findings f where f.id = c.finding)
      union all
      select 'observations', o.import, 'belongs to no import' from observations o
      where not exists (select from finding_imports i where i.id = o.import)
      union all
      select 'finding_fingerprints', p.import, 'belongs to no import' from finding_fingerprints p
      where not exists (select from finding_imports i where i.id = p.import)
      union all
      select 'finding_claims', m.import, 'belongs to no import' from finding_claims m
      where not exists (select from finding_imports i where i.id = m.import)
      union all
      select 'findings', 'F-' || f.id, 'is in the database, and no import opened it' from findings f
      where ${within(sql`f.service`, service)} and not exists (
        select from finding_changes c where c.finding = f.id and c.kind = 'opened')
      union all
      select 'finding_scopes', 'F-' || s.finding, 'is of no finding' from finding_scopes s
      where not exists (select from findings f where f.id = s.finding)
      union all
      select 'finding_sights', 'F-' || g.finding, 'is of no finding' from finding_sights g
      where not exists (select from findings f where f.id = g.finding)
    ) stray limit 1
  `.execute(db);
  const [found] = rows;
  if (!found) return null;
  const { place: table, row, why } = found;
  return { table, row, column: null, message: `${table}: ${row} ${why}` };
};

const places: Readonly<Record<Sealed, { readonly table: string; readonly import: string }>> = {
  changes: { table: "finding_changes", import: "c.import" },
  observations: { table: "observations", import: "o.import" },
  fingerprints: { table: "finding_fingerprints", import: "p.import" },
  claims: { table: "finding_claims", import: "m.import" },
};

/** What a batch wrote is not what its entry names. */
const unsealedRow: Look = async (db, service) => {
  for (const what of Object.keys(places) as Sealed[]) {
    const { table, import: column } = places[what];
    const own = sql`${sql.raw(column)} in (
      select id from finding_imports where ${within(sql`service`, service)})`;
    const digests = sealedDigests(what, own);
    const { rows } = await sql<{ id: string }>`
      select i.id from finding_imports i left join (${digests}) d on d.batch = i.id
      where ${within(sql`i.service`, service)}
        and coalesce(d.digest, ${nothingSealed}) <> ${sql.raw(`i.${what}_digest`)}
      order by i.number limit 1
    `.execute(db);
    const [found] = rows;
    if (found) return otherRows(table, `import ${found.id}`);
  }
  const acts = sealedDigests(
    "changes",
    sql`c.act in (select id from finding_acts where ${within(sql`service`, service)})`,
  );
  const { rows } = await sql<{ id: string }>`
    select a.id from finding_acts a left join (${acts}) d on d.batch = a.id
    where ${within(sql`a.service`, service)}
      and coalesce(d.digest, ${nothingSealed}) <> a.changes_digest
    order by a.id limit 1
  `.execute(db);
  const [found] = rows;
  return found ? otherRows("finding_changes", `act ${found.id}`) : null;
};

function otherRows(table: string, batch: string): FindingDifference {
  const message = `${table}: what the ${batch} wrote was changed: its rows have another digest than its entry names`;
  return { table, row: batch, column: null, message };
}

/** A finding's standing is the last change of it; how bad it is, what the last change of that says. */
const otherFold: Look = async (db, service) => {
  const { rows } = await sql<{
    id: string;
    column: string;
    is: string | null;
    said: string | null;
  }>`
    with standing as (
      select distinct on (finding) finding, to_status from finding_changes
      where to_status is not null order by finding, id desc
    ), bad as (
      select distinct on (finding) finding, coalesce(detail ->> 'severity', detail ->> 'to') as severity
      from finding_changes where kind in ('opened', 'severity') order by finding, id desc
    ), last_open as (
      select finding, max(id) as id from finding_changes
      where to_status not in ('verified', 'closed') group by 1
    ), gone as (
      -- The release in which it was missed first since it was open last.
      select distinct on (c.finding) c.finding, c.detail ->> 'release' as release
      from finding_changes c join last_open l on l.finding = c.finding and c.id > l.id
      where c.to_status in ('verified', 'closed') order by c.finding, c.id
    ), met as (
      select distinct o.finding from observations o join finding_imports i on i.id = o.import
      where i.trust in ('own', 'signed') and ${within(sql`i.service`, service)}
    ), seen as (
      select distinct on (o.finding) o.finding, i.release
      from observations o join finding_imports i on i.id = o.import
      join releases r on r.id = i.release
      where ${within(sql`i.service`, service)}
      order by o.finding, r.created_at desc, i.number desc
    )
    select f.id, one.name as column, one.value as is, one.said from findings f
    left join finding_sights w on w.finding = f.id left join standing s on s.finding = f.id left join bad b on b.finding = f.id
    left join gone g on g.finding = f.id left join seen o on o.finding = f.id
    left join met t on t.finding = f.id
    cross join lateral (values
      ('status', f.status, s.to_status),
      ('severity', f.severity, b.severity),
      ('last_release', w.last_release, o.release),
      ('verified_release', f.verified_release, g.release),
      ('trusted', f.trusted::text, (t.finding is not null)::text)
    ) as one (name, value, said)
    where ${within(sql`f.service`, service)} and one.value is distinct from one.said
    order by f.id limit 1
  `.execute(db);
  const [found] = rows;
  if (!found) return null;
  const { id, column, is, said } = found;
  const table = column === "last_release" ? "finding_sights" : "findings";
  const message = `${table}: ${column} of F-${id} is ${is ?? "nothing"}, and by what happened to it ${said ?? "nothing"}`;
  return { table, row: `F-${id}`, column, message };
};

/**
 * Which scans see it: those of which the last sight is newer than the last complete report without it; as bad as the
 * last trusted one says, and whatever worse came after it.
 */
const otherScope: Look = async (db, service) => {
  const { rows } = await sql<{ finding: string; column: string }>`
    with sights as (
      select o.finding, i.scope, i.number, i.trust in ('own', 'signed') as trusted,
        min(array_position(array['critical', 'high', 'medium', 'low', 'info'], o.severity)) as worst
      from observations o join finding_imports i on i.id = o.import
      where ${within(sql`i.service`, service)} group by 1, 2, 3, 4
    ), trusted as (
      select finding, scope, max(number) as number from sights where trusted group by 1, 2
    ), seen as (
      select s.finding, s.scope, max(s.number) as number,
        min(s.worst) filter (where s.number >= coalesce(t.number, 0)) as worst
      from sights s left join trusted t on t.finding = s.finding and t.scope = s.scope group by 1, 2
    ), missed as (
      select c.finding, c.detail ->> 'scope' as scope, max(i.number) as number
      from finding_changes c join finding_imports i on i.id = c.import
      where c.kind = 'unseen' group by 1, 2
      union all
      select c.finding, c.detail ->> 'scope', max((c.detail ->> 'upTo')::bigint)
      from finding_acts a join finding_changes c on c.act = a.id
      where a.kind = 'retire-scan' and c.kind = 'retire-scan' group by 1, 2
    ), should as (
      select n.finding, n.scope, n.number > coalesce(max(m.number), 0) as seen,
        (array['critical', 'high', 'medium', 'low', 'info'])[n.worst] as severity
      from seen n left join missed m on m.finding = n.finding and m.scope = n.scope
      group by n.finding, n.scope, n.number, n.worst
    ), are as (
      select s.* from finding_scopes s join findings f on f.id = s.finding
      where ${within(sql`f.service`, service)}
    )
    select coalesce(a.finding, b.finding) as finding,
      case when a.finding is null or b.finding is null then 'scope'
        when a.seen is distinct from b.seen then 'seen' else 'severity' end as column
    from are a full join should b on a.finding = b.finding and a.scope = b.scope
    where a.finding is null or b.finding is null or a.seen is distinct from b.seen
      or a.severity is distinct from b.severity
    order by 1 limit 1
  `.execute(db);
  const [found] = rows;
  if (!found) return null;
  const row = `F-${found.finding}`;
  const message = `finding_scopes: which scans see ${row}, or how bad they say that it is, does not follow from what they reported`;
  return { table: "finding_scopes", row, column: found.column, message };
};
