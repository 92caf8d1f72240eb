import { sql } from "kysely";
import { signsCommits } from "../../evidence/commit-keys.ts";
import { readPasskey } from "../../identity/webauthn/passkey-text.ts";
import type { Digest, Lane } from "../../model/primitives.ts";
import {
  grantsProjection,
  personKeysProjection,
  personLinksProjection,
} from "../projections/access.ts";
import { recordRows } from "../projections/projection.ts";
import type { GrantRow, PersonKeyRow, PersonLinkRow } from "../schema-manual.ts";
import type { Db } from "../schema.ts";
import { signsIn } from "./passkeys.ts";
import { certificateBefore } from "./pgp-certificates.ts";
import { dbNow } from "./promotions.ts";

/** People's keys, names and rights. Each change is a row and its entry, in the caller's transaction. */

/** Undefined when the key is somebody's already, removed ones included: a key never changes hands, nor what it is for. */
export async function addPersonKey(
  tx: Db,
  key: { readonly key_id: Digest; readonly person: string; readonly public_key: string },
  by: string,
): Promise<PersonKeyRow | undefined> {
  const passkey = readPasskey(key.public_key);
  // What signs somebody in never signs an approval.
  if (passkey.ok) {
    const { credentialId } = passkey.value.credential;
    if (await signsIn(tx, { key: key.key_id, credentialId })) return undefined;
  }
  const older = await certificateBefore(tx, key);
  if (older === "taken") return undefined;
  if (older !== null) await removePersonKey(tx, older.key_id, by);
  const webauthn = passkey.ok ? { webauthn: JSON.stringify(passkey.value.credential) } : {};
  const row = await tx
    .insertInto("person_keys")
    .values({ ...key, ...webauthn, commits: signsCommits(key.public_key), added_by: by })
    .onConflict((conflict) => conflict.doNothing())
    .returningAll()
    .executeTakeFirst();
  if (row) await recordRows(tx, personKeysProjection, [row], { actor: by });
  return row;
}

export async function removePersonKey(
  tx: Db,
  key: string,
  by: string,
): Promise<PersonKeyRow | undefined> {
  const row = await tx
    .updateTable("person_keys")
    .set({ removed_at: dbNow, removed_by: by, changes: sql<number>`changes + 1` })
    .where("key_id", "=", key)
    .where("removed_at", "is", null)
    .returningAll()
    .executeTakeFirst();
  if (row) {
    await recordRows(tx, personKeysProjection, [row], { kind: "person.key-removed", actor: by });
  }
  return row;
}

export async function keyById(db: Db, key: string): Promise<PersonKeyRow | undefined> {
  return db.selectFrom("person_keys").selectAll().where("key_id", "=", key).executeTakeFirst();
}

/** Those of these keys that sign commits now, whoever's they are. */
export async function commitKeys(db: Db, ids: readonly string[]): Promise<readonly PersonKeyRow[]> {
  if (ids.length === 0) return [];
  return db
    .selectFrom("person_keys")
    .selectAll()
    .where("key_id", "in", ids as Digest[])
    .where("commits", "=", true)
    .where("removed_at", "is", null)
    .execute();
}

/** Names under which somebody is known who has a key, a right, a role or another name here. */
export async function knownNames(db: Db): Promise<readonly string[]> {
  const { rows } = await sql<{ name: string }>`
    select p.person as name from ledger_people p
    where p.person is not null and (
      exists (select from person_links l where l.same = p.pseudonym or l.person = p.pseudonym)
      or p.pseudonym in (
        select person from person_keys union select person from grants
        union select person from role_assignments union select person from api_tokens))
  `.execute(db);
  return rows.map(({ name }) => name);
}

/** Keys whose signatures are this person's now. */
export async function keysOf(db: Db, person: string): Promise<readonly PersonKeyRow[]> {
  return db
    .selectFrom("person_keys")
    .selectAll()
    .where("person", "=", person)
    .where("removed_at", "is", null)
    .where(isHere)
    .execute();
}

