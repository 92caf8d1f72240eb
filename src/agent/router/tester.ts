import { createPublicKey, randomBytes, sign, verify, type KeyObject } from "node:crypto";

/**
 * The tester credential: a signed, expiring right to reach the idle colour of one lane through the public
 * port. Form: base64url(JSON payload) "." base64url(Ed25519 signature over the payload's text).
 * Only the agent holds the private half; the router verifies and strips the header before forwarding.
 */
export const testerHeader = "x-tidelock-tester";

export interface TesterPayload {
  readonly lane: string;
  /** Unix milliseconds. */
  readonly expires: number;
  readonly nonce: string;
}

/** `expired` and `other-lane` are told apart from `invalid` only in our log, never to the bearer. */
export type TesterVerdict =
  | { readonly kind: "valid"; readonly payload: TesterPayload }
  | { readonly kind: "invalid" | "expired" | "other-lane" };

/** Longer than any credential that we mint; bounds the work an attacker can ask for. */
const maxCredentialLength = 1024;

/**
 * Makes a credential for `lane` that ends `ttlMs` from `now`.
 * @param privateKey Ed25519 private key whose public half is the router's `testerPublicKey`.
 */
export function mint(
  privateKey: KeyObject,
  lane: string,
  ttlMs: number,
  now: number = Date.now(),
): { header: string; value: string; expiresAt: string } {
  const payload: TesterPayload = {
    lane,
    expires: now + ttlMs,
    nonce: randomBytes(12).toString("base64url"),
  };
  const text = Buffer.from(JSON.stringify(payload)).toString("base64url");
  const signature = sign(null, Buffer.from(text), privateKey).toString("base64url");
  return {
    header: testerHeader,
    value: `${text}.${signature}`,
    expiresAt: new Date(payload.expires).toISOString(),
  };
}

/** Parses the router's copy of the public key (SPKI PEM). Throws when it is not an Ed25519 key. */
export function testerKey(pem: string): KeyObject {
  const key = createPublicKey(pem);
  if (key.asymmetricKeyType !== "ed25519") throw new Error("the tester key must be Ed25519");
  return key;
}

/**
 * Judges a credential for `lane` at `now`. Pure: the same input always gives the same answer.
 * @param isSigned for what has the same form and signs other bytes (scans.ts)
 */
export function verifyTester(
  credential: string,
  publicKey: KeyObject,
  lane: string,
  now: number = Date.now(),
  isSigned: (text: string, signature: Buffer) => boolean = (text, signature) =>
    verify(null, Buffer.from(text), publicKey, signature),
): TesterVerdict {
  if (credential.length > maxCredentialLength) return { kind: "invalid" };
  const match = /^([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]{86})$/.exec(credential);
  if (!match) return { kind: "invalid" };
  const [, text = "", signature = ""] = match;
  if (!isSigned(text, Buffer.from(signature, "base64url"))) return { kind: "invalid" };
  const payload = parsePayload(text);
  if (!payload) return { kind: "invalid" };
  if (payload.lane !== lane) return { kind: "other-lane" };
  if (payload.expires <= now) return { kind: "expired" };
  return { kind: "valid", payload };
}

function parsePayload(text: string): TesterPayload | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, "base64url").toString("utf8"));
    if (typeof value !== "object" || value === null) return null;
    const { lane, expires, nonce } = value as Record<string, unknown>;
    if (typeof lane !== "string" || typeof expires !== "number" || typeof nonce !== "string") {
      return null;
    }
    return { lane, expires, nonce };
  } catch {
    return null;
  }
}
