import { z } from "zod";
import { everything } from "../../model/permissions.ts";
import { Assertion, NewCredential, PasskeyUse } from "../../model/webauthn.ts";
import { PersonName } from "./manual.ts";

/** Calls about passkeys: enrolling and removing one's own, and signing in with one. */

const Time = z.iso.datetime();
const Base64url = z.string().regex(/^[A-Za-z0-9_-]*$/);

export const PasskeyView = z.object({
  /** Of one for approvals: the key's digest. */
  id: z.string(),
  use: PasskeyUse,
  /** As its owner calls it; empty for approvals. */
  name: z.string(),
  algorithm: z.string(),
  /** Model of the authenticator, as it says; null: it says nothing. */
  aaguid: z.string().nullable(),
  /** Whether the key can be copied to other devices; null: it was enrolled without saying so. */
  backupEligible: z.boolean().nullable(),
  /** Whether it was, when it was used last; null: never used, or not known. */
  backedUp: z.boolean().nullable(),
  /** Under which name of this server it works. */
  rpId: z.string(),
  addedAt: Time,
  lastUsedAt: Time.nullable(),
});
export type PasskeyView = z.infer<typeof PasskeyView>;

/** What a browser needs to make one. */
export const PasskeyOffer = z.object({
  challenge: Base64url,
  rpId: z.string(),
  /** What the authenticator keeps: no name. */
  userHandle: Base64url,
  /** What it shows. */
  userName: z.string(),
  /** Those that one has already. */
  exclude: z.array(Base64url),
});
export type PasskeyOffer = z.infer<typeof PasskeyOffer>;

const PasskeyAdded = z.object({
  passkey: PasskeyView,
  /** Proposal that two people have to sign before it counts (approvals in team mode). */
  waitsFor: z.string().optional(),
});

const list = z.object({ items: z.array(PasskeyView) });
const own = "whoever is signed in, about their own passkeys";
const open = "whoever signs in is not known yet; a challenge costs the server nothing";
const id = z.object({ id: z.string().min(1).max(80) });
const person = z.object({ name: PersonName });
const Removed = z.object({ removed: z.literal(true) });

export const passkeyRoutes = {
  passkeyList: { method: "GET", path: "/api/v1/passkeys", own, response: list },
  /** A challenge for enrolling one, good for five minutes, in this session and for this use. */
  passkeyOffer: {
    method: "POST",
    path: "/api/v1/passkeys/challenges",
    own,
    body: z.strictObject({ use: PasskeyUse }),
    response: PasskeyOffer,
  },
  passkeyAdd: {
    method: "POST",
    path: "/api/v1/passkeys",
    own,
    body: z.strictObject({
      use: PasskeyUse,
      name: z
        .string()
        .trim()
        .min(1)
        .max(60)
        .regex(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]*$/u, "no control characters"),
      made: NewCredential,
    }),
    response: PasskeyAdded,
  },
  passkeyRemove: {
    method: "DELETE",
    path: "/api/v1/passkeys/:id",
    own,
    params: id,
    response: Removed,
  },
  /** Somebody else's, after a device was lost. */
  accountPasskeys: {
    method: "GET",
    path: "/api/v1/accounts/:name/passkeys",
    permission: "account.write",
    resource: everything,
    params: person,
    response: list,
  },
  accountPasskeyRemove: {
    method: "DELETE",
    path: "/api/v1/accounts/:name/passkeys/:id",
    permission: "account.write",
    resource: everything,
    params: person.extend(id.shape),
    response: Removed,
  },
  /** A challenge for signing in, good for five minutes in this browser. */
  passkeySignInOffer: {
    method: "POST",
    path: "/api/v1/sign-in/passkey/challenges",
    public: open,
    response: z.object({ challenge: Base64url, rpId: z.string() }),
  },
  /** Signs in; the session is in a cookie. */
  passkeySignIn: {
    method: "POST",
    path: "/api/v1/sign-in/passkey",
    public: open,
    body: z.strictObject({ assertion: Assertion, userHandle: Base64url.max(100).nullable() }),
    response: z.object({ name: z.string(), expiresAt: Time }),
  },
} as const;
