import { sql } from "kysely";
import type { Digest } from "../../model/primitives.ts";
import { attestationsProjection } from "../projections/attestations.ts";
import { recordRows } from "../projections/projection.ts";
import { pack, unpacked } from "../packed.ts";
import type { AttestationRow, Db, Schema } from "../schema.ts";
import type { Insertable } from "kysely";

/** What is stated about releases: envelopes of ours, and what was handed in. */

/** The same bytes about the same release are one row; true when it is new. */
export async function insertAttestation(
  tx: Db,
  attestation: Insertable<Schema["attestations"]>,
): Promise<boolean> {
  const inserted = await tx
    .insertInto("attestations")
    .values(attestation)
    .onConflict((conflict) => conflict.doNothing())
    .returning("digest")
    .executeTakeFirst();
  return inserted !== undefined;
}

/** Envelopes of ours about something, many at once; each is named by an entry of the same transaction. */
export async function insertOwnAttestations(
  tx: Db,
  predicateType: string,
  envelopes: readonly {
    readonly release: Digest;
    readonly about: string;
    readonly digest: Digest;
    readonly bytes: Uint8Array;
  }[],
): Promise<void> {
  const content = pack(envelopes.map(({ bytes }) => bytes));
  await sql`
    insert into attestations (release, about, digest, format, predicate_type, origin, size, content, added_by)
    select release, about, digest, 'dsse', ${predicateType}, 'own', size, ${unpacked(content, "begin", "size")}, 'tidelock'
    from unnest(${envelopes.map(({ release }) => release)}::text[], ${envelopes.map(({ about }) => about)}::text[],
      ${envelopes.map(({ digest }) => digest)}::text[], ${content.from}::integer[], ${content.size}::integer[])
      as given (release, about, digest, begin, size)
    on conflict do nothing
  `.execute(tx);
}

/** Keeps what was handed in or made, and records it; the same thing twice is one. True when it is new. */
export async function keepAttestation(
  tx: Db,
  attestation: Omit<Insertable<Schema["attestations"]>, "about"> & { origin: "made" | "given" },
): Promise<boolean> {
  if (!(await insertAttestation(tx, attestation))) return false;
  const row = await readAttestation(tx, attestation.release, attestation.digest);
  const actor = attestation.added_by;
  await recordRows(tx, attestationsProjection, row ? [row] : [], { actor });
  return true;
}

/** Without their bytes, oldest first; erased ones are named too. */
function listed(db: Db) {
  return db
    .selectFrom("attestations")
    .select([
      "release",
      "digest",
      "format",
      "predicate_type",
      "origin",
      "about",
      "size",
      "added_at",
      "added_by",
      "erased_at",
    ])
    .orderBy("added_at")
    .orderBy("digest");
}

export async function attestationsOf(
  db: Db,
  release: Digest,
): Promise<readonly Omit<AttestationRow, "content">[]> {
  return listed(db).where("release", "=", release).execute();
}

/** What was handed in or made of it, for several releases at once. */
export async function othersAttestations(
  db: Db,
  releases: readonly Digest[],
): Promise<readonly Omit<AttestationRow, "content">[]> {
  return listed(db).where("release", "in", releases).where("origin", "!=", "own").execute();
}

/** What was handed in and not erased; nobody else counts it before this transaction ends. */
export async function lockGiven(
  tx: Db,
  release: Digest,
): Promise<readonly Pick<AttestationRow, "digest" | "size">[]> {
  await tx.selectFrom("releases").select("id").where("id", "=", release).forNoKeyUpdate().execute();
  return tx
    .selectFrom("attestations")
    .select(["digest", "size"])
    .where("release", "=", release)
    .where("origin", "=", "given")
    .where("erased_at", "is", null)
    .execute();
}

export async function readAttestation(
  db: Db,
  release: Digest,
  digest: Digest,
): Promise<AttestationRow | undefined> {
  return db
    .selectFrom("attestations")
    .selectAll()
    .where("release", "=", release)
    .where("digest", "=", digest)
    .executeTakeFirst();
}

/** Envelopes of ours about a promotion or a check run, oldest first. */
export async function ownAttestationsAbout(
  db: Db,
  about: readonly string[],
  predicateType: string,
): Promise<readonly AttestationRow[]> {
  if (about.length === 0) return [];
  return db
    .selectFrom("attestations")
    .selectAll()
    .where("about", "in", about)
    .where("origin", "=", "own")
    .where("predicate_type", "=", predicateType)
    .orderBy("added_at")
    .execute();
}

/** Public keys whose attestations count: every evidence key but those that are known to be stolen. */
export async function evidenceKeys(db: Db): Promise<readonly Buffer[]> {
  const rows = await db
    .selectFrom("ledger_keys")
    .select("public_key")
    .where("use", "=", "evidence")
    .where("compromised_at", "is", null)
    .execute();
  return rows.map((row) => row.public_key);
}

/** The database's clock, as records have it. */
export async function databaseTime(db: Db): Promise<string> {
  const { rows } = await sql<{ now: Date }>`select clock_timestamp() as now`.execute(db);
  return (rows[0]?.now ?? new Date(Number.NaN)).toISOString();
}

/** The program that writes here now. */
export async function programVersion(db: Db): Promise<string> {
  const { rows } = await sql<{ version: string | null }>`
    select program_version as version from store
  `.execute(db);
  return rows[0]?.version ?? "unknown";
}
