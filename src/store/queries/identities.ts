import { sql } from "kysely";
import {
  personIdentitiesProjection,
  vouchingProvidersProjection,
} from "../projections/identities.ts";
import { recordRows } from "../projections/projection.ts";
import type { PersonIdentityRow, VouchingProviderRow } from "../schema-identities.ts";
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

/** Every link that these names at providers ever had, also those that were taken away. */
export async function identitiesEver(
  db: Db,
  identities: readonly string[],
): Promise<readonly PersonIdentityRow[]> {
  if (identities.length === 0) return [];
  return db
    .selectFrom("person_identities")
    .selectAll()
    .where("identity", "in", [...new Set(identities)])
    .orderBy("added_at")
    .execute();
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

export async function vouchingProviders(
  db: Db,
  issuers: readonly string[] | null,
): Promise<readonly VouchingProviderRow[]> {
  if (issuers?.length === 0) return [];
  let query = db
    .selectFrom("vouching_providers")
    .selectAll()
    .where("removed_at", "is", null)
    .orderBy("added_at");
  if (issuers !== null) query = query.where("issuer", "in", issuers);
  return query.execute();
}

/** Undefined when this provider may vouch already. */
export async function addVouchingProvider(
  tx: Db,
  row: Pick<
    VouchingProviderRow,
    "id" | "issuer" | "demand" | "administrators" | "days" | "proposal"
  >,
  by: string,
): Promise<VouchingProviderRow | undefined> {
  const added = await tx
    .insertInto("vouching_providers")
    .values({
      ...row,
      demand: row.demand === null ? null : JSON.stringify(row.demand),
      administrators: JSON.stringify(row.administrators),
      added_by: by,
    })
    .onConflict((conflict) => conflict.doNothing())
    .returningAll()
    .executeTakeFirst();
  if (added) await recordRows(tx, vouchingProvidersProjection, [added], { actor: by });
  return added;
}

export async function removeVouchingProvider(
  tx: Db,
  id: string,
  by: string,
): Promise<VouchingProviderRow | undefined> {
  const row = await tx
    .updateTable("vouching_providers")
    .set({ removed_at: dbNow, removed_by: by, changes: sql<number>`changes + 1` })
    .where("id", "=", id)
    .where("removed_at", "is", null)
    .returningAll()
    .executeTakeFirst();
  if (row) {
    await recordRows(tx, vouchingProvidersProjection, [row], {
      kind: "provider.vouches-no-more",
      actor: by,
    });
  }
  return row;
}
