import { hexToBytes } from "@noble/hashes/utils.js";
import { concat, sameBytes } from "../../evidence/bytes.ts";
import { toHex } from "../../ledger/bytes.ts";
import { sha256 } from "../../ledger/crypto.ts";

/** DER of the DigestInfo for SHA-256, before the hash itself (RFC 8017 §9.2, note 1). */
const digestInfo = hexToBytes("3031300d060960864801650304020105000420");

/**
 * RSASSA-PKCS1-v1_5 with SHA-256 and the exponent 65537 (RFC 8017 §8.2.2): the whole encoded message is made again and
 * compared, so that nothing of a padding is parsed. Only public values: it takes no constant time.
 */
export function verifyRs256(
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
  const padding = new Uint8Array(modulus.length - digestInfo.length - 35).fill(0xff);
  const expected = concat(
    Uint8Array.of(0, 1),
    padding,
    Uint8Array.of(0),
    digestInfo,
    sha256(message),
  );
  return sameBytes(hexToBytes(power.toString(16).padStart(modulus.length * 2, "0")), expected);
}

function toNumber(bytes: Uint8Array): bigint {
  return BigInt(`0x${toHex(bytes)}`);
}
