import { sql } from "kysely";
import { personIdentitiesProjection } from "../projections/identities.ts";
import { recordRows } from "../projections/projection.ts";
import type { PersonIdentityRow } from "../schema-identities.ts";
import type { Db } from "../schema.ts";
import { dbNow } from "./promotions.ts";

/** Who people are at providers of identities. Each change is a row and its entry, in the caller's transaction. */

export async function identityOf(db: Db, identity: string): Promise<PersonIdentityRow | undefined> {
  return db
    .selectFrom("person_identities")
    .selectAll()
    .where("identity", "=", identity)
    .where("removed_at", "is", null)
    .executeTakeFirst();
}

/** Those that stand, of one person or of everybody. */
export async function listIdentities(
  db: Db,
  person: string | null,
): Promise<readonly PersonIdentityRow[]> {
  let query = db
    .selectFrom("person_identities")
    .selectAll()
    .where("removed_at", "is", null)
    .orderBy("added_at")
    .limit(5_000);
  if (person !== null) query = query.where("person", "=", person);
  return query.execute();
}

/** Undefined when it is linked already. */
export async function addIdentity(
  tx: Db,
  row: Pick<PersonIdentityRow, "id" | "person" | "issuer" | "identity" | "proposal">,
  by: string,
): Promise<PersonIdentityRow | undefined> {
  const added = await tx
    .insertInto("person_identities")
    .values({ ...row, added_by: by })
    .onConflict((conflict) => conflict.doNothing())
    .returningAll()
    .executeTakeFirst();
  if (added) await recordRows(tx, personIdentitiesProjection, [added], { actor: by });
  return added;
}

export async function removeIdentity(
  tx: Db,
  id: string,
  by: string,
): Promise<PersonIdentityRow | undefined> {
  const row = await tx
    .updateTable("person_identities")
    .set({ removed_at: dbNow, removed_by: by, changes: sql<number>`changes + 1` })
    .where("id", "=", id)
    .where("removed_at", "is", null)
    .returningAll()
    .executeTakeFirst();
  if (row) {
    await recordRows(tx, personIdentitiesProjection, [row], {
      kind: "identity.unlinked",
      actor: by,
    });
  }
  return row;
}

/** Sessions that a provider's word began; how many ended. */
export async function endSessionsBy(
  tx: Db,
  { person, issuer }: Pick<PersonIdentityRow, "person" | "issuer">,
  by: string,
): Promise<number> {
  const { numUpdatedRows } = await tx
    .updateTable("sessions")
    .set({ removed_at: dbNow, removed_by: by, provider_hint: null })
    .where("person", "=", person)
    .where("issuer", "=", issuer)
    .where("removed_at", "is", null)
    .executeTakeFirst();
  return Number(numUpdatedRows);
}
