import { sql } from "kysely";
import type { Db } from "../schema.ts";

/** Who has an environment to itself. */
export interface EnvironmentLease {
  readonly promotion: string;
  readonly check: string;
  readonly service: string;
}

/**
 * Environments that one check has to itself. A lease counts while its promotion runs and is not ending, so
 * that whatever dies leaves nobody waiting. Beginning a check holds the environment's lock shared, taking a
 * lease exclusively: no check begins between "nobody tests here" and "it is mine".
 */
export async function lockEnvironment(
  tx: Db,
  environment: string,
  how: "shared" | "exclusive",
): Promise<void> {
  const key = sql`hashtextextended(${`check-lease/${environment}`}, 0)`;
  await (
    how === "shared"
      ? sql`select pg_advisory_xact_lock_shared(${key})`
      : sql`select pg_advisory_xact_lock(${key})`
  ).execute(tx);
}

export async function environmentLease(
  db: Db,
  environment: string,
): Promise<EnvironmentLease | undefined> {
  const { rows } = await sql<EnvironmentLease>`
    select l.promotion, l."check", p.service
    from environment_leases l join promotions p on p.id = l.promotion
    where l.environment = ${environment} and p.state = 'running' and p.ending is null
  `.execute(db);
  return rows[0];
}

/** Takes the lease unless another promotion's counts; answers whose it is now. */
export async function takeEnvironment(
  tx: Db,
  environment: string,
  taker: { readonly promotion: string; readonly check: string },
): Promise<EnvironmentLease | undefined> {
  const held = await environmentLease(tx, environment);
  if (held && (held.promotion !== taker.promotion || held.check !== taker.check)) return held;
  await sql`
    insert into environment_leases (environment, promotion, "check")
    values (${environment}, ${taker.promotion}, ${taker.check})
    on conflict (environment) do update set promotion = excluded.promotion, "check" = excluded."check"
  `.execute(tx);
  return environmentLease(tx, environment);
}

export async function leaveEnvironment(tx: Db, promotion: string, check: string): Promise<void> {
  await sql`
    delete from environment_leases where promotion = ${promotion} and "check" = ${check}
  `.execute(tx);
}

/** A check of another promotion that tests something in this environment at this moment. */
export async function otherTest(
  db: Db,
  environment: string,
  promotion: string,
): Promise<{ readonly promotion: string; readonly name: string } | undefined> {
  const { rows } = await sql<{ promotion: string; name: string }>`
    select c.promotion, c.name from check_runs c join promotions p on p.id = c.promotion
    where p.environment = ${environment} and p.state = 'running' and p.ending is null
      and p.id <> ${promotion} and c.report is null and c.colour is not null
      -- Whoever was asked and has not begun, or is late, tests nothing now.
      and not exists (
        select from check_requests r where r.run = c.id
          and (r.begun_at is null or r.answer is not null or r.answer_until <= clock_timestamp())
      )
    order by c.started_at limit 1
  `.execute(db);
  return rows[0];
}
