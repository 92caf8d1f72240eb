import { sha256, sha512 } from "@noble/hashes/sha2.js";
import { hexToBytes } from "@noble/hashes/utils.js";
import { toHex } from "../../ledger/bytes.ts";
import { concat, sameBytes } from "../bytes.ts";

/** DER of the DigestInfo before the hash itself (RFC 8017 §9.2, note 1). */
const infos = {
  sha256: "3031300d060960864801650304020105000420",
  sha384: "3041300d060960864801650304020205000430",
  sha512: "3051300d060960864801650304020305000440",
} as const;

const hashes = {
  "rsa-sha2-256": { info: infos.sha256, hash: sha256 },
  "rsa-sha2-512": { info: infos.sha512, hash: sha512 },
} as const;

export type RsaScheme = keyof typeof hashes;

export function isRsaScheme(name: string): name is RsaScheme {
  return Object.hasOwn(hashes, name);
}

/**
 * RSASSA-PKCS1-v1_5 with the exponent 65537 (RFC 8017 §8.2.2; RFC 8332): the whole encoded message is made again and
 * compared, so that nothing of a padding is parsed. Only public values: it takes no constant time.
 */
export function verifyRsa(
  scheme: RsaScheme,
  modulus: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  const { info, hash } = hashes[scheme];
  return verifyEncoded(concat(hexToBytes(info), hash(message)), modulus, signature);
}

/** The same for a message of which only the hash is known, as OpenPGP has it (RFC 9580 §5.2.3.1). */
export function verifyRsaHash(
  name: "sha256" | "sha384" | "sha512",
  digest: Uint8Array,
  modulus: Uint8Array,
  signature: Uint8Array,
): boolean {
  return verifyEncoded(concat(hexToBytes(infos[name]), digest), modulus, signature);
}

function verifyEncoded(digest: Uint8Array, modulus: Uint8Array, signature: Uint8Array): boolean {
  if (signature.length !== modulus.length) return false;
  const n = toNumber(modulus);
  const s = toNumber(signature);
  if (s >= n) return false;
  let power = s;
  // 65537 is sixteen squarings and one more factor.
  for (let count = 0; count < 16; count += 1) power = (power * power) % n;
  power = (power * s) % n;
  const padding = new Uint8Array(modulus.length - digest.length - 3).fill(0xff);
  const expected = concat(Uint8Array.of(0, 1), padding, Uint8Array.of(0), digest);
  return sameBytes(hexToBytes(power.toString(16).padStart(modulus.length * 2, "0")), expected);
}

function toNumber(bytes: Uint8Array): bigint {
  return BigInt(`0x${toHex(bytes)}`);
}
