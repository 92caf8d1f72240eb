import { type Insertable, sql } from "kysely";
import { passkeysProjection } from "../projections/passkeys.ts";
import { recordRows } from "../projections/projection.ts";
import type { PasskeyRow, PasskeyUseRow } from "../schema-passkeys.ts";
import type { Db, Schema } from "../schema.ts";
import { dbNow } from "./promotions.ts";

/** Passkeys that sign people in. Each change is a row and its entry, in the caller's transaction. */

/** Undefined when credential or key were enrolled before, whatever for: a key is for one thing, for ever. */
export async function addPasskey(
  tx: Db,
  passkey: Insertable<Schema["passkeys"]>,
  use: Omit<Insertable<Schema["passkey_uses"]>, "passkey">,
): Promise<PasskeyRow | undefined> {
  const other = await tx
    .selectFrom("person_keys")
    .select("key_id")
    .where((where) =>
      where.or([
        where("key_id", "=", passkey.key_id),
        where(sql<string>`webauthn ->> 'credentialId'`, "=", passkey.credential_id),
      ]),
    )
    .executeTakeFirst();
  if (other) return undefined;
  const row = await tx
    .insertInto("passkeys")
    .values(passkey)
    .onConflict((conflict) => conflict.doNothing())
    .returningAll()
    .executeTakeFirst();
  if (!row) return undefined;
  await tx
    .insertInto("passkey_uses")
    .values({ passkey: row.id, ...use })
    .execute();
  await recordRows(tx, passkeysProjection, [row], { actor: passkey.added_by });
  return row;
}

/** Whether a key or credential signs somebody in, or ever did. */
export async function signsIn(
  db: Db,
  { key, credentialId }: { readonly key: string; readonly credentialId: string },
): Promise<boolean> {
  const row = await db
    .selectFrom("passkeys")
    .select("id")
    .where((where) =>
      where.or([where("key_id", "=", key as never), where("credential_id", "=", credentialId)]),
    )
    .executeTakeFirst();
  return row !== undefined;
}

/** Undefined when there is none of this person's that counts. */
export async function removePasskey(
  tx: Db,
  { id, person }: { readonly id: string; readonly person: string },
  by: string,
): Promise<PasskeyRow | undefined> {
  const row = await tx
    .updateTable("passkeys")
    .set({ removed_at: dbNow, removed_by: by, changes: sql<number>`changes + 1` })
    .where("id", "=", id)
    .where("person", "=", person)
    .where("removed_at", "is", null)
    .returningAll()
    .executeTakeFirst();
  if (row) {
    await recordRows(tx, passkeysProjection, [row], { kind: "passkey.removed", actor: by });
  }
  return row;
}

/** Whoever came in with a passkey of this person comes in again, but for the session that asks. */
export async function endPasskeySessions(
  tx: Db,
  { person, except }: { readonly person: string; readonly except: string },
  by: string,
): Promise<void> {
  await sql`
    update sessions set removed_at = clock_timestamp(), removed_by = ${by}
    where person = ${person} and removed_at is null and id <> ${except} and 'passkey' = any(methods)
  `.execute(tx);
}

export type UsedPasskey = PasskeyRow & Pick<PasskeyUseRow, "backed_up" | "last_at">;

export async function passkeysOf(db: Db, person: string): Promise<readonly UsedPasskey[]> {
  return db
    .selectFrom("passkeys")
    .innerJoin("passkey_uses", "passkey", "id")
    .selectAll("passkeys")
    .select(["backed_up", "last_at"])
    .where("person", "=", person)
    .where("removed_at", "is", null)
    .orderBy("added_at")
    .execute();
}

export async function passkeyByCredential(
  db: Db,
  credentialId: string,
): Promise<PasskeyRow | undefined> {
  return db
    .selectFrom("passkeys")
    .selectAll()
    .where("credential_id", "=", credentialId)
    .executeTakeFirst();
}

/** Nobody else signs in with it before this transaction ends. */
export async function lockUse(tx: Db, passkey: string): Promise<PasskeyUseRow | undefined> {
  return tx
    .selectFrom("passkey_uses")
    .selectAll()
    .where("passkey", "=", passkey)
    .forUpdate()
    .executeTakeFirst();
}

export async function noteUse(
  tx: Db,
  { passkey, ...use }: Omit<Insertable<Schema["passkey_uses"]>, "last_at">,
): Promise<void> {
  await tx
    .updateTable("passkey_uses")
    .set({ ...use, last_at: dbNow })
    .where("passkey", "=", passkey)
    .execute();
}

/** Whether nobody had answered it. Those that have ended go: so many are there as were answered in five minutes. */
export async function consumeChallenge(
  tx: Db,
  { digest, ends }: { readonly digest: string; readonly ends: number },
): Promise<boolean> {
  await sql`delete from passkey_challenges where ends_at < clock_timestamp() - interval '5 minutes'`.execute(
    tx,
  );
  const row = await tx
    .insertInto("passkey_challenges")
    .values({ digest, ends_at: new Date(ends) })
    .onConflict((conflict) => conflict.doNothing())
    .returning("digest")
    .executeTakeFirst();
  return row !== undefined;
}
