import { sql } from "kysely";
import type { LoginRequestRow } from "../schema-accounts.ts";
import type { Db } from "../schema.ts";

/** Programs that wait to be let in. */

export type Login = LoginRequestRow;

const open = sql<boolean>`expires_at > clock_timestamp()`;

/** How many wait; what has waited too long is forgotten. One at a time, so that none slips in between. */
export async function openLogins(
  tx: Db,
  place: string,
): Promise<{ readonly ofNetwork: number; readonly all: number }> {
  await sql`select pg_advisory_xact_lock(7468048)`.execute(tx);
  await sql`delete from login_requests where expires_at <= clock_timestamp()`.execute(tx);
  const { rows } = await sql<{ of_network: number; of_all: number }>`
    select (count(*) filter (where place = ${place}))::int as of_network, count(*)::int as of_all
    from login_requests
  `.execute(tx);
  return { ofNetwork: rows[0]?.of_network ?? 0, all: rows[0]?.of_all ?? 0 };
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
