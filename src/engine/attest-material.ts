import { readFile } from "node:fs/promises";
import { TidelockError } from "../model/errors.ts";
import type { Digest } from "../model/primitives.ts";
import { digestBytes } from "../evidence/bytes.ts";
import { maxEvidenceBytes } from "../evidence/read-json.ts";
import type { Material } from "../evidence/release-check.ts";
import { attestationsOf, readAttestation } from "../store/queries/attestations.ts";
import type { AttestationRow, Db } from "../store/schema.ts";
import type { Engine } from "./engine.ts";

/** The bytes of what is stated about a release. */

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
 * out, and so answers nothing.
 *
 * @param demands whether a statement of ours of this predicate type is asked for
 */
export async function materialOf(
  engine: Engine,
  db: Db,
  release: Digest,
  demands: (predicateType: string) => boolean,
): Promise<readonly Material[]> {
  const material: Material[] = [];
  for (const { digest, origin, predicate_type, erased_at } of await attestationsOf(db, release)) {
    if (erased_at || (origin === "own" && !demands(predicate_type ?? ""))) continue;
    const row = await readAttestation(db, release, digest);
    if (!row) continue;
    try {
      const bytes = await attestationBytes(engine, row);
      material.push({ name: digest.slice(0, "sha256:".length + 12), bytes });
    } catch (error) {
      engine.notice(`an attestation of ${release} counts for nothing: ${String(error)}`);
    }
  }
  return material;
}
