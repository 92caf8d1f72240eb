import { sql } from "kysely";
import type { Digest } from "../../model/primitives.ts";
import type { Db } from "../schema.ts";

/** What is to be done about deployments that are contradicted. */

export interface Incident {
  readonly deployment: string;
  readonly service: string;
  readonly environment: string;
  readonly release: Digest;
  readonly configuration: Digest;
  readonly reason: string;
  /** Users meet it now. */
  readonly live: boolean;
  /** The promotion by which the traffic was to go back; null: none was begun. */
  readonly begun: string | null;
}

/** @param after the last one of the page before */
export async function openIncidents(
  db: Db,
  limit: number,
  after = "0",
): Promise<readonly Incident[]> {
  const { rows } = await sql<Incident>`
    select i.deployment, d.service, d.environment, d.release, d.configuration, coalesce(d.contradicted_reason, '') as reason,
      i.live and l.live_release = d.release and l.live_configuration = d.configuration as live,
      substring(i.handled from '^returning by (.+)$') as begun
    from (
      select deployment, live, handled from incidents
      where handled_at is null and deployment > ${after}::bigint order by deployment limit ${limit}
    ) i join deployments d on d.id = i.deployment
    join lanes l on l.service = d.service and l.environment = d.environment
    order by i.deployment`.execute(db);
  return rows;
}

/** One that another server is handling is passed over. */
export async function lockIncident(tx: Db, deployment: string): Promise<boolean> {
  const { rows } = await sql`
    select from incidents where deployment = ${deployment} and handled_at is null for update skip locked
  `.execute(tx);
  return rows.length > 0;
}

export async function markHandled(
  db: Db,
  deployments: readonly string[],
  handled: string,
): Promise<void> {
  if (deployments.length === 0) return;
  await sql`
    update incidents set handled_at = clock_timestamp(), handled = ${handled.slice(0, 1_000)}
    where deployment = any(${[...deployments]}::bigint[]) and handled_at is null
  `.execute(db);
}

/** It is not handled before the traffic is where it goes. */
export async function markReturning(db: Db, deployment: string, promotion: string): Promise<void> {
  await sql`
    update incidents set handled = ${`returning by ${promotion}`}
    where deployment = ${deployment} and handled_at is null
  `.execute(db);
}

/** A line that is stopped for this lane alone, or for more than it: another one would stop nothing further. */
export async function stoppedLine(
  db: Db,
  service: string,
  environment: string,
): Promise<number | null> {
  const { rows } = await sql<{ id: number }>`
    select id from stops where kind = 'line' and cleared_at is null
      and (service is null or service = ${service}) and (environment is null or environment = ${environment})
    limit 1`.execute(db);
  return rows[0]?.id ?? null;
}

/** Of deployments that nobody can decide about: on record, and there is nothing to do that a program may. */
export async function unknownIncidents(tx: Db, deployments: readonly string[]): Promise<void> {
  if (deployments.length === 0) return;
  await sql`
    insert into incidents (deployment, cause, live, handled_at, handled)
    select unnest(${[...deployments]}::bigint[]), 'unknown', true, clock_timestamp(), 'unknown: it cannot be decided again'
    on conflict (deployment) do nothing
  `.execute(tx);
}
