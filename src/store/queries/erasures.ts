import { sql } from "kysely";
import type { ErasureRow, HoldRow } from "../schema-audit.ts";
import type { PersonRow } from "../schema-ledger.ts";
import type { Db } from "../schema.ts";
import { forgetAccount } from "./accounts.ts";
import { dbNow } from "./promotions.ts";

/** Legal holds and erasures. */

export async function activeHolds(db: Db): Promise<readonly HoldRow[]> {
  return db
    .selectFrom("ledger_holds")
    .selectAll()
    .where("removed_at", "is", null)
    .orderBy("added_at")
    .execute();
}

export async function insertHold(
  tx: Db,
  hold: Pick<HoldRow, "id" | "stream" | "reason" | "added_by">,
): Promise<HoldRow> {
  return tx.insertInto("ledger_holds").values(hold).returningAll().executeTakeFirstOrThrow();
}

/** Undefined when there is no such hold any more. */
export async function endHold(tx: Db, id: string, by: string): Promise<HoldRow | undefined> {
  return tx
    .updateTable("ledger_holds")
    .set({ removed_at: dbNow, removed_by: by })
    .where("id", "=", id)
    .where("removed_at", "is", null)
    .returningAll()
    .executeTakeFirst();
}

export async function readErasure(db: Db, id: string): Promise<ErasureRow | undefined> {
  return db.selectFrom("ledger_erasures").selectAll().where("id", "=", id).executeTakeFirst();
}

/** Those that wait for a second person first, then the newest. */
export async function listErasures(db: Db, limit: number): Promise<readonly ErasureRow[]> {
  return db
    .selectFrom("ledger_erasures")
    .selectAll()
    .orderBy(sql`confirmed_at is not null`)
    .orderBy("requested_at", "desc")
    .limit(limit)
    .execute();
}

/** Undefined when the same thing waits already. */
export async function insertErasure(
  tx: Db,
  erasure: Pick<ErasureRow, "id" | "entry" | "pseudonym" | "reason" | "requested_by">,
): Promise<ErasureRow | undefined> {
  return tx
    .insertInto("ledger_erasures")
    .values(erasure)
    .onConflict((conflict) => conflict.doNothing())
    .returningAll()
    .executeTakeFirst();
}

/** Undefined when somebody else was quicker. */
export async function confirmErasureRow(
  tx: Db,
  id: string,
  by: string,
): Promise<ErasureRow | undefined> {
  return tx
    .updateTable("ledger_erasures")
    .set({ confirmed_at: dbNow, confirmed_by: by })
    .where("id", "=", id)
    .where("confirmed_at", "is", null)
    .returningAll()
    .executeTakeFirst();
}

/** An entry that has its place, as an erasure has to know it. */
export interface ErasableEntry {
  readonly entry: string;
  readonly index: string;
  readonly kind: string;
  readonly operation: string;
  readonly stream: string;
  readonly payload: Record<string, unknown> | null;
  /** Milliseconds by the database's clock since the leaf's time. */
  readonly age: number;
}

export async function erasableEntry(db: Db, index: number): Promise<ErasableEntry | undefined> {
  const { rows } = await sql<ErasableEntry>`
    select e.entry, l.index, e.kind, e.operation, e.stream, e.payload,
      (extract(epoch from clock_timestamp() - l.time) * 1000)::float8 as age
    from ledger_leaves l join ledger_entries e on e.entry = l.entry where l.index = ${index}
  `.execute(db);
  return rows[0];
}

/** Payload and salt go together; the table's own trigger lets nothing else happen to the row. */
export async function eraseEntry(tx: Db, entry: string): Promise<void> {
  await tx
    .updateTable("ledger_entries")
    .set({ salt: null, payload: null })
    .where("entry", "=", entry)
    .execute();
}

