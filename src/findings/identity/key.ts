import { hash } from "node:crypto";

/**
 * SHA-256 over fields of which each says how long it is: no two lists of fields give the same text, so nobody moves a
 * boundary between a path and a rule to make two things one. Base64url.
 */
export function keyOf(...fields: readonly (string | number)[]): string {
  return hash("sha256", fieldsOf(fields), "base64url");
}

/** Length of what `keyOf` gives. */
export const keyLength = 43;

/** Several fields as one. */
export function fieldsOf(fields: readonly (string | number)[]): string {
  let text = "";
  for (const field of fields) {
    const one = String(field);
    text += `${one.length}:${one}`;
  }
  return text;
}

const names = new Map<string, Map<string, string>>();

/** `prefix/suffix`, the same text each time: a hundred thousand findings share one. */
export function algorithmOf(prefix: string, suffix: string): string {
  const known = names.get(prefix)?.get(suffix);
  if (known !== undefined) return known;
  const made = `${prefix}/${suffix}`;
  const ofPrefix = names.get(prefix) ?? new Map<string, string>();
  // Suffixes come from reports: they do not fill the memory.
  if (ofPrefix.size < 1_000) ofPrefix.set(suffix, made);
  names.set(prefix, ofPrefix);
  return made;
}
