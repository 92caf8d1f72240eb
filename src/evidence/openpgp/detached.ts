import { bad, good, type Result } from "../result.ts";
import { WireError } from "../ssh/wire.ts";
import type { Certificate } from "./certificate.ts";
import { dearmour, readPackets, tags } from "./packets.ts";
import { type PgpSignature, readPgpSignature, signatureTypes } from "./signature.ts";

/** The one signature over data in an armour (`gpg --armor --detach-sign`). Several are none: which of them counts? */
export function readDetached(armoured: string): Result<PgpSignature> {
  const bytes = dearmour(armoured, "SIGNATURE");
  if (bytes === null) return bad("this is not an OpenPGP signature");
  try {
    const [packet, other] = readPackets(bytes);
    if (packet?.tag !== tags.signature || other !== undefined) {
      return bad("an OpenPGP signature is one part, and nothing else");
    }
    const signature = readPgpSignature(packet.body);
    if (signature.type !== signatureTypes.binary) return bad("it is not a signature over data");
    if (signature.hash === null) {
      return bad(
        "its OpenPGP signature is over a hash that does not count: SHA-256, SHA-384 and SHA-512 do",
      );
    }
    if (signature.issuer === null) return bad("the OpenPGP signature does not say whose it is");
    return good(signature);
  } catch (error) {
    if (error instanceof WireError) {
      return bad(`the OpenPGP signature cannot be read: ${error.message}`);
    }
    throw error;
  }
}

/** Clocks of people's machines. */
const skewMs = 600_000;

/**
 * Which of these certificates signed data, so that it counts at a time. As git has it, a key that has ended proves nothing
 * any more: when a signature was made is its maker's own word, and a thief of an old key would say that it was before.
 *
 * @param at milliseconds since 1970
 */
export function certificateOf(
  signature: PgpSignature,
  payload: Uint8Array,
  certificates: readonly Certificate[],
  at: number,
): Result<Certificate> {
  const fitting = certificates.flatMap((certificate) =>
    certificate.signers
      .filter(({ key }) => key.fingerprint.endsWith(signature.issuer ?? "none"))
      .map((signer) => ({ certificate, ...signer })),
  );
  const [found, other] = fitting;
  if (!found) return bad("its OpenPGP signature is by a key of nobody here");
  if (other) return bad("its OpenPGP signature could be by several keys");
  const { certificate, key, expiresAt } = found;
  const { createdAt, lasts } = signature;
  const which = `the OpenPGP key ${key.fingerprint}`;
  if (createdAt < key.createdAt) return bad(`its signature is older than ${which}`);
  if (createdAt > at + skewMs) return bad(`its signature by ${which} is of a time to come`);
  if (expiresAt <= at || expiresAt <= createdAt) return bad(`${which} that signed it has expired`);
  if (lasts !== null && createdAt + lasts <= at)
    return bad(`its signature by ${which} has expired`);
  return isBy(signature, found, payload)
    ? good(certificate)
    : bad(`its signature by ${which} is not of these bytes`);
}

/** What a signature is over does not change, and to compute it takes up to some milliseconds. */
const known = new WeakMap<PgpSignature, Map<string, boolean>>();

function isBy(
  signature: PgpSignature,
  {
    key,
    certificate,
  }: { readonly key: Certificate["signers"][number]["key"]; readonly certificate: Certificate },
  payload: Uint8Array,
): boolean {
  const before = known.get(signature) ?? new Map<string, boolean>();
  known.set(signature, before);
  const of = `${certificate.id} ${key.fingerprint}`;
  const answer = before.get(of) ?? signature.isBy(key, payload);
  before.set(of, answer);
  return answer;
}
