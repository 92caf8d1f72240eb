import { sql } from "kysely";
import { severities } from "../../model/observation.ts";
import type { ServiceSecurity } from "../../model/service-security.ts";
import { recordRows } from "../projections/projection.ts";
import { serviceSecurityProjection } from "../projections/service-security.ts";
import type { ServiceSecurityRow, TrackedIssueRow } from "../schema-security.ts";
import type { Db, Tx } from "../schema.ts";

export async function readServiceSecurity(
  db: Db,
  service: string,
): Promise<ServiceSecurityRow | undefined> {
  return db
    .selectFrom("service_security")
    .selectAll()
    .where("service", "=", service)
    .executeTakeFirst();
}

/** Row and entry together; the entry says what it was before. Undefined when somebody has changed it since `basedOn` (0: there was none). */
export async function writeServiceSecurity(
  tx: Tx,
  wanted: {
    readonly service: string;
    readonly content: ServiceSecurity;
    readonly basedOn: number;
    readonly by: string;
  },
): Promise<ServiceSecurityRow | undefined> {
  const values = { content: JSON.stringify(wanted.content), set_by: wanted.by };
  const before = await readServiceSecurity(tx, wanted.service);
  const row =
    wanted.basedOn === 0
      ? await tx
          .insertInto("service_security")
          .values({ service: wanted.service, ...values })
          .onConflict((conflict) => conflict.doNothing())
          .returningAll()
          .executeTakeFirst()
      : await tx
          .updateTable("service_security")
          .set((eb) => ({
            ...values,
            set_at: sql<Date>`clock_timestamp()`,
            changes: eb("changes", "+", 1),
          }))
          .where("service", "=", wanted.service)
          .where("changes", "=", wanted.basedOn)
          .returningAll()
          .executeTakeFirst();
  if (row) {
    await recordRows(tx, serviceSecurityProjection, [row], {
      actor: wanted.by,
      more: { before: before?.content ?? null },
    });
  }
  return row;
}

/** What was ever said of a service's security, by the ledger's entries, newest first. */
export async function saidOfSecurity(
  db: Db,
  service: string,
): Promise<readonly { readonly content: unknown; readonly at: Date }[]> {
  const { rows } = await sql<{ content: unknown; at: Date }>`
    select payload -> 'content' as content, (payload ->> 'setAt')::timestamptz as at
    from ledger_entries
    where stream = ${service} and kind = 'service.security-set' and payload is not null
    order by entry desc
  `.execute(db);
  return rows;
}

/** When a secret got the value that it has; null where there is none. */
export async function secretSetAt(
  db: Db,
  asked: { readonly service: string; readonly environment: string; readonly secret: string },
): Promise<Date | null> {
  const row = await db
    .selectFrom("secrets")
    .select("created_at")
    .where("service", "=", asked.service)
    .where("environment", "=", asked.environment)
    .where("name", "=", asked.secret)
    .orderBy("version", "desc")
    .executeTakeFirst();
  return row?.created_at ?? null;
}

/** Services that have a tracker. */
export async function servicesWithTracker(db: Db): Promise<readonly ServiceSecurityRow[]> {
  return db
    .selectFrom("service_security")
    .selectAll()
    .where(sql<boolean>`content -> 'tracker' <> 'null'::jsonb`)
    .execute();
}

export interface WaitingFinding {
  readonly finding: string;
  readonly marker: string;
  readonly title: string;
  readonly rule: string;
  readonly severity: string;
  readonly tools: readonly string[];
  readonly place: unknown;
  readonly first_seen: Date;
}

/** How long whoever creates an issue has it for itself. */
const leaseSeconds = 120;

/**
 * Takes open findings that have no issue yet, and those whose creation nobody has ended: theirs for two minutes. The
 * marker names this installation, so that two of them never share an issue.
 */
export async function takeUntracked(
  tx: Tx,
  asked: {
    readonly service: string;
    readonly tracker: TrackedIssueRow["tracker"];
    readonly severities: readonly string[];
    readonly limit: number;
  },
): Promise<readonly WaitingFinding[]> {
  const { rows } = await sql<WaitingFinding>`
    with fresh as (
      select f.id from findings f
      where f.service = ${asked.service} and f.status in ('open', 'triaged', 'in-progress')
        and f.severity = any(${[...asked.severities]}::text[])
        and not exists (select from tracked_issues t where t.finding = f.id)
      order by array_position(${[...severities]}::text[], f.severity), f.id limit ${asked.limit}
    ), made as (
      insert into tracked_issues (finding, service, tracker, marker, next_at)
      select id, ${asked.service}, ${asked.tracker},
        'tidelock-' || left((select store_id::text from store), 8) || '-F-' || id,
        clock_timestamp() + make_interval(secs => ${leaseSeconds})
      from fresh on conflict do nothing returning finding, marker
    ), again as (
      update tracked_issues t set next_at = clock_timestamp() + make_interval(secs => ${leaseSeconds})
      where t.finding in (
        select finding from tracked_issues
        where state = 'wanted' and next_at <= clock_timestamp() and service = ${asked.service}
        order by next_at limit ${asked.limit} for update skip locked
      ) returning finding, marker
    )
    select t.finding::text, t.marker, f.title, f.rule, f.severity, f.tools, f.place, f.first_seen
    from (select * from made union all select * from again) as t join findings f on f.id = t.finding
    order by t.finding`.execute(tx);
  return rows;
}

/** Issues whose state was not looked at for so long: theirs for two minutes. */
export async function takeUnread(
  tx: Tx,
  asked: { readonly service: string; readonly limit: number },
): Promise<readonly TrackedIssueRow[]> {
  const { rows } = await sql<TrackedIssueRow>`
    update tracked_issues set next_at = clock_timestamp() + make_interval(secs => ${leaseSeconds})
    where finding in (
      select finding from tracked_issues
      where state = 'open' and next_at <= clock_timestamp() and service = ${asked.service}
      order by next_at limit ${asked.limit} for update skip locked
    ) returning *`.execute(tx);
  return rows;
}

/** What became of a look: the next one is not before `nextMs` from now. */
export async function settleIssue(
  tx: Db,
  finding: string,
  became: {
    readonly remote?: string;
    readonly url?: string | null;
    readonly state?: TrackedIssueRow["state"];
    readonly problem: string | null;
    readonly nextMs: number;
  },
): Promise<void> {
  const { remote, url, state, problem, nextMs } = became;
  await tx
    .updateTable("tracked_issues")
    .set((eb) => ({
      ...(remote === undefined ? {} : { remote }),
      ...(url === undefined ? {} : { url }),
      ...(state === undefined ? {} : { state }),
      problem,
      attempts: problem === null ? 0 : eb("attempts", "+", 1),
      looked_at: sql<Date>`clock_timestamp()`,
      next_at: sql<Date>`clock_timestamp() + make_interval(secs => ${nextMs / 1_000})`,
    }))
    .where("finding", "=", finding)
    .execute();
}
