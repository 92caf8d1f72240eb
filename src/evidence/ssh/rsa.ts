import { sha256, sha512 } from "@noble/hashes/sha2.js";
import { hexToBytes } from "@noble/hashes/utils.js";
import { toHex } from "../../ledger/bytes.ts";
import { concat, sameBytes } from "../bytes.ts";

/** DER of the DigestInfo before the hash itself (RFC 8017 §9.2, note 1). */
const hashes = {
  "rsa-sha2-256": { info: "3031300d060960864801650304020105000420", hash: sha256 },
  "rsa-sha2-512": { info: "3051300d060960864801650304020305000440", hash: sha512 },
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
  if (signature.length !== modulus.length) return false;
  const n = toNumber(modulus);
  const s = toNumber(signature);
  if (s >= n) return false;
  let power = s;
  // 65537 is sixteen squarings and one more factor.
  for (let count = 0; count < 16; count += 1) power = (power * power) % n;
  power = (power * s) % n;
  const { info, hash } = hashes[scheme];
  const digest = concat(hexToBytes(info), hash(message));
  const padding = new Uint8Array(modulus.length - digest.length - 3).fill(0xff);
  const expected = concat(Uint8Array.of(0, 1), padding, Uint8Array.of(0), digest);
  return sameBytes(hexToBytes(power.toString(16).padStart(modulus.length * 2, "0")), expected);
}

function toNumber(bytes: Uint8Array): bigint {
  return BigInt(`0x${toHex(bytes)}`);
}
