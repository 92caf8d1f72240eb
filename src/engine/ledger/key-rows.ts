import { sql } from "kysely";
import { formatVerifierKey, noteKey, noteKeyTypes } from "../../ledger/note.ts";
import { TidelockError } from "../../model/errors.ts";
import { publicKeyPem } from "../../store/ledger-keys.ts";
import type { LedgerKeyRow } from "../../store/schema-ledger.ts";
import type { Db } from "../../store/schema.ts";

/** The rows of the ledger's keys: which sign, and how others name them. */

export type KeyUse = "log" | "evidence";

/** As an auditor's trust root names it: a verifier key under the log's name, or PEM. */
export function publicForm(row: Pick<LedgerKeyRow, "use" | "public_key">, origin: string): string {
  return row.use === "log"
    ? formatVerifierKey(noteKey(origin, noteKeyTypes.ed25519, row.public_key))
    : publicKeyPem(row.public_key);
}

export const counted = sql<number>`changes + 1`;

/** Keys that sign now, the newest first. */
export async function activeKeys(db: Db, use: KeyUse): Promise<readonly LedgerKeyRow[]> {
  return db
    .selectFrom("ledger_keys")
    .selectAll()
    .where("use", "=", use)
    .where("retired_at", "is", null)
    .where("compromised_at", "is", null)
    .where((where) =>
      where.or([
        where("signs_until", "is", null),
        where("signs_until", ">", sql<Date>`clock_timestamp()`),
      ]),
    )
    .orderBy("added_at", "desc")
    .execute();
}

export async function keyById(db: Db, id: string): Promise<LedgerKeyRow> {
  const row = await db
    .selectFrom("ledger_keys")
    .selectAll()
    .where("key_id", "=", id)
    .executeTakeFirst();
  if (row) return row;
  throw new TidelockError("not-found", `the ledger has no key ${id}`, {
    fault: "operator",
    where: id,
    hint: "see them: tidelock ledger key list",
  });
}
