import { toHex } from "../ledger/bytes.ts";
import { sha256 } from "../ledger/crypto.ts";
import type { Digest } from "../model/primitives.ts";

/** Bytes and their spellings, for Node and browsers alike. */

const encoder = new TextEncoder();

export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** Null when the bytes are no UTF-8: replacement characters would make two different things look the same. */
export function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  return concatAll(parts);
}

/** For lists whose length a stranger chooses: as arguments, a hundred thousand of them end in a `RangeError`. */
export function concatAll(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Of public values: this takes no constant time. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

export function digestBytes(bytes: Uint8Array): Digest {
  return `sha256:${toHex(sha256(bytes))}`;
}

/** The 64 digits after `sha256:`, as in-toto's digest sets have them. */
export function hexOf(digest: Digest): string {
  return digest.slice("sha256:".length);
}

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const values = new Map([...alphabet].map((character, index) => [character, index]));

/** Node's own where it is, without an import that a bundler would have to resolve; character by character takes fifty times as long. */
const node = globalThis.process?.getBuiltinModule?.("node:buffer");

export function encodeBase64(bytes: Uint8Array): string {
  const { buffer, byteOffset, byteLength } = bytes;
  return node
    ? node.Buffer.from(buffer, byteOffset, byteLength).toString("base64")
    : encodeBase64Anywhere(bytes);
}

/** The same where there is no Node. */
export function encodeBase64Anywhere(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 3) {
    const [a = 0, b = 0, c = 0] = bytes.subarray(at, at + 3);
    const group = (a << 16) | (b << 8) | c;
    const left = bytes.length - at;
    text += alphabet[group >> 18]! + alphabet[(group >> 12) & 63]!;
    text += left > 1 ? alphabet[(group >> 6) & 63]! : "=";
    text += left > 2 ? alphabet[group & 63]! : "=";
  }
  return text;
}

/**
 * Standard or URL-safe alphabet (DSSE wants both read), with or without padding, but only the one canonical
 * spelling of the bytes: unused bits must be zero. Null for anything else.
 */
export function decodeBase64(text: string): Uint8Array | null {
  const body = text.replace(/={1,2}$/, "");
  if (body.length !== text.length && text.length % 4 !== 0) return null;
  if (body.length % 4 === 1) return null;
  if (/[-_]/.test(body) && /[+/]/.test(body)) return null;
  const bytes = new Uint8Array(Math.floor((body.length * 3) / 4));
  let bits = 0;
  let held = 0;
  let at = 0;
  for (const character of body) {
    const value = values.get(character === "-" ? "+" : character === "_" ? "/" : character);
    if (value === undefined) return null;
    held = ((held << 6) | value) & 0xff_ffff;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes[at++] = (held >> bits) & 0xff;
  }
  return (held & ((1 << bits) - 1)) === 0 ? bytes : null;
}
