import { type Certificate, readCertificateText } from "../../evidence/openpgp/certificate.ts";
import type { Digest } from "../../model/primitives.ts";
import type { PersonKeyRow } from "../schema-manual.ts";
import type { Db } from "../schema.ts";

/** OpenPGP certificates that were enrolled: one of a person's at a time counts of each primary key. */

export interface EnrolledCertificate {
  readonly row: PersonKeyRow;
  readonly certificate: Certificate;
}

/** Those that stand now. */
export async function pgpCertificates(db: Db): Promise<readonly EnrolledCertificate[]> {
  return (await everEnrolled(db)).filter(({ row }) => row.removed_at === null);
}

/**
 * What a key takes the place of: a certificate changes, when its owner gives it more time or another subkey, and the new
 * one counts instead of the old one.
 *
 * @returns `taken`: it cannot be enrolled. Its keys are, or were, somebody else's or for something else; it was removed; or
 * it no longer says that its owner has taken back a subkey
 */
export async function certificateBefore(
  tx: Db,
  key: { readonly key_id: Digest; readonly person: string; readonly public_key: string },
): Promise<PersonKeyRow | "taken" | null> {
  const all = await everEnrolled(tx);
  const read = readCertificateText(key.public_key);
  if (!read.ok) {
    // One key is one key, in whichever spelling.
    const inside = all.some(({ certificate }) => idsIn(certificate).includes(key.key_id));
    return inside ? "taken" : null;
  }
  const { value: certificate } = read;
  const ids = idsIn(certificate);
  const elsewhere =
    ids.length > 0 &&
    (await tx.selectFrom("person_keys").select("key_id").where("key_id", "in", ids).execute());
  if (elsewhere && elsewhere.length > 0) return "taken";
  const fingerprints = keysIn(certificate);
  const before = all.filter((one) =>
    keysIn(one.certificate).some((id) => fingerprints.includes(id)),
  );
  const standing = before.find(({ row }) => row.removed_at === null);
  if (before.length === 0) return null;
  const same = before.every(
    ({ row, certificate: { fingerprint, revoked } }) =>
      row.person === key.person &&
      row.key_id !== key.key_id &&
      fingerprint === certificate.fingerprint &&
      !certificate.signers.some((signer) => revoked.includes(signer.key.fingerprint)),
  );
  return same && standing ? standing.row : "taken";
}

function keysIn({ fingerprint, signers }: Certificate): readonly string[] {
  return [fingerprint, ...signers.map(({ key }) => key.fingerprint)];
}

function idsIn({ signers }: Certificate): readonly Digest[] {
  return signers.flatMap(({ key }) => key.id ?? []);
}

async function everEnrolled(db: Db): Promise<readonly EnrolledCertificate[]> {
  const rows = await db
    .selectFrom("person_keys")
    .selectAll()
    .where("commits", "=", true)
    .where("public_key", "like", "openpgp:%")
    .execute();
  return rows.flatMap((row) => {
    const certificate = read(row.public_key);
    return certificate === null ? [] : [{ row, certificate }];
  });
}

/** By text: its bindings are verified once. */
const known = new Map<string, Certificate | null>();
const mostKnown = 500;

function read(text: string): Certificate | null {
  let certificate = known.get(text);
  if (certificate === undefined) {
    const found = readCertificateText(text);
    certificate = found.ok ? found.value : null;
    if (known.size >= mostKnown) known.clear();
    known.set(text, certificate);
  }
  return certificate;
}
