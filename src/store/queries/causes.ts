import { sql } from "kysely";
import type { Db } from "../schema.ts";

/**
 * What came after decisions that leaned on something else, and every place that it touches: written together, once,
 * under an id that says what it is. All of these are found by an index.
 */

/** Where a release is live, could take the traffic back, or is on its way; `touched` has a column `release`. */
const placesOf = (cause: string, touched: ReturnType<typeof sql>) => sql`
  insert into cause_places (cause, service, environment, place)
  with touched as materialized (${touched})
  select ${cause}, l.service, l.environment, 'live' from touched t join lanes l on l.live_release = t.release
  where l.removed_at is null
  union
  select ${cause}, l.service, l.environment, 'old' from touched t join lanes l on l.old_release = t.release
  where l.removed_at is null
  union
  select ${cause}, p.service, p.environment, 'open' from touched t join promotions p on p.release = t.release
  where p.state = 'running' and p.kind = 'promotion' and p.ending is null
  on conflict (cause, service, environment, place) do update set decided_at = null, result = null`;

async function insertCause(tx: Db, id: string, kind: string, message: string): Promise<boolean> {
  const { rows } = await sql`
    insert into causes (id, kind, message) values (${id}, ${kind}, ${message.slice(0, 1_000)})
    on conflict do nothing returning id`.execute(tx);
  return rows.length > 0;
}

/** After components were held against an edition: what it brought, made worse or took back. Nothing where nothing did. */
export async function addAdvisoryCause(
  tx: Db,
  edition: string,
  components: readonly string[],
): Promise<void> {
  const these = sql`f.edition = ${edition} and f.component = any(${[...components]}::bigint[])`;
  const { rows } = await sql<{ new: number; withdrawn: number; names: string[] }>`
    select count(*) filter (where not withdrawn)::integer as new, count(*) filter (where withdrawn)::integer as withdrawn,
      (array_agg(distinct advisory))[1:5] as names
    from component_flaws f where ${these}`.execute(tx);
  const { new: brought = 0, withdrawn = 0, names = [] } = rows[0] ?? {};
  if (brought + withdrawn === 0) return;
  const id = `advisories/${edition}`;
  const message = `advisories were imported: ${names.join(", ")}${brought + withdrawn > names.length ? " …" : ""}`;
  await insertCause(tx, id, "advisories", message);
  await placesOf(
    id,
    sql`select distinct r.release from component_flaws f join release_components r on r.component = f.component
      where ${these}`,
  ).execute(tx);
}

/** Reports and statements about releases that came since: of whom it counts. Answers how many causes are new. */
export async function addImportCauses(db: Db): Promise<number> {
  const { rows } = await sql<{ id: string; tool: string; release: string }>`
    select i.id, i.tool, i.release from finding_imports i
    where i.number > (select mark::bigint from cause_marks where kind = 'imports')
      and i.release is not null and i.trust in ('own', 'signed')
      and not exists (select from causes c where c.id = 'import/' || i.id)
    order by i.number limit 200`.execute(db);
  for (const { id, tool, release } of rows) {
    await db.transaction().execute(async (tx) => {
      const cause = `import/${id}`;
      if (!(await insertCause(tx, cause, "findings", `${tool} reported about the release`))) return;
      await placesOf(cause, sql`select ${release} as release`).execute(tx);
    });
  }
  // What is older than an hour has its cause, or none was due: numbers are given before they are committed.
  await sql`
    update cause_marks m set mark = n.next::text
    from (
      select least(
        (select min(e.number) - 1 from finding_imports e
          where e.number > o.mark::bigint and e.release is not null and e.trust in ('own', 'signed')
            and not exists (select from causes c where c.id = 'import/' || e.id)),
        (select max(i.number) from finding_imports i
          where i.number > o.mark::bigint and i.at < clock_timestamp() - interval '1 hour')) as next,
        (select max(i.number) from finding_imports i
          where i.number > o.mark::bigint and i.at < clock_timestamp() - interval '1 hour') as old
      from cause_marks o where o.kind = 'imports'
    ) n
    where m.kind = 'imports' and n.old is not null and n.next > m.mark::bigint`.execute(db);
  return rows.length;
}

