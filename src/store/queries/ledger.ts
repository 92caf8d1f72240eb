import { randomBytes } from "node:crypto";
import { CompiledQuery } from "kysely";
import { hmacSha256 } from "../../ledger/crypto.ts";
import { canonicalJson } from "../../model/canonical.ts";
import { TidelockError } from "../../model/errors.ts";
import { EntryKind, maxPayloadBytes } from "../../model/ledger.ts";
import type { Ledger, LedgerEntry } from "../../ports/ledger.ts";
import type { Db } from "../schema.ts";

/** Actors that are programs of ours; everybody else is a person and appears by pseudonym. */
const programs: ReadonlySet<string> = new Set(["tidelock", "agent"]);

/**
 * Appends in the caller's transaction, with one insert and no lock on any stream: once that commits, the
 * entry is durable. Its place in the tree is given later, by the sequencer. One operation and kind is one
 * entry, however often a step runs again (law 8).
 *
 * @throws TidelockError `invalid-input` when a payload is too big for an entry, `internal` for a bad kind,
 *   `unavailable` while this database is known to be older than the world
 */
export const tableLedger: Ledger<Db> = {
  async append(tx, ...entries) {
    if (entries.length === 0) return;
    const people = await pseudonymsOf(tx, entries);
    const values = entries.flatMap((entry) => valuesOf(entry, people.get(entry.actor)));
    const { rows } = await tx.executeQuery<Record<string, string | null>>(
      CompiledQuery.raw(appendText(entries.length), values),
    );
    const behind = Object.values(rows[0] ?? {}).find((answer) => answer !== null);
    if (behind) throw readOnly(behind);
  },
};

const columns = 7;

/**
 * Calls of `append_entry` in order, as one statement. Ready-made text: building the query anew for every
 * entry took a fifth of the time of an append.
 */
function appendText(entries: number): string {
  const calls = Array.from({ length: entries }, (_, call) => {
    const places = Array.from({ length: columns }, (_unused, i) => `$${call * columns + i + 1}`);
    return `append_entry(${places.join(", ")}) as behind${call}`;
  });
  return `select ${calls.join(", ")}`;
}

/** No record, no action: with a ledger that must not go on, nothing does. The transaction is undone. */
export function readOnly(behind: string): TidelockError {
  return new TidelockError("unavailable", `this server is read-only: ${behind}`, {
    where: "the ledger",
    hint: "restore a newer backup, or record what was lost and go on: tidelock ledger recover",
  });
}

function valuesOf(entry: LedgerEntry, pseudonym: string | undefined): unknown[] {
  const payload = canonicalJson(entry.payload);
  refuseUnfit(entry, payload);
  const salt = randomBytes(32);
  const commitment = Buffer.from(hmacSha256(salt, Buffer.from(payload)));
  const { operation, kind, stream, actor } = entry;
  return [operation, kind, stream, pseudonym ?? actor, commitment, salt, payload];
}

function refuseUnfit(entry: LedgerEntry, payload: string): void {
  const where = `${entry.kind} ${entry.operation}`;
  if (!EntryKind.safeParse(entry.kind).success) {
    throw new TidelockError("internal", `${entry.kind} is no kind of entry`, {
      fault: "bug",
      where,
    });
  }
  const bytes = Buffer.byteLength(payload);
  if (bytes <= maxPayloadBytes) return;
  throw new TidelockError(
    "invalid-input",
    `an entry of the ledger holds ${maxPayloadBytes} bytes at most, and this one has ${bytes}`,
    { where, hint: "store what is big as a blob and name it by its digest" },
  );
}

/** Pseudonyms of the people among the actors; whoever is met for the first time gets one. */
async function pseudonymsOf(
  tx: Db,
  entries: readonly LedgerEntry[],
): Promise<ReadonlyMap<string, string>> {
  const people = [...new Set(entries.map(({ actor }) => actor))].filter(
    (actor) => !programs.has(actor),
  );
  const found = new Map<string, string>();
  for (const person of people.sort()) found.set(person, await pseudonymOf(tx, person));
  return found;
}

/** `person:<32 hex>`: random, so that nobody can test a guess at who it is once the person is erased. */
export async function pseudonymOf(tx: Db, person: string): Promise<string> {
  const look = () =>
    tx
      .selectFrom("ledger_people")
      .select("pseudonym")
      .where("person", "=", person)
      .executeTakeFirst();
  const known = await look();
  if (known) return known.pseudonym;
  const inserted = await tx
    .insertInto("ledger_people")
    .values({ pseudonym: `person:${randomBytes(16).toString("hex")}`, person })
    .onConflict((conflict) => conflict.column("person").doNothing())
    .returning("pseudonym")
    .executeTakeFirst();
  // A rival that was quicker has committed, else its row would still have held us up.
  const pseudonym = inserted?.pseudonym ?? (await look())?.pseudonym;
  if (pseudonym !== undefined) return pseudonym;
  throw new TidelockError("internal", "a person got no pseudonym", { fault: "bug" });
}
