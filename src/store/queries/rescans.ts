import { sql } from "kysely";
import type { CheckRunRow, Db } from "../schema.ts";

/**
 * Of every lane with something live: the newest run of each static check of the promotion that brought it. After
 * a rollback that is the promotion that once brought what is live again. And of every promotion that is under way and has
 * not moved its traffic: what it waits for may last longer than its evidence.
 */
export async function newestStaticRuns(
  db: Db,
): Promise<readonly (CheckRunRow & { readonly ageMs: number })[]> {
  const { rows } = await sql<CheckRunRow & { ageMs: number }>`
    select distinct on (c.promotion, c.name) c.*,
      extract(epoch from clock_timestamp() - coalesce(c.ended_at, c.started_at))::float8 * 1000 as "ageMs"
    from (
      select p.id from lanes l
      join lateral (
        select p.id from promotions p
        where p.service = l.service and p.environment = l.environment and p.kind = 'promotion'
          and p.state = 'complete' and p.release = l.live_release and p.configuration = l.live_configuration
        order by p.sequence desc limit 1
      ) p on true
      where l.live_release is not null and l.removed_at is null
      union all
      select p.id from promotions p
      join lanes l on l.service = p.service and l.environment = p.environment
      where p.state = 'running' and p.kind = 'promotion' and p.ending is null
        and l.live_promotion is distinct from p.id
    ) p
    join check_runs c on c.promotion = p.id and c.phase = 'static'
    order by c.promotion, c.name, c.started_at desc, c.attempt desc
  `.execute(db);
  return rows;
}

/** Checks of a promotion that are being run again and have not answered. */
export async function pendingRescans(db: Db, promotion: string): Promise<readonly string[]> {
  const rows = await db
    .selectFrom("check_runs")
    .select("name")
    .where("promotion", "=", promotion)
    .where("rescan", "is not", null)
    .where("report", "is", null)
    .execute();
  return rows.map(({ name }) => name);
}

/** Null when another run of the check is newer: somebody else began one meanwhile. Holds the row in a transaction. */
export async function stillNewest(tx: Db, run: CheckRunRow): Promise<boolean> {
  const { rows } = await sql<{ id: string }>`
    select id from check_runs where promotion = ${run.promotion} and name = ${run.name}
    order by started_at desc, attempt desc limit 1
  `.execute(tx);
  return rows[0]?.id === run.id;
}
