import { z } from "zod";
import type { Digest } from "../../model/primitives.ts";
import { concat, decodeBase64, digestBytes, encodeBase64, utf8 } from "../bytes.ts";
import { readJson } from "../read-json.ts";
import { bad, good, type Result } from "../result.ts";
import { WireError } from "../ssh/wire.ts";
import { type Packet, readPackets, tags, writePacket } from "./packets.ts";
import { keyHead, type PgpKey, readPgpKey } from "./public-key.ts";
import { maySign, type PgpSignature, readPgpSignature, signatureTypes } from "./signature.ts";

/**
 * What is kept of somebody's OpenPGP certificate: its primary key and the subkeys that may sign, each with the signatures
 * that bind it, and no user ids, which name people. What only a user id's signature says (until when the primary key
 * counts, whether it signs itself) stands beside it as it was found when the certificate was enrolled.
 */
const Kept = z.strictObject({
  /** Packets in base64. */
  certificate: z.string().max(15_000),
  expires: z.iso.datetime().nullable(),
  primarySigns: z.boolean(),
  /** Fingerprints of subkeys that were taken back. */
  revoked: z.array(z.string().regex(/^[0-9a-f]{40}$/)).max(50),
});
type Kept = z.infer<typeof Kept>;

export interface SigningKey {
  readonly key: PgpKey;
  /** When it, or the primary key over it, ends. Milliseconds since 1970. */
  readonly expiresAt: number;
}

export interface Certificate {
  readonly id: Digest;
  /** Of the primary key. */
  readonly fingerprint: string;
  readonly signers: readonly SigningKey[];
  readonly revoked: readonly string[];
  /** How it is kept, signed about and shown; the same certificate has one text. */
  readonly text: string;
}

const prefix = "openpgp:";

/** Whether this is how a certificate is kept here. */
export function isCertificateText(text: string): boolean {
  return text.startsWith(prefix);
}

/** Makes the text that is kept, in its one spelling. */
export function certificateText(
  primary: PgpKey,
  subkeys: readonly { readonly key: PgpKey; readonly binding: Packet }[],
  said: Omit<Kept, "certificate">,
): string {
  const packets = [
    { tag: tags.publicKey, body: primary.body },
    ...subkeys.flatMap(({ key, binding }) => [{ tag: tags.publicSubkey, body: key.body }, binding]),
  ];
  const certificate = encodeBase64(concat(...packets.map(writePacket)));
  const { expires, primarySigns, revoked } = said;
  return `${prefix}${JSON.stringify({ certificate, expires, primarySigns, revoked })}`;
}

/** Reads what is kept, and verifies each binding again. */
export function readCertificateText(text: string): Result<Certificate> {
  if (!isCertificateText(text)) return bad("this is no certificate as it is kept here");
  const kept = readJson(utf8(text.slice(prefix.length)), Kept, "the certificate");
  if (!kept.ok) return kept;
  const bytes = decodeBase64(kept.value.certificate);
  if (bytes === null) return bad("the certificate is not base64");
  try {
    const [first, ...rest] = readPackets(bytes);
    if (first?.tag !== tags.publicKey) return bad("the certificate has no primary key");
    const primary = readPgpKey(first.body);
    const ends = kept.value.expires === null ? Infinity : Date.parse(kept.value.expires);
    const signers: SigningKey[] = kept.value.primarySigns
      ? [{ key: primary, expiresAt: ends }]
      : [];
    for (let at = 0; at < rest.length; at += 2) {
      const [subkey, binding] = [rest[at], rest[at + 1]];
      if (subkey?.tag !== tags.publicSubkey || binding?.tag !== tags.signature) {
        return bad("the certificate holds something else than subkeys that are bound");
      }
      const key = readPgpKey(subkey.body);
      const bound = boundUntil(primary, key, readPgpSignature(binding.body));
      if (bound === null) return bad("a subkey of the certificate is not bound to it");
      signers.push({ key, expiresAt: Math.min(bound, ends) });
    }
    const { fingerprint } = primary;
    const { revoked } = kept.value;
    return good({ id: digestBytes(utf8(text)), fingerprint, signers, revoked, text });
  } catch (error) {
    if (error instanceof WireError) return bad(`the certificate cannot be read: ${error.message}`);
    throw error;
  }
}

/**
 * Until when a subkey may sign for a primary key: the primary key says that it may, and the subkey itself that it is this
 * one's (RFC 9580 §5.2.1.7): else somebody could adopt another person's.
 *
 * @returns null: it may not
 */
export function boundUntil(primary: PgpKey, subkey: PgpKey, binding: PgpSignature): number | null {
  if (binding.type !== signatureTypes.subkeyBinding) return null;
  if (((binding.flags ?? 0) & maySign) === 0 || binding.embedded === null) return null;
  const both = concat(keyHead(primary.body), keyHead(subkey.body));
  if (!binding.isBy(primary, both)) return null;
  const back = readPgpSignature(binding.embedded);
  if (back.type !== signatureTypes.primaryKeyBinding || !back.isBy(subkey, both)) return null;
  return Math.min(
    endOf(subkey.createdAt, binding.keyLasts),
    // The binding itself may end, too.
    endOf(binding.createdAt, binding.lasts),
    endOf(back.createdAt, back.lasts),
  );
}

export function endOf(from: number, lasts: number | null): number {
  return lasts === null ? Infinity : from + lasts;
}
