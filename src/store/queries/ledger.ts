import { randomBytes } from "node:crypto";
import { CompiledQuery } from "kysely";
import { hmacSha256 } from "../../ledger/crypto.ts";
import { canonicalJson } from "../../model/canonical.ts";
import { TidelockError } from "../../model/errors.ts";
import { EntryKind, maxPayloadBytes } from "../../model/ledger.ts";
import type { Ledger, LedgerEntry } from "../../ports/ledger.ts";
import { prepared } from "../prepared.ts";
import type { Db } from "../schema.ts";
import { meetPerson, programs } from "./people.ts";

/**
 * Appends in the caller's transaction, with one statement and no lock on any stream: once that commits, the
 * entry is durable. Its place in the tree is given later, by the sequencer. One operation and kind is one
 * entry, however often a step runs again (law 8).
 *
 * @throws TidelockError `invalid-input` when a payload or a name is too big for an entry, `internal` for a bad
 *   kind, `unavailable` while this database is known to be older than the world
 */
export const tableLedger: Ledger<Db> = {
  async append(tx, ...entries) {
    if (entries.length === 0) return;
    const { people, met } = await pseudonymsOf(tx, entries);
    const rows = [...met, ...entries].map((entry) => rowOf(entry, people.get(entry.actor)));
    const query =
      rows[0] !== undefined && rows.length === 1
        ? CompiledQuery.raw(appendOne, [...rows[0]])
        : CompiledQuery.raw(appendMany, columnsOf(rows));
    const { rows: answer } = await tx.executeQuery<{ behind: string }>(query);
    if (answer[0]) throw readOnly(answer[0].behind);
  },
};

/** Operation, kind, stream, actor, commitment, salt, payload. */
type Row = readonly [string, string, string, string, Buffer, Buffer, string];

const columns = "operation, kind, stream, actor, commitment, salt, payload";

/** Writes nothing while nothing may be written, and answers a row only then. */
const tail = `
  where (select behind from ledger_tree) is null
  on conflict (operation, kind) do nothing returning entry
), queued as (
  insert into ledger_queue select entry from fresh
)
select behind from ledger_tree where behind is not null`;

const appendOne = prepared(`with fresh as (
  insert into ledger_entries (${columns})
  select $1::text, $2::text, $3::text, $4::text, $5::bytea, $6::bytea, $7::json${tail}`);

const appendMany = prepared(`with fresh as (
  insert into ledger_entries (${columns})
  select * from unnest(
    $1::text[], $2::text[], $3::text[], $4::text[], $5::bytea[], $6::bytea[], $7::json[])${tail}`);

function columnsOf(rows: readonly Row[]): unknown[] {
  return Array.from({ length: 7 }, (_, column) => rows.map((row) => row[column]));
}

/** No record, no action: with a ledger that must not go on, nothing does. The transaction is undone. */
export function readOnly(behind: string): TidelockError {
  return new TidelockError("unavailable", `this server is read-only: ${behind}`, {
    where: "the ledger",
    hint: "restore a newer backup, or record what was lost and go on: tidelock ledger recover",
  });
}

function rowOf(entry: LedgerEntry, pseudonym: string | undefined): Row {
  const payload = canonicalJson(entry.payload);
  const bytes = Buffer.from(payload);
  const { operation, kind, stream } = entry;
  const actor = pseudonym ?? entry.actor;
  refuseUnfit({ operation, kind, stream, actor }, bytes.length);
  const salt = newSalt();
  const commitment = Buffer.from(hmacSha256(salt, bytes).buffer);
  return [operation, kind, stream, actor, commitment, salt, payload];
}

const saltBytes = 32;
let salts = Buffer.alloc(0);

/** Taken from the system for many at once: each of its calls costs as much as the rest of an entry. */
function newSalt(): Buffer {
  if (salts.length === 0) salts = randomBytes(128 * saltBytes);
  const salt = salts.subarray(0, saltBytes);
  salts = salts.subarray(saltBytes);
  return salt;
}

/** Kinds that have their form: the program has a few dozen. */
const knownKinds = new Set<string>();

/** What could never stand in the tree is written nowhere: it would hold up everything behind it. */
function refuseUnfit(
  { kind, operation, stream, actor }: Omit<LedgerEntry, "payload">,
  payloadBytes: number,
): void {
  if (!knownKinds.has(kind)) {
    if (!EntryKind.safeParse(kind).success) {
      throw new TidelockError("internal", `${kind} is no kind of entry`, {
        fault: "bug",
        where: operation.slice(0, 200),
      });
    }
    if (knownKinds.size < 1_000) knownKinds.add(kind);
  }
  refuseText("operation", operation, 1_024);
  refuseText("stream", stream, 512);
  refuseText("actor", actor, 256);
  if (payloadBytes <= maxPayloadBytes) return;
  throw new TidelockError(
    "invalid-input",
    `an entry of the ledger holds ${maxPayloadBytes} bytes at most, and this one has ${payloadBytes}`,
    {
      where: `${kind} ${operation}`,
      hint: "store what is big as a blob and name it by its digest",
    },
  );
}

/** As in `LeafEntry`; valid Unicode, so that its bytes in the database are those that were meant. */
function refuseText(what: string, text: string, most: number): void {
  if (text.length > 0 && text.length <= most && text.isWellFormed()) return;
  throw new TidelockError(
    "invalid-input",
    `the ${what} of an entry has ${text.length} characters, or one that is no valid Unicode; allowed are 1 to ${most}`,
    { where: `${what} ${text.slice(0, 200)}`, hint: "give what it is named after a shorter name" },
  );
}

/** Pseudonyms of the people among the actors; whoever is met for the first time gets one, and its entry. */
async function pseudonymsOf(tx: Db, entries: readonly LedgerEntry[]) {
  const people = [...new Set(entries.map(({ actor }) => actor))].filter(
    (actor) => !programs.has(actor),
  );
  const found = new Map<string, string>();
  const met: LedgerEntry[] = [];
  for (const person of people.sort()) {
    const known = await meetPerson(tx, person);
    found.set(person, known.pseudonym);
    if (known.met) met.push(known.met);
  }
  return { people: found, met };
}

/** `person:<32 hex>`: random, so that nobody can test a guess at who it is once the person is erased. */
export async function pseudonymOf(tx: Db, person: string): Promise<string> {
  const { pseudonym, met } = await meetPerson(tx, person);
  if (met) await tableLedger.append(tx, met);
  return pseudonym;
}
