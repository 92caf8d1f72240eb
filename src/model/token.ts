import { createHash, randomBytes } from "node:crypto";
import { crc32 } from "node:zlib";

/**
 * `tidelock_`, 256 random bits in base64url, and the CRC-32 of both in hex: the beginning lets scanners for secrets
 * find one that went astray, and the end lets them tell it from what only looks like one.
 */
export const tokenPattern = /\btidelock_[A-Za-z0-9_-]{43}[0-9a-f]{8}\b/;

const prefix = "tidelock_";

/** A new token; it is shown once. */
export function makeToken(): string {
  const body = `${prefix}${randomBytes(32).toString("base64url")}`;
  return `${body}${checksum(body)}`;
}

/** A session's is looked for among sessions alone. */
const sessionPrefix = "tidelock_session_";

/** A new session's secret. */
export function makeSessionToken(): string {
  const body = `${sessionPrefix}${randomBytes(32).toString("base64url")}`;
  return `${body}${checksum(body)}`;
}

/** Whether a text is a whole secret of a session, misspelt nowhere. */
export function isSessionToken(text: string): boolean {
  return (
    text.length === sessionPrefix.length + 51 &&
    text.startsWith(sessionPrefix) &&
    checksum(text.slice(0, -8)) === text.slice(-8)
  );
}

/** Whether a text is a whole token, misspelt nowhere. It says nothing of whether it counts. */
export function isToken(text: string): boolean {
  if (text.length !== prefix.length + 51 || !text.startsWith(prefix)) return false;
  return checksum(text.slice(0, -8)) === text.slice(-8);
}

/** What is kept of a token: SHA-256 of so many random bits needs no salt and no slowness. */
export function tokenDigest(token: string): string {
  return `sha256:${createHash("sha256").update(token).digest("hex")}`;
}

function checksum(text: string): string {
  return crc32(text).toString(16).padStart(8, "0");
}
