import { createHmac, timingSafeEqual } from "node:crypto";

/** Codes of an authenticator app: RFC 6238 over RFC 4226, SHA-1, 6 digits, 30 seconds, as every app knows them. */

const stepMs = 30_000;
const digits = 6;
/** Steps before and after that count as well, for clocks that are a little off (RFC 6238, 5.2). */
const drift = 1;

/** RFC 4226, 5: at least 128 bits, 160 recommended. */
export const totpSecretBytes = 20;

export function hotp(secret: Uint8Array, counter: number): string {
  const message = Buffer.alloc(8);
  message.writeBigUInt64BE(BigInt(counter));
  const mac = createHmac("sha1", secret).update(message).digest();
  const offset = (mac[19] ?? 0) & 15;
  const number = mac.readUInt32BE(offset) & 0x7fff_ffff;
  return String(number % 10 ** digits).padStart(digits, "0");
}

export function stepOf(timeMs: number): number {
  return Math.floor(timeMs / stepMs);
}

/**
 * The step that a code belongs to; null: none. One up to `usedStep` was used before, or is older than one that was:
 * a code that somebody saw over a shoulder opens nothing. Looks at every step, whatever fits first.
 */
export function totpStep(
  secret: Uint8Array,
  code: string,
  timeMs: number,
  usedStep: number,
): number | null {
  const given = Buffer.from(code);
  if (given.length !== digits) return null;
  let found: number | null = null;
  for (let step = stepOf(timeMs) - drift; step <= stepOf(timeMs) + drift; step += 1) {
    const fits = step >= 0 && timingSafeEqual(given, Buffer.from(hotp(secret, step)));
    if (fits && step > usedStep) found = step;
  }
  return found;
}

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** RFC 4648, 6, without padding. */
export function base32(bytes: Uint8Array): string {
  let text = "";
  let value = 0;
  let bits = 0;
  for (const byte of bytes) {
    value = (value << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += alphabet[(value >>> bits) & 31];
    }
    value &= (1 << bits) - 1;
  }
  return bits === 0 ? text : text + alphabet[(value << (5 - bits)) & 31];
}

/** What apps read (Key Uri Format): `otpauth://totp/Tidelock:maria?secret=…&issuer=Tidelock`. */
export function otpauthUri(secret: Uint8Array, name: string, issuer = "Tidelock"): string {
  const label = `${encodeURIComponent(issuer)}:${encodeURIComponent(name)}`;
  return `otpauth://totp/${label}?secret=${base32(secret)}&issuer=${encodeURIComponent(issuer)}`;
}