/** Nothing counts of somebody who was suspended or has left. By the database's clock. */
const isHere = sql<boolean>`coalesce(person_ends(person) > clock_timestamp(), true)`;

/** When whoever goes on a later day goes; null: nobody has said that this person goes. */
export async function endOf(db: Db, person: string): Promise<Date | null> {
  const { rows } = await sql<{ ends: Date | null }>`select person_ends(${person}) as ends`.execute(
    db,
  );
  return rows[0]?.ends ?? null;
}

/** Undefined when `same` belongs to somebody already. */
export async function linkPerson(
  tx: Db,
  link: { readonly same: string; readonly person: string },
  by: string,
): Promise<PersonLinkRow | undefined> {
  const row = await tx
    .insertInto("person_links")
    .values({ ...link, added_by: by })
    .onConflict((conflict) => conflict.doNothing())
    .returningAll()
    .executeTakeFirst();
  if (row) await recordRows(tx, personLinksProjection, [row], { actor: by });
  return row;
}

export async function linkOf(db: Db, same: string): Promise<PersonLinkRow | undefined> {
  return db.selectFrom("person_links").selectAll().where("same", "=", same).executeTakeFirst();
}

/** Every name that is this person's and not erased; the links too, because a decision leans on them. */
export async function namesOf(
  db: Db,
  person: string,
): Promise<{ readonly names: readonly string[]; readonly links: readonly PersonLinkRow[] }> {
  const links = await db
    .selectFrom("person_links")
    .selectAll()
    .where("person", "=", person)
    .execute();
  const pseudonyms = [person, ...links.map(({ same }) => same)];
  const rows = await db
    .selectFrom("ledger_people")
    .select("person")
    .where("pseudonym", "in", pseudonyms)
    .execute();
  return { names: rows.flatMap((row) => row.person ?? []), links };
}

export async function addGrant(
  tx: Db,
  grant: Pick<GrantRow, "id" | "person" | "right" | "service" | "environment">,
  by: string,
): Promise<GrantRow> {
  const row = await tx
    .insertInto("grants")
    .values({ ...grant, added_by: by })
    .returningAll()
    .executeTakeFirstOrThrow();
  await recordRows(tx, grantsProjection, [row], { actor: by });
  return row;
}

export async function removeGrant(tx: Db, id: string, by: string): Promise<GrantRow | undefined> {
  const row = await tx
    .updateTable("grants")
    .set({ removed_at: dbNow, removed_by: by, changes: sql<number>`changes + 1` })
    .where("id", "=", id)
    .where("removed_at", "is", null)
    .returningAll()
    .executeTakeFirst();
  if (row) await recordRows(tx, grantsProjection, [row], { kind: "grant.removed", actor: by });
  return row;
}

/** What stands now of a right in a lane: granted there, or everywhere. */
export async function grantsFor(
  db: Db,
  right: string,
  lane: Lane,
  person?: string,
): Promise<readonly GrantRow[]> {
  let query = db
    .selectFrom("grants")
    .selectAll()
    .where("right", "=", right)
    .where("removed_at", "is", null)
    .where(isHere)
    .where((where) => where.or([where("service", "is", null), where("service", "=", lane.service)]))
    .where((where) =>
      where.or([where("environment", "is", null), where("environment", "=", lane.environment)]),
    );
  if (person !== undefined) query = query.where("person", "=", person);
  return query.orderBy("added_at").execute();
}

export interface PersonRecord {
  readonly pseudonym: string;
  readonly name: string | null;
}

/** Everybody with a key, a name of their own or a right. */
export async function peopleWithAccess(db: Db): Promise<readonly PersonRecord[]> {
  const { rows } = await sql<PersonRecord>`
    select p.pseudonym, p.person as name from ledger_people p
    where p.pseudonym in (
      select person from person_keys union select person from grants
      union select person from role_assignments union select person from api_tokens)
    order by p.person nulls last, p.pseudonym
  `.execute(db);
  return rows;
}
