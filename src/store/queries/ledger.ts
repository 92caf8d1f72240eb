import { randomBytes } from "node:crypto";
import { CompiledQuery } from "kysely";
import { hmacSha256 } from "../../ledger/crypto.ts";
import { canonicalJson } from "../../model/canonical.ts";
import { TidelockError } from "../../model/errors.ts";
import { EntryKind, maxPayloadBytes } from "../../model/ledger.ts";
import type { Ledger, LedgerEntry } from "../../ports/ledger.ts";
import { prepared } from "../prepared.ts";
import type { Db } from "../schema.ts";
import { type EntryMarks, marksOf } from "./ledger-marks.ts";
import { reject, type Stranger, strangersAmong } from "./ledger-rejected.ts";
import { hasStranger, meetPerson, programs } from "./people.ts";

/**
 * Appends in the caller's transaction, with one statement and no lock on any stream: once that commits, the
 * entry is durable. Its place in the tree is given later, by the sequencer. One operation and kind is one
 * entry, however often a step runs again (law 8).
 *
 * @throws TidelockError `invalid-input` when a payload or a name is too big for an entry, `internal` for a bad
 *   kind, `unavailable` while this database is known to be older than the world, or not to be this server's,
 *   `digest-mismatch` when the entry of this operation is in the tree, and was changed there
 */
export const tableLedger: Ledger<Db> = {
  async append(tx, ...entries) {
    if (entries.length === 0) return;
    if (!tx.isTransaction && (await hasStranger(tx, actorsOf(entries)))) {
      // Whoever is met for the first time and the entry that says so are there together, or not at all.
      await tx.transaction().execute((own) => tableLedger.append(own, ...entries));
      return;
    }
    const marks = requireMarks(tx);
    const { people, met } = await pseudonymsOf(tx, entries);
    const all = [...met, ...entries];
    const rows = firstOfEach(all.map((entry) => rowOf(marks, entry, people.get(entry.actor))));
    const query =
      rows[0] !== undefined && rows.length === 1
        ? CompiledQuery.raw(appendOne, [...rows[0]])
        : CompiledQuery.raw(appendMany, columnsOf(rows));
    const { numAffectedRows } = await tx.executeQuery(query);
    if (numAffectedRows !== BigInt(rows.length)) await requireWritten(tx, marks, rows);
  },
};

/** Operation, kind, stream, actor, commitment, salt, payload, mark. */
type Row = readonly [string, string, string, string, Buffer, Buffer, string, Buffer];

const columns = "operation, kind, stream, actor, commitment, salt, payload";

/** Writes nothing while nothing may be written, and no entry twice: the count of rows tells, and no row is read. */
const appendOne = prepared(`with fresh as (
  insert into ledger_entries (${columns})
  select $1::text, $2::text, $3::text, $4::text, $5::bytea, $6::bytea, $7::json
  where (select behind from ledger_tree) is null
  on conflict (operation, kind) do nothing returning entry
)
insert into ledger_queue (entry, mark) select entry, $8::bytea from fresh`);

const appendMany = prepared(`with fresh as (
  insert into ledger_entries (${columns})
  select * from unnest(
    $1::text[], $2::text[], $3::text[], $4::text[], $5::bytea[], $6::bytea[], $7::json[])
  where (select behind from ledger_tree) is null
  on conflict (operation, kind) do nothing returning entry, operation, kind
)
insert into ledger_queue (entry, mark)
select entry, mark from fresh
join unnest($1::text[], $2::text[], $8::bytea[]) as given (operation, kind, mark)
  using (operation, kind)`);

function columnsOf(rows: readonly Row[]): unknown[] {
  return Array.from({ length: 8 }, (_, column) => rows.map((row) => row[column]));
}

/** Given twice at once is given once. */
function firstOfEach(rows: readonly Row[]): readonly Row[] {
  if (rows.length === 1) return rows;
  const seen = new Map<string, Row>();
  for (const row of rows) {
    const key = `${row[1]} ${row[0]}`;
    if (!seen.has(key)) seen.set(key, row);
  }
  return [...seen.values()];
}

