import { hash } from "node:crypto";

/**
 * SHA-256 over fields of which each says how long it is, base64url: no two lists of fields give the same text, so
 * nobody moves a boundary between a path and a rule to make two things one.
 */
export function keyOf(...fields: readonly (string | number)[]): string {
  let text = "";
  for (const field of fields) {
    const one = String(field);
    text += `${one.length}:${one}`;
  }
  return hash("sha256", text, "base64url");
}

/** Length of what `keyOf` gives. */
export const keyLength = 43;
