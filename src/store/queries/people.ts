import { createHmac, randomBytes } from "node:crypto";
import { sql } from "kysely";
import { TidelockError } from "../../model/errors.ts";
import type { LedgerEntry } from "../../ports/ledger.ts";
import type { PersonRow } from "../schema-ledger.ts";
import type { Db } from "../schema.ts";

/** Who is behind a pseudonym: erasable, and yet nobody is swapped for somebody else unnoticed. */

export { programs } from "../../identity/lineage.ts";

/**
 * What the log says of a person: a keyed digest of the name. The key stands beside the name and is erased with
 * it; from then on nobody can test a guess.
 */
export function personColumns({ pseudonym, person, nonce }: PersonRow): Record<string, unknown> {
  const known = person !== null && nonce !== null;
  const digest = known ? createHmac("sha256", nonce).update(person).digest("hex") : null;
  return { pseudonym, person: digest && `hmac-sha256:${digest}` };
}

/**
 * The pseudonym of a person, made at the first meeting. `met` is the entry that says so, for the caller to append
 * in the same transaction; null when the log has it.
 */
export async function meetPerson(
  tx: Db,
  person: string,
): Promise<{ readonly pseudonym: string; readonly met: LedgerEntry | null }> {
  const known = await personByName(tx, person);
  if (known && known.changes > 0) return { pseudonym: known.pseudonym, met: null };
  const row = (await (known ? giveKey(tx, person) : insertPerson(tx, person))) ?? null;
  if (row) return { pseudonym: row.pseudonym, met: metEntry(row) };
  // A rival that was quicker has committed, else its row would still have held us up.
  const rival = await personByName(tx, person);
  if (rival) return { pseudonym: rival.pseudonym, met: null };
  throw new TidelockError("internal", "a person got no pseudonym", { fault: "bug" });
}

/** Whether one of them would be met for the first time. */
export async function hasStranger(db: Db, people: readonly string[]): Promise<boolean> {
  for (const person of people) {
    const known = await personByName(db, person);
    if (known === undefined || known.changes === 0) return true;
  }
  return false;
}

export async function personByName(db: Db, person: string): Promise<PersonRow | undefined> {
  return db.selectFrom("ledger_people").selectAll().where("person", "=", person).executeTakeFirst();
}

async function insertPerson(tx: Db, person: string): Promise<PersonRow | undefined> {
  return tx
    .insertInto("ledger_people")
    .values({
      pseudonym: `person:${randomBytes(16).toString("hex")}`,
      person,
      nonce: randomBytes(32),
      changes: 1,
    })
    .onConflict((conflict) => conflict.column("person").doNothing())
    .returningAll()
    .executeTakeFirst();
}

/** A row from before people were in the log. */
async function giveKey(tx: Db, person: string): Promise<PersonRow | undefined> {
  return tx
    .updateTable("ledger_people")
    .set({ nonce: sql<Buffer>`coalesce(nonce, ${randomBytes(32)})`, changes: 1 })
    .where("person", "=", person)
    .where("changes", "=", 0)
    .returningAll()
    .executeTakeFirst();
}

function metEntry(row: PersonRow): LedgerEntry {
  return {
    operation: `${row.pseudonym}/1`,
    kind: "person.met",
    stream: "system",
    actor: "tidelock",
    payload: personColumns(row),
  };
}