function requireMarks(tx: Db): EntryMarks {
  const marks = marksOf(tx);
  if (marks) return marks;
  throw new TidelockError(
    "unavailable",
    "this server has no key to mark the ledger's entries with",
    {
      where: "server/ledger.key",
      hint: "every server of a database needs the same one: see `tidelock ledger status`",
    },
  );
}

/**
 * Fewer rows were written than were given: nothing may be written, or they were there already. One that was there
 * is the same entry written before, unless somebody else put it there so that ours would never be written: that one
 * is set aside there and then, and ours takes its place.
 */
async function requireWritten(tx: Db, marks: EntryMarks, rows: readonly Row[]): Promise<void> {
  const { behind } = await tx.selectFrom("ledger_tree").select("behind").executeTakeFirstOrThrow();
  if (behind !== null) throw readOnly(behind);
  const strangers = await strangersOf(tx, marks, rows);
  if (strangers.length === 0) return;
  if (!tx.isTransaction) {
    await tx.transaction().execute((own) => requireWritten(own, marks, rows));
    return;
  }
  requireNone(strangers.filter(({ inTree }) => inTree));
  await reject(tx, tableLedger, strangers, null);
  await tx.executeQuery(CompiledQuery.raw(appendMany, columnsOf(rows)));
  requireNone(await strangersOf(tx, marks, rows));
}

function strangersOf(tx: Db, marks: EntryMarks, rows: readonly Row[]) {
  const operations = rows.map(([operation]) => operation);
  const kinds = rows.map((row) => row[1]);
  return strangersAmong(tx, marks, operations, kinds);
}

function requireNone([stranger]: readonly Stranger[]): void {
  if (stranger === undefined) return;
  throw new TidelockError(
    "digest-mismatch",
    `somebody has changed ${stranger.kind} of ${stranger.operation} in the database: no server wrote it so`,
    {
      where: "ledger_entries",
      hint: "run `tidelock ledger verify`, and restore from a backup",
    },
  );
}

/** No record, no action: with a ledger that must not go on, nothing does. The transaction is undone. */
export function readOnly(behind: string): TidelockError {
  return new TidelockError("unavailable", `this server is read-only: ${behind}`, {
    where: "the ledger",
    hint: "restore a newer backup, or record what was lost and go on: tidelock ledger recover",
  });
}

function rowOf(marks: EntryMarks, entry: LedgerEntry, pseudonym: string | undefined): Row {
  const payload = canonicalJson(entry.payload);
  const bytes = Buffer.from(payload);
  const { operation, kind, stream } = entry;
  const actor = pseudonym ?? entry.actor;
  refuseUnfit({ operation, kind, stream, actor }, bytes.length);
  const salt = newSalt();
  const commitment = Buffer.from(hmacSha256(salt, bytes).buffer);
  const mark = marks.ofEntry({ operation, kind, stream, actor, commitment });
  return [operation, kind, stream, actor, commitment, salt, payload, mark];
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
  const found = new Map<string, string>();
  const met: LedgerEntry[] = [];
  for (const person of actorsOf(entries)) {
    const known = await meetPerson(tx, person);
    found.set(person, known.pseudonym);
    if (known.met) met.push(known.met);
  }
  return { people: found, met };
}

/** The people among the actors, each once, in one order for everybody. */
function actorsOf(entries: readonly LedgerEntry[]): readonly string[] {
  const people = new Set(entries.map(({ actor }) => actor).filter((actor) => !programs.has(actor)));
  return [...people].sort();
}

/** `person:<32 hex>`: random, so that nobody can test a guess at who it is once the person is erased. */
export async function pseudonymOf(tx: Db, person: string): Promise<string> {
  const { pseudonym, met } = await meetPerson(tx, person);
  if (met) await tableLedger.append(tx, met);
  return pseudonym;
}
