import { sql } from "kysely";
import type { Digest, Lane } from "../../model/primitives.ts";
import type { CheckRunRow, Db } from "../schema.ts";

/**
 * Runs that no promotion waits for. Each is held by one worker at a time, by the database's clock; one whose
 * worker has died is taken up by the next under the same id.
 */
export async function claimLateRuns(
  db: Db,
  holder: string,
  options: { readonly leaseMs: number; readonly most: number },
): Promise<readonly CheckRunRow[]> {
  if (options.most <= 0) return [];
  const { rows } = await sql<CheckRunRow>`
    update check_runs set holder = ${holder},
      holder_until = clock_timestamp() + ${options.leaseMs} * interval '1 millisecond'
    where id in (
      select c.id from check_runs c join promotions p on p.id = c.promotion
      where c.out_of_band and c.report is null
        and (c.holder_until is null or c.holder_until <= clock_timestamp())
        and ((p.state = 'running' and p.ending is null) or p.state = 'complete')
      order by c.started_at limit ${options.most} for update of c skip locked
    )
    returning *
  `.execute(db);
  return rows;
}

/** Undefined when it is not this worker's any more, or has its report. Holds the row in a transaction. */
export async function holdLateRun(
  tx: Db,
  id: string,
  holder: string,
  leaseMs: number,
): Promise<CheckRunRow | undefined> {
  const { rows } = await sql<CheckRunRow>`
    update check_runs set holder_until = clock_timestamp() + ${leaseMs} * interval '1 millisecond'
    where id = ${id} and holder = ${holder} and report is null
    returning *
  `.execute(tx);
  return rows[0];
}

/** It could not be carried out now: whoever looks next may try. */
export async function leaveLateRun(db: Db, id: string, holder: string): Promise<void> {
  await sql`
    update check_runs set holder_until = clock_timestamp()
    where id = ${id} and holder = ${holder} and report is null
  `.execute(db);
}

/** Answers that came when, or before, their promotion had ended and that nobody has weighed since. */
export async function unweighedRuns(db: Db): Promise<readonly CheckRunRow[]> {
  const { rows } = await sql<CheckRunRow>`
    select c.* from check_runs c join promotions p on p.id = c.promotion
    where c.out_of_band and c.weighed_at is null and c.report is not null
      and p.state not in ('queued', 'running')
    order by c.ended_at limit 50
  `.execute(db);
  return rows;
}

export async function markWeighed(tx: Db, id: string): Promise<void> {
  await sql`update check_runs set weighed_at = clock_timestamp() where id = ${id}`.execute(tx);
}

/**
 * What out-of-band checks found about a release in a lane, in other promotions than this one. The newest of each check:
 * however often one fails, it does not push out what another has found.
 */
export async function lateFailures(
  db: Db,
  lane: Lane,
  release: Digest,
  promotion: string,
): Promise<readonly CheckRunRow[]> {
  const { rows } = await sql<CheckRunRow>`
    select * from (
      select c.*, row_number() over (partition by c.name order by c.ended_at desc) as place
      from check_runs c join promotions p on p.id = c.promotion
      where c.out_of_band and c.report ->> 'verdict' = 'fail' and c.release = ${release}
        and p.service = ${lane.service} and p.environment = ${lane.environment} and p.id <> ${promotion}
    ) as late
    where place <= 50 order by ended_at desc
  `.execute(db);
  return rows;
}
