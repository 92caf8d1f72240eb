import { z } from "zod";

/** What a browser hands out about passkeys, as bytes in base64url (W3C Web Authentication Level 3, §5.1). */

const base64url = (most: number) =>
  z
    .string()
    .min(1)
    .max(most)
    .regex(/^[A-Za-z0-9_-]+$/, "write base64url without padding");

/** An assertion, kept as it is. */
export const Assertion = z.strictObject({
  credentialId: base64url(1_400),
  authenticatorData: base64url(4_096),
  clientDataJSON: base64url(8_192),
  signature: base64url(2_048),
});
export type Assertion = z.infer<typeof Assertion>;

/**
 * A new credential, without a statement of its maker about the authenticator: who it belongs to is what people sign
 * (four eyes), not what a manufacturer says.
 */
export const NewCredential = z.strictObject({
  authenticatorData: base64url(8_192),
  clientDataJSON: base64url(8_192),
});
export type NewCredential = z.infer<typeof NewCredential>;

/** A credential as it was enrolled. */
export const Credential = z.strictObject({
  credentialId: base64url(1_400),
  /** COSE_Key. */
  coseKey: base64url(4_096),
  /** A domain, never an address. */
  rpId: z.string().min(1).max(253),
  /** Where it may be used from: `https://tidelock.example`. */
  origins: z.array(z.string().min(1).max(300)).min(1).max(16),
  /** What the authenticator said of itself when it was enrolled, where that is known: its model as a UUID. */
  aaguid: z
    .string()
    .regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
    .optional(),
  /** Whether the key can be copied to other devices; that never changes. */
  backupEligible: z.boolean().optional(),
});
export type Credential = z.infer<typeof Credential>;

/** A passkey signs people in, or approvals, and never both. */
export const PasskeyUse = z.enum(["sign-in", "approval"]);
export type PasskeyUse = z.infer<typeof PasskeyUse>;