/** Whether an entry that still has its payload, other than `entry`, speaks of a digest. */
export async function namedElsewhere(tx: Db, digest: string, entry: string): Promise<boolean> {
  const { rows } = await sql`
    select from ledger_entries
    where entry <> ${entry} and payload is not null and position(${digest} in payload::text) > 0 limit 1
  `.execute(tx);
  return rows.length > 0;
}

/** Age of the newest entry by a pseudonym, milliseconds; null when there is none. */
export async function newestEntryBy(db: Db, pseudonym: string): Promise<number | null> {
  const { rows } = await sql<{ age: number | null }>`
    select (extract(epoch from clock_timestamp() - max(at)) * 1000)::float8 as age
    from ledger_entries where actor = ${pseudonym}
  `.execute(db);
  return rows[0]?.age ?? null;
}

/** Where a person stands by name outside of the ledger. */
export const nameColumns = [
  ["documents", "applied_by"],
  ["api_tokens", "added_by"],
  ["api_tokens", "removed_by"],
  ["person_identities", "added_by"],
  ["person_identities", "removed_by"],
  ["vouching_providers", "added_by"],
  ["vouching_providers", "removed_by"],
  ["workload_rules", "added_by"],
  ["workload_rules", "removed_by"],
  ["roles", "defined_by"],
  ["sessions", "removed_by"],
  ["account_links", "added_by"],
  ["accounts", "changed_by"],
  ["bootstrap", "changed_by"],
  ["role_assignments", "added_by"],
  ["role_assignments", "removed_by"],
  ["releases", "created_by"],
  ["configurations", "created_by"],
  ["secrets", "created_by"],
  ["promotions", "created_by"],
  ["promotions", "desired_by"],
  ["attestations", "added_by"],
  ["deployments", "by_actor"],
  ["ledger_holds", "added_by"],
  ["ledger_holds", "removed_by"],
  ["ledger_erasures", "requested_by"],
  ["ledger_erasures", "confirmed_by"],
  ["runtime_signals", "added_by"],
  ["finding_imports", "added_by"],
  ["finding_acts", "acted_by"],
  ["feeds", "imported_by"],
  ["service_security", "set_by"],
  ["engagements", "added_by"],
  ["governance", "set_by"],
  ["policy_acts", "acted_by"],
  ["waivers", "proposed_by"],
  ["break_glass", "opened_by"],
  ["stops", "by_actor"],
  ["stops", "cleared_by"],
  ["person_keys", "added_by"],
  ["person_keys", "removed_by"],
  ["person_links", "added_by"],
  ["person_vouches", "added_by"],
  ["access_reviews", "started_by"],
  ["access_review_words", "added_by"],
  ["person_standings", "set_by"],
  ["passkeys", "added_by"],
  ["passkeys", "removed_by"],
  ["grants", "added_by"],
  ["grants", "removed_by"],
] as const;

/** From here on the pseudonym means nobody, and stands wherever the name stood. Answers the row as it is then. */
export async function forgetPerson(tx: Db, pseudonym: string, person: string): Promise<PersonRow> {
  const row = await tx
    .updateTable("ledger_people")
    .set({ person: null, nonce: null, erased_at: dbNow, changes: 2 })
    .where("pseudonym", "=", pseudonym)
    .returningAll()
    .executeTakeFirstOrThrow();
  // What signed somebody in, and from where.
  await forgetAccount(tx, pseudonym);
  // It may say whose phone it is.
  await tx.updateTable("passkeys").set({ name: "" }).where("person", "=", pseudonym).execute();
  for (const [table, column] of nameColumns) {
    await sql`
      update ${sql.table(table)} set ${sql.ref(column)} = ${pseudonym} where ${sql.ref(column)} = ${person}
    `.execute(tx);
  }
  await sql`
    update events set message = regexp_replace(message, ${`(^|[\\s(])${escaped(person)}(?=[\\s:;,)]|$)`}, ${`\\1${pseudonym}`}, 'g')
    where position(${person} in message) > 0
  `.execute(tx);
  return row;
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}
