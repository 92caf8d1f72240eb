import { sql } from "kysely";
import type { WaitingLogin } from "../../identity/accounts/waiting-logins.ts";
import type { LoginRequestRow } from "../schema-accounts.ts";
import type { Db } from "../schema.ts";

/** Programs that wait to be let in. */

export type Login = LoginRequestRow;

const open = sql<boolean>`expires_at > clock_timestamp()`;

/** How this machine's own programs are counted (RFC 1122 3.2.1.3, RFC 4291 2.5.3). */
const loopback: readonly string[] = ["127.0.0.0/24", "0:0:0::/48"];

/** Those that wait; what has waited too long is forgotten. One caller at a time, so that none slips in between. */
export async function openLogins(
  tx: Db,
  place: string,
): Promise<{ readonly waiting: readonly WaitingLogin[]; readonly known: boolean }> {
  await sql`select pg_advisory_xact_lock(7468048)`.execute(tx);
  await sql`delete from login_requests where expires_at <= clock_timestamp()`.execute(tx);
  const rows = await tx
    .selectFrom("login_requests")
    .select(["digest", "place", "created_at", "person"])
    .execute();
  // Of sessions that ended too, as long as they are kept: somebody was let in from there.
  const { rows: places } = await sql<{ place: string }>`
    select distinct place from sessions
    where place = any(${[...new Set([place, ...rows.map((row) => row.place)])]})
  `.execute(tx);
  const known = new Set([...loopback, ...places.map((one) => one.place)]);
  return {
    known: known.has(place),
    waiting: rows.map((row) => ({
      id: row.digest,
      network: row.place,
      since: row.created_at.getTime(),
      known: known.has(row.place),
      answered: row.person !== null,
    })),
  };
}

/** It makes room: its program is told that nothing waits under its code. */
export async function endLogin(tx: Db, digest: string): Promise<void> {
  await tx.deleteFrom("login_requests").where("digest", "=", digest).execute();
}

export async function addLogin(
  tx: Db,
  login: Pick<Login, "digest" | "code" | "place" | "program">,
  lastsMs: number,
): Promise<void> {
  const expires_at = sql<Date>`clock_timestamp() + ${lastsMs} * interval '1 millisecond'`;
  await tx
    .insertInto("login_requests")
    .values({ ...login, expires_at })
    .execute();
}

export async function findLogin(
  db: Db,
  by: { readonly digest: string } | { readonly code: string },
): Promise<Login | undefined> {
  const query = db.selectFrom("login_requests").selectAll().where(open);
  return (
    "digest" in by ? query.where("digest", "=", by.digest) : query.where("code", "=", by.code)
  ).executeTakeFirst();
}

/** Once; null: refused. */
export async function answerLogin(
  db: Db,
  code: string,
  who: Pick<Login, "person" | "methods" | "issuer" | "session" | "seal"> | null,
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable("login_requests")
    .set(who ?? { refused: true })
    .where("code", "=", code)
    .where("person", "is", null)
    .where("refused", "=", false)
    .where(open)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

export async function takeLogin(tx: Db, digest: string): Promise<boolean> {
  const { numDeletedRows } = await tx
    .deleteFrom("login_requests")
    .where("digest", "=", digest)
    .where("person", "is not", null)
    .executeTakeFirst();
  return numDeletedRows > 0n;
}