/** The list of what is exploited has changed: whatever has an open finding that is on it. */
export async function addExploitedCause(db: Db): Promise<boolean> {
  return db.transaction().execute(async (tx) => {
    const { rows } = await sql<{ digest: string; version: string }>`
      select f.digest, f.version from feeds f where f.kind = 'kev'
        and f.digest <> (select mark from cause_marks where kind = 'kev')
        and not exists (select from causes c where c.id = 'kev/' || f.digest)`.execute(tx);
    const [feed] = rows;
    if (feed === undefined) return false;
    const cause = `kev/${feed.digest}`;
    if (!(await insertCause(tx, cause, "feeds", `the list of what is exploited was imported (${feed.version})`))) return false; // prettier-ignore
    await placesOf(
      cause,
      sql`select l.live_release as release from lanes l where l.live_release is not null and l.service in (
          select f.service from findings f
          where f.status not in ('verified', 'closed') and exists (
            select from kev_entries k where k.cve = any (f.aliases || f.rule)))`,
    ).execute(tx);
    return true;
  });
}

/** A key that signed evidence is not to be trusted any more: whatever was decided while it signed. */
export async function addKeyCauses(db: Db): Promise<number> {
  const { rows } = await sql<{ id: string; since: Date }>`
    select k.key_id as id, k.added_at as since from ledger_keys k
    where k.use = 'evidence' and k.compromised_at > (select mark::timestamptz from cause_marks where kind = 'keys')
      and not exists (select from causes c where c.id = 'key/' || k.key_id)`.execute(db);
  for (const { id, since } of rows) {
    await db.transaction().execute(async (tx) => {
      const cause = `key/${id}`;
      if (!(await insertCause(tx, cause, "key", `the evidence key ${id} is compromised`))) return;
      await placesOf(
        cause,
        sql`select distinct p.release from decisions d join promotions p on p.id = d.promotion
          where d.at >= ${since.toISOString()}::timestamptz`,
      ).execute(tx);
    });
  }
  return rows.length;
}

/** Accepted risks that hold no more: what leaned on them, by the index of what decisions leaned on. */
export async function addWaiverCauses(db: Db): Promise<number> {
  const { rows } = await sql<{ id: string; waiver: string; why: string }>`
    select w.id::text, w.content ->> 'waiver' as waiver, coalesce(w.why, w.state) as why from waivers w
    where w.state in ('withdrawn', 'ended') and not w.settled and w.since is not null
      and not exists (select from causes c where c.id = 'waiver/' || w.id)
    limit 200`.execute(db);
  for (const { id, waiver, why } of rows) {
    await db.transaction().execute(async (tx) => {
      const cause = `waiver/${id}`;
      if (!(await insertCause(tx, cause, "waiver", `${waiver} holds no more: ${why}`))) return;
      await placesOf(
        cause,
        sql`select distinct p.release from decision_leans d join promotions p on p.id = d.promotion
          where d.kind = 'waiver' and d.what = ${waiver}`,
      ).execute(tx);
    });
  }
  return rows.length;
}

/** What is contradicted was looked at again by one of its checks: it may stand again. */
export async function addCheckCauses(db: Db): Promise<number> {
  const { rows } = await sql<{ id: string; release: string; name: string; verdict: string }>`
    select c.id, c.release, c.name, c.report ->> 'verdict' as verdict
    from deployments d join check_runs c on c.release = d.release and c.ended_at > d.contradicted_at
    join promotions p on p.id = c.promotion and p.service = d.service and p.environment = d.environment
    where d.contradicted_at is not null and c.report is not null and c.rescan is not null
      and not exists (select from causes k where k.id = 'check/' || c.id)
    limit 200`.execute(db);
  for (const { id, release, name, verdict } of rows) {
    await db.transaction().execute(async (tx) => {
      const cause = `check/${id}`;
      if (!(await insertCause(tx, cause, "check", `check ${name} was run again: ${verdict}`)))
        return;
      await placesOf(cause, sql`select ${release} as release`).execute(tx);
    });
  }
  return rows.length;
}
