import { CompiledQuery, sql } from "kysely";
import { prepared } from "../prepared.ts";
import type { SessionRow } from "../schema-accounts.ts";
import type { Db } from "../schema.ts";
import { dbNow } from "./promotions.ts";
import { assignedTo, definedRole, type HeldRole } from "./tokens.ts";

/** Sessions as rows. What they mean is in src/engine/access/sign-in/sessions.ts. */

export type SignedIn = SessionRow & {
  /** Null: the person was erased. */
  readonly person_name: string | null;
  readonly assigned: readonly HeldRole[] | null;
  /** Roles that a provider's groups gave for this session. */
  readonly by_groups: readonly HeldRole[] | null;
  /** When the person is here no more; null: no such day is known. */
  readonly ends_at: Date | null;
  readonly locked: boolean;
};

const live =
  "removed_at is null and expires_at > clock_timestamp() and idle_until > clock_timestamp()";

const signedInBy = prepared(`
  select s.*, p.person as person_name, person_ends(s.person) as ends_at, ${assignedTo("a.person = s.person")} as assigned,
    coalesce(o.locked, false) as locked,
    (select json_agg(json_build_object('role', g ->> 'role', 'service', g ->> 'service',
      'environment', g ->> 'environment', 'permissions', r.permissions))
      from jsonb_array_elements(s.provider -> 'roles') g ${definedRole("r", "g ->> 'role'")}
      -- What a role gives wants two people's signatures from then on, whenever somebody signed in.
      where (select mode from governance order by version desc limit 1) is distinct from 'team') as by_groups
  from sessions s left join ledger_people p on p.pseudonym = s.person
  left join accounts o on o.person = s.person
  where s.digest = $1 and s.${live.replaceAll(" and ", " and s.")}
    and coalesce(person_ends(s.person) > clock_timestamp(), true)`);

/** By the database's clock. */
export async function readSignedIn(db: Db, digest: string): Promise<SignedIn | undefined> {
  const { rows } = await db.executeQuery<SignedIn>(CompiledQuery.raw(signedInBy, [digest]));
  return rows[0];
}

/** The database's time, whole milliseconds. */
export async function databaseNow(db: Db): Promise<Date> {
  const { rows } = await sql<{ now: Date }>`
    select date_trunc('milliseconds', clock_timestamp()) as now
  `.execute(db);
  const [row] = rows;
  if (!row) throw new Error("the database has no time");
  return row.now;
}

export async function insertSession(
  tx: Db,
  session: Omit<
    SessionRow,
    "idle_ms" | "last_seen_at" | "removed_at" | "removed_by" | "provider" | "provider_hint"
  > & {
    readonly provider_hint: string | null;
    readonly idle_ms: number;
    readonly provider: string | null;
  },
): Promise<void> {
  await tx.insertInto("sessions").values(session).execute();
}

/** Somebody is still there. */
export async function prolongSession(db: Db, id: string): Promise<void> {
  await sql`
    update sessions set last_seen_at = clock_timestamp(),
      idle_until = greatest(idle_until, least(expires_at, clock_timestamp() + idle_ms * interval '1 millisecond'))
    where id = ${id} and ${sql.raw(live)}
  `.execute(db);
}

/** Those of a person that live, the one that was used last first. */
export async function sessionsOf(db: Db, person: string): Promise<readonly SessionRow[]> {
  return db
    .selectFrom("sessions")
    .selectAll()
    .where("person", "=", person)
    .where(sql<boolean>`${sql.raw(live)}`)
    .orderBy("last_seen_at", "desc")
    .execute();
}

/** When each person was seen last who has signed in since sessions are kept, RFC 3339 by pseudonym. */
export async function lastSeen(db: Db): Promise<ReadonlyMap<string, string>> {
  const rows = await db
    .selectFrom("sessions")
    .select(({ fn }) => ["person", fn.max("last_seen_at").as("at")])
    .groupBy("person")
    .execute();
  return new Map(rows.map(({ person, at }) => [person, at.toISOString()]));
}

/** Ends sessions of a person: one, all, or all but one. Answers how many. */
export async function removeSessions(
  tx: Db,
  which: { readonly person: string; readonly id?: string; readonly except?: string },
  by: string,
): Promise<number> {
  let update = tx
    .updateTable("sessions")
    .set({ removed_at: dbNow, removed_by: by, provider_hint: null })
    .where("person", "=", which.person)
    .where("removed_at", "is", null);
  if (which.id !== undefined) update = update.where("id", "=", which.id);
  if (which.except !== undefined) update = update.where("id", "<>", which.except);
  const { numUpdatedRows } = await update.executeTakeFirst();
  return Number(numUpdatedRows);
}

/**
 * Ends what a provider's sign-in began, and the programs that were let in by it. Answers how many.
 *
 * @param of `person`: null when nobody is linked; `sid` null: every session of theirs
 */
export async function removeSessionsOf(
  tx: Db,
  issuer: string,
  of: { readonly person: string | null; readonly sid: string | null },
): Promise<number> {
  const { numUpdatedRows } = await tx
    .updateTable("sessions")
    .set({ removed_at: dbNow, removed_by: "tidelock", provider_hint: null })
    .where("issuer", "=", issuer)
    .where("removed_at", "is", null)
    // One that was begun before the provider told its own is ended rather than forgotten.
    .where(sql<boolean>`case when ${of.sid}::text is null or provider ->> 'sid' is null
      then person = ${of.person} else provider ->> 'sid' = ${of.sid} end`)
    .executeTakeFirst();
  return Number(numUpdatedRows);
}

/** One that lives, whole. */
export async function sessionById(db: Db, id: string): Promise<SessionRow | undefined> {
  return db
    .selectFrom("sessions")
    .selectAll()
    .where("id", "=", id)
    .where(sql<boolean>`${sql.raw(live)}`)
    .executeTakeFirst();
}

/** How many a person may have at once, and how long one that ended is shown to whoever asks later. */
const mostSessions = 50;
const keptDays = 30;

/** The oldest make room, and what ended long ago goes. */
export async function tidySessions(tx: Db, person: string): Promise<void> {
  await sql`
    delete from sessions where expires_at < clock_timestamp() - ${keptDays} * interval '1 day'
  `.execute(tx);
  await sql`
    update sessions set provider_hint = null
    where provider_hint is not null and (removed_at is not null or least(idle_until, expires_at) < clock_timestamp())
  `.execute(tx);
  await sql`
    update sessions set removed_at = clock_timestamp(), removed_by = 'tidelock' where id in (
      select id from sessions where person = ${person} and ${sql.raw(live)}
      order by last_seen_at desc offset ${mostSessions - 1})
  `.execute(tx);
}

/** The one that a browser had before it signed in anew. */
export async function removeByDigest(tx: Db, digest: string, by: string): Promise<void> {
  await tx
    .updateTable("sessions")
    .set({ removed_at: dbNow, removed_by: by })
    .where("digest", "=", digest)
    .where("removed_at", "is", null)
    .execute();
}
