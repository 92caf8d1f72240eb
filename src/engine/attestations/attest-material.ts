import { readFile } from "node:fs/promises";
import { TidelockError } from "../../model/errors.ts";
import type { Digest } from "../../model/primitives.ts";
import { digestBytes } from "../../evidence/bytes.ts";
import { maxEvidenceBytes } from "../../evidence/read-json.ts";
import type { Material } from "../../evidence/release-check.ts";
import { attestationsOf, readAttestation } from "../../store/queries/attestations.ts";
import type { AttestationRow, Db } from "../../store/schema.ts";
import type { Engine } from "../engine.ts";

/** The bytes of what is stated about a release. */

/**
 * Of what is handed in about one release: all of it is in memory whenever a promotion of it is decided. A release has
 * a handful of signatures, provenance and an SBOM or two; an SBOM of many megabytes is a big one.
 */
export const mostGiven = { pieces: 256, bytes: 128 * 1024 * 1024 } as const;

/** The same with what Tidelock itself made and stated. */
const mostBytesAtOnce = 2 * mostGiven.bytes;

/** Reads and compares: what has another digest is not what an entry of the ledger named. */
export async function attestationBytes(
  engine: Pick<Engine, "content">,
  row: AttestationRow,
): Promise<Uint8Array> {
  if (row.erased_at) {
    throw new TidelockError("not-found", `the attestation ${row.digest} was erased`, {
      fault: "operator",
      where: row.digest,
    });
  }
  const bytes = row.content ?? (await blobBytes(engine, row.digest));
  if (digestBytes(bytes) === row.digest) return bytes;
  throw new TidelockError("digest-mismatch", `the attestation ${row.digest} has other bytes`, {
    where: row.digest,
    hint: "hand it in again; somebody has changed the stored one",
  });
}

/** The bytes of a small blob. Throws `invalid-input` for one that is too big for evidence. */
export async function blobBytes(
  { content }: Pick<Engine, "content">,
  digest: Digest,
): Promise<Uint8Array> {
  const { size } = await content.verify(digest);
  if (size <= maxEvidenceBytes) return readFile(await content.path(digest));
  throw new TidelockError(
    "invalid-input",
    `${digest} has ${size} bytes; evidence has at most ${maxEvidenceBytes}`,
    { fault: "operator", where: digest },
  );
}

/**
 * What was handed in about a release, the SBOM that was made of it, and of our own statements those of kinds that
 * are demanded: all that can answer what an environment's owners demand, or speak against it. A verification of
 * ours that was revoked is known here, whoever hands in the one from before. What is damaged or erased is left
 * out, and so answers nothing. Of too much nothing is left out: what would be cut off may be a denial.
 *
 * @param demands whether a statement of ours of this predicate type is asked for
 * @returns a sentence when it is more than is looked at: then no demand is met
 */
export async function materialOf(
  engine: Engine,
  db: Db,
  release: Digest,
  demands: (predicateType: string) => boolean,
): Promise<readonly Material[] | string> {
  const rows = (await attestationsOf(db, release)).filter(
    ({ origin, predicate_type, erased_at }) =>
      !erased_at && (origin !== "own" || demands(predicate_type ?? "")),
  );
  const sum = rows.reduce((bytes, { size }) => bytes + size, 0);
  if (sum > mostBytesAtOnce) return tooMuch(rows.length, sum);
  const material: Material[] = [];
  let loaded = 0;
  for (const { digest } of rows) {
    const row = await readAttestation(db, release, digest);
    if (!row) continue;
    try {
      const bytes = await attestationBytes(engine, row);
      // Their sizes were written down once; these are the bytes themselves.
      loaded += bytes.length;
      if (loaded > mostBytesAtOnce) return tooMuch(rows.length, loaded);
      material.push({ name: digest.slice(0, "sha256:".length + 12), bytes });
    } catch (error) {
      engine.notice(`an attestation of ${release} counts for nothing: ${String(error)}`);
    }
  }
  return material;
}

function tooMuch(pieces: number, bytes: number): string {
  return `${pieces} pieces with ${bytes} bytes or more are stated about it, and at most ${mostBytesAtOnce} bytes are looked at; none counts until some are erased`;
}
