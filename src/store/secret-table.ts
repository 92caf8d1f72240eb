import { type Kysely, sql, type Transaction } from "kysely";
import { laneKey, type Lane } from "../model/primitives.ts";
import { secretsProjection } from "./projections/catalogue.ts";
import { recordRows } from "./projections/projection.ts";
import type { Schema, Tx } from "./schema.ts";

/** A new version is an entry of the ledger: its name and what the ciphertext hashes to, never a value. */
export async function recordSecret(
  tx: Tx,
  lane: Lane,
  stored: { readonly name: string; readonly version: string },
  actor: string,
): Promise<void> {
  const rows = await tx
    .selectFrom("secrets")
    .selectAll()
    .where("service", "=", lane.service)
    .where("environment", "=", lane.environment)
    .where("name", "=", stored.name)
    .where("version", "=", Number(stored.version))
    .execute();
  await recordRows(tx, secretsProjection, rows, { actor });
}

/**
 * Ciphertext of the local secret store in PostgreSQL (`SecretTable` of src/secrets/local). Rows are only
 * ever added.
 */
export function secretTable(db: Kysely<Schema>) {
  return {
    async append(
      tx: Transaction<Schema>,
      lane: Lane,
      name: string,
      actor: string,
      sealAs: (version: number) => { version: number; keyId: string; sealed: Buffer },
    ): Promise<number> {
      // Two operators at once get two versions: the second waits for the first one's transaction.
      const key = `secret ${laneKey(lane)} ${name}`;
      await sql`select pg_advisory_xact_lock(hashtextextended(${key}, 0))`.execute(tx);
      const newest = await tx
        .selectFrom("secrets")
        .select(({ fn }) => fn.max("version").as("version"))
        .where("service", "=", lane.service)
        .where("environment", "=", lane.environment)
        .where("name", "=", name)
        .executeTakeFirst();
      const { version, keyId, sealed } = sealAs((newest?.version ?? 0) + 1);
      await tx
        .insertInto("secrets")
        .values({
          service: lane.service,
          environment: lane.environment,
          name,
          version,
          key_id: keyId,
          sealed,
          created_by: actor,
        })
        .execute();
      return version;
    },

    async find(lane: Lane, name: string, version?: number) {
      let query = db
        .selectFrom("secrets")
        .select(["version", "key_id as keyId", "sealed"])
        .where("service", "=", lane.service)
        .where("environment", "=", lane.environment)
        .where("name", "=", name);
      if (version !== undefined) query = query.where("version", "=", version);
      return await query.orderBy("version", "desc").limit(1).executeTakeFirst();
    },

    async list(lane: Lane) {
      return await db
        .selectFrom("secrets")
        .distinctOn("name")
        .select(["name", "version", "created_at as createdAt"])
        .where("service", "=", lane.service)
        .where("environment", "=", lane.environment)
        .orderBy("name")
        .orderBy("version", "desc")
        .execute();
    },

    async isEmpty(): Promise<boolean> {
      const any = await db.selectFrom("secrets").select("version").limit(1).executeTakeFirst();
      return any === undefined;
    },
  };
}
