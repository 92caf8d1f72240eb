import { createHash, randomBytes } from "node:crypto";

/** For whoever has lost their authenticator: each signs in once. 80 random bits, so that a plain digest is enough. */
const count = 10;
/** Crockford's alphabet: nothing that looks like something else. */
const alphabet = "0123456789abcdefghjkmnpqrstvwxyz";

export function makeRecoveryCodes(): readonly string[] {
  return Array.from({ length: count }, () => {
    const letters = [...randomBytes(16)].map((byte) => alphabet[byte & 31]).join("");
    return letters.replace(/^(.{4})(.{4})(.{4})(.{4})$/, "$1-$2-$3-$4");
  });
}

/** Null: it is no such code. Spaces, dashes and capitals do not matter. */
export function recoveryDigest(code: string): string | null {
  const plain = code.toLowerCase().replaceAll(/[\s-]/g, "");
  if (!/^[0-9a-z]{16}$/.test(plain)) return null;
  return `sha256:${createHash("sha256").update(`tidelock recovery code\0${plain}`).digest("hex")}`;
}
