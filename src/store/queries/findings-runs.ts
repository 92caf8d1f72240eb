import { sql } from "kysely";
import type { Digest } from "../../model/primitives.ts";
import type { KeptReport } from "../../model/verdict.ts";
import type { Db } from "../schema.ts";

/** A check run whose report nobody has taken in. */
export interface OwnRun {
  readonly id: string;
  readonly name: string;
  readonly uses: string;
  readonly phase: "static" | "deployed" | "live";
  readonly release: Digest;
  readonly ended_at: Date;
  readonly report: KeptReport;
  readonly promotion: string;
  readonly service: string;
  readonly environment: string;
}

/** How long a report that could not be taken in rests: longer each time, ten minutes at most. */
const rest = sql`make_interval(secs => least(600, 5 * power(2, least(s.tries, 10))))`;

const untaken = (scanners: readonly string[]) => sql`
  c.ended_at is not null and c.report is not null and c.uses = any (${[...scanners]})
  and not exists (select from finding_imports i where i.check_run = c.id)`;

/**
 * The oldest first, so that findings are seen in the order in which they were; without those that rest after a failure,
 * so that none of them holds up the later ones, and those that were given up.
 */
export async function untakenRuns(
  db: Db,
  scanners: readonly string[],
  { promotion, limit }: { readonly promotion: string | null; readonly limit: number },
): Promise<readonly OwnRun[]> {
  const { rows } = await sql<OwnRun>`
    select c.id, c.name, c.uses, c.phase, c.release, c.ended_at,
      c.report - 'observations' - 'results' as report, c.promotion, p.service, p.environment
    from (
      select c.* from check_runs c where ${untaken(scanners)}
        and (${promotion}::text is null or c.promotion = ${promotion})
        and not exists (
          select from finding_skipped_runs s where s.check_run = c.id
            and (s.given_up or s.at + ${rest} > clock_timestamp()))
      order by c.ended_at, c.id limit ${limit}
    ) c join promotions p on p.id = c.promotion
    order by c.ended_at, c.id
  `.execute(db);
  return rows;
}

export interface AwaitedRun {
  readonly id: string;
  readonly name: string;
  /** Why it could not be taken in when it was tried last; null where nobody has tried, or none has failed. */
  readonly why: string | null;
  readonly given_up: boolean;
}

/**
 * Runs of one promotion whose reports are not among the findings, and never will be where they were given up. One whose
 * scanner handed back nothing that could be read is no scan that anybody waits for.
 */
export async function awaitedRuns(
  db: Db,
  scanners: readonly string[],
  promotion: string,
): Promise<readonly AwaitedRun[]> {
  const { rows } = await sql<AwaitedRun>`
    select c.id, c.name, s.why, coalesce(s.given_up, false) as given_up
    from check_runs c left join finding_skipped_runs s on s.check_run = c.id
    where c.promotion = ${promotion} and ${untaken(scanners)}
      and (s.check_run is null or not s.given_up or s.tries > 0)
    order by c.ended_at, c.id
  `.execute(db);
  return rows;
}

/** It holds no report: it is not tried again, and nobody waits for it. */
export async function skipRun(db: Db, run: string, why: string): Promise<void> {
  await db
    .insertInto("finding_skipped_runs")
    .values({ check_run: run, why: why.slice(0, 1_000) })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** Its report could not be taken in. Answers how often that was tried. */
export async function failRun(
  db: Db,
  run: string,
  { why, mostTries }: { readonly why: string; readonly mostTries: number },
): Promise<{ readonly tries: number; readonly givenUp: boolean }> {
  const { rows } = await sql<{ tries: number; given_up: boolean }>`
    insert into finding_skipped_runs as s (check_run, why, tries, given_up)
    values (${run}, ${why.slice(0, 1_000)}, 1, ${mostTries <= 1})
    on conflict (check_run) do update set why = excluded.why, tries = s.tries + 1,
      given_up = s.given_up or s.tries + 1 >= ${mostTries}, at = clock_timestamp()
    returning tries, given_up
  `.execute(db);
  const [row] = rows;
  return { tries: row?.tries ?? 1, givenUp: row?.given_up ?? false };
}

export interface SkippedRun {
  readonly check_run: string;
  readonly name: string;
  readonly environment: string;
  readonly why: string;
  readonly tries: number;
  readonly given_up: boolean;
  readonly at: Date;
}

/** Reports of own scans of a service that are not among its findings, newest first; none that was taken in since. */
export async function skippedRuns(
  db: Db,
  service: string | null,
  limit: number,
): Promise<readonly SkippedRun[]> {
  const { rows } = await sql<SkippedRun>`
    select s.check_run, c.name, p.environment, s.why, s.tries, s.given_up, s.at
    from finding_skipped_runs s join check_runs c on c.id = s.check_run
    join promotions p on p.id = c.promotion
    where (${service}::text is null or p.service = ${service})
      and not exists (select from finding_imports i where i.check_run = s.check_run)
    order by s.at desc, s.check_run limit ${limit}
  `.execute(db);
  return rows;
}

/** One of those, by its run; its promotion as well. */
export async function skippedRun(
  db: Db,
  service: string,
  run: string,
): Promise<(SkippedRun & { readonly promotion: string }) | undefined> {
  const { rows } = await sql<SkippedRun & { promotion: string }>`
    select s.check_run, c.name, p.environment, s.why, s.tries, s.given_up, s.at, c.promotion
    from finding_skipped_runs s join check_runs c on c.id = s.check_run
    join promotions p on p.id = c.promotion
    where s.check_run = ${run} and p.service = ${service}
      and not exists (select from finding_imports i where i.check_run = s.check_run)
  `.execute(db);
  return rows[0];
}

/** It is tried as if it had never been. */
export async function forgetFailure(db: Db, run: string): Promise<void> {
  await db.deleteFrom("finding_skipped_runs").where("check_run", "=", run).execute();
}
