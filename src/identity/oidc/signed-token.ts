import { compactVerify, importJWK } from "jose";
import { decodeBase64, decodeUtf8, digestBytes, utf8 } from "../../evidence/bytes.ts";
import { bad, good, type Result } from "../../evidence/result.ts";
import type { Digest } from "../../model/primitives.ts";
import type { PublicJwk } from "../../model/workload.ts";
import { readStrictObject } from "./strict-json.ts";

/**
 * Tokens of identity providers (JWS in its compact form, RFC 7515; RFC 8725). What is read here is nobody's word until
 * a key of the issuer's has verified it.
 */
export interface SignedToken {
  readonly text: string;
  readonly alg: Algorithm;
  /** Which key, as the token says: compared, and never looked up anywhere. */
  readonly kid: string | null;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly digest: Digest;
}

/** Which kind of key signs with it, and nothing else does: a public key is never the secret of an HMAC. */
const algorithms = {
  RS256: { kty: "RSA", crv: null },
  PS256: { kty: "RSA", crv: null },
  ES256: { kty: "EC", crv: "P-256" },
  ES384: { kty: "EC", crv: "P-384" },
  EdDSA: { kty: "OKP", crv: "Ed25519" },
} as const;
export type Algorithm = keyof typeof algorithms;
export const algorithmNames = Object.keys(algorithms) as readonly Algorithm[];

const maxBytes = 16 * 1024;

/** Members by which a token would bring or name its own key, or change what is signed. */
const refusedMembers = ["jwk", "jku", "x5u", "x5c", "crit", "b64", "enc", "zip"] as const;

/**
 * Takes a token apart, strictly: one spelling, one meaning, an algorithm of the list, no key of its own.
 *
 * @param type another `typ` that is taken besides JWT, in small letters (RFC 8725, 3.11)
 */
export function readSignedToken(text: string, type = "jwt"): Result<SignedToken> {
  if (text.length > maxBytes) return bad(`the token is longer than ${maxBytes} characters`);
  const parts = text.split(".");
  const [head = "", body = "", signature = ""] = parts;
  if (parts.length !== 3 || !parts.every((part) => /^[A-Za-z0-9_-]*$/.test(part))) {
    return bad(
      "this is no signed token: three parts in base64url, with dots between, are expected",
    );
  }
  const header = readPart(head, "the token's header");
  if (!header.ok) return header;
  const own = refusedMembers.find((member) => Object.hasOwn(header.value, member));
  if (own !== undefined) return bad(`the token's header has \`${own}\`, which is not taken here`);
  const { alg, kid = null, typ = "JWT" } = header.value;
  if (typeof alg !== "string" || !isAlgorithm(alg)) {
    return bad(`the token's algorithm is not one of ${algorithmNames.join(", ")}`);
  }
  if (typeof typ !== "string" || !["jwt", type].includes(typ.toLowerCase())) {
    return bad(`the token's \`typ\` is not ${type === "jwt" ? "JWT" : type}`);
  }
  if (kid !== null && (typeof kid !== "string" || !/^[\x21-\x7e]{1,256}$/.test(kid))) {
    return bad("the token's `kid` is no name of a key");
  }
  if (signature === "" || decodeBase64(signature) === null)
    return bad("the token has no signature");
  const claims = readPart(body, "what the token says");
  if (!claims.ok) return claims;
  return good({ text, alg, kid, claims: claims.value, digest: digestBytes(utf8(text)) });
}

function readPart(part: string, what: string): Result<Record<string, unknown>> {
  const bytes = decodeBase64(part);
  const text = bytes === null ? null : decodeUtf8(bytes);
  return text === null ? bad(`${what} is not base64url of UTF-8`) : readStrictObject(text, what);
}

function isAlgorithm(text: string): text is Algorithm {
  return Object.hasOwn(algorithms, text);
}

/** The one key of a set that may have signed a token; a name that two of them have names none. */
export function keyFor(
  { alg, kid }: Pick<SignedToken, "alg" | "kid">,
  keys: readonly PublicJwk[],
): PublicJwk | null {
  const fitting = keys.filter((key) => fits(key, alg) && (kid === null || key.kid === kid));
  return fitting.length === 1 ? (fitting[0] ?? null) : null;
}

function fits(key: PublicJwk, alg: Algorithm): boolean {
  const { kty, crv } = algorithms[alg];
  return (
    key.kty === kty &&
    (crv === null || key.crv === crv) &&
    (key.use === undefined || key.use === "sig") &&
    (key.alg === undefined || key.alg === alg) &&
    (key.key_ops === undefined || key.key_ops.includes("verify"))
  );
}

/** Whether this key signed the token. RSA under 2,048 bits signs nothing. */
export async function verifySignedToken(
  { text, alg }: Pick<SignedToken, "text" | "alg">,
  key: PublicJwk,
): Promise<boolean> {
  if (!fits(key, alg)) return false;
  try {
    const { kty, n, e, crv, x, y } = key;
    // Only what makes the key: nothing else of the set decides anything.
    const plain = Object.fromEntries(
      Object.entries({ kty, n, e, crv, x, y }).filter(([, value]) => value !== undefined),
    );
    await compactVerify(text, await importJWK({ ...plain, kty }, alg), { algorithms: [alg] });
    return true;
  } catch {
    return false;
  }
}
