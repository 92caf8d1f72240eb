import { TidelockError } from "../model/errors.ts";

/** Bytes and their texts, the same in Node and in a browser; what is read is read strictly. */

const encoder = new TextEncoder();
// A byte order mark is content here: it must not disappear from what was signed.
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Something from outside that does not have its form. Nothing is repaired or guessed. */
export function malformed(what: string, hint?: string): TidelockError {
  return new TidelockError("invalid-input", what, hint === undefined ? {} : { hint });
}

export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** Throws `invalid-input` when the bytes are not UTF-8. */
export function fromUtf8(bytes: Uint8Array, what: string): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw malformed(`${what} is not valid UTF-8`);
  }
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Not for secrets: its time tells where the difference is. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

const hexOfByte = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

export function toHex(bytes: Uint8Array): string {
  // Node's is ten times as fast where there are a million hashes.
  const { Buffer } = globalThis;
  if (typeof Buffer === "function") {
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");
  }
  let text = "";
  for (const byte of bytes) text += hexOfByte[byte];
  return text;
}

/** Lower-case digits only, so that one value has one text. Throws `invalid-input`. */
export function fromHex(text: string, what = "this value"): Uint8Array {
  if (text.length % 2 !== 0 || !/^[0-9a-f]*$/.test(text)) {
    throw malformed(`${what} is not lower-case hex`);
  }
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i++)
    bytes[i] = Number.parseInt(text.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}

const chunk = 8_192;

/** Standard alphabet with padding (RFC 4648, section 4). */
export function toBase64(bytes: Uint8Array): string {
  let binary = "";
  for (let i = 0; i < bytes.length; i += chunk) {
    binary += String.fromCharCode(...bytes.subarray(i, i + chunk));
  }
  return btoa(binary);
}

/**
 * Standard alphabet, padded and canonical: the unused bits of the last digit are zero and nothing stands
 * around it, so that one value has one text. Throws `invalid-input`.
 */
export function fromBase64(text: string, what = "this value"): Uint8Array {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) {
    throw malformed(`${what} is not base64 (RFC 4648, section 4, padded)`);
  }
  let binary: string;
  try {
    binary = atob(text);
  } catch {
    throw malformed(`${what} is not base64`);
  }
  if (btoa(binary) !== text) throw malformed(`${what} is not canonical base64`);
  return Uint8Array.from(binary, (letter) => letter.charCodeAt(0));
}

/**
 * A count or an index in decimal without sign or leading zeros, up to 2^53 - 1. Throws `invalid-input`:
 * what a number of this language cannot hold exactly is refused, not rounded.
 */
export function parseDecimal(text: string, what: string): number {
  if (!/^(0|[1-9][0-9]{0,19})$/.test(text)) {
    throw malformed(`${what} is not a decimal number without leading zeros`);
  }
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw malformed(`${what} is beyond 2^53 - 1: ${text}`);
  return value;
}

export function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}
