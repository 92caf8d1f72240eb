import type { PasskeyOffer, PasskeyView } from "../api/routes/passkeys.ts";
import type { Assertion, NewCredential, PasskeyUse } from "../model/webauthn.ts";
import type { Actor } from "./control-plane.ts";

/** Where a page is from, as this server is addressed. */
export interface PasskeySite {
  /** A name, never an address. */
  readonly rpId: string;
  readonly origin: string;
}

export interface SignedInByPasskey {
  readonly name: string;
  readonly secret: string;
  readonly expiresAt: Date;
}

/** Passkeys: enrolling, removing, signing in. Challenges are the server's, and each counts once. */
export interface PasskeyControl {
  list(actor: Actor, name: string | null): Promise<readonly PasskeyView[]>;
  offer(actor: Actor, site: PasskeySite, use: PasskeyUse): Promise<PasskeyOffer>;
  add(
    actor: Actor,
    site: PasskeySite,
    wish: { readonly use: PasskeyUse; readonly name: string; readonly made: NewCredential },
  ): Promise<{ readonly passkey: PasskeyView; readonly waitsFor?: string }>;
  /** `name` null: one's own. */
  remove(actor: Actor, name: string | null, id: string): Promise<void>;
  /** @param browser what the challenge is bound to: a random value in the browser's cookie */
  offerSignIn(browser: string): Promise<string>;
  /** @throws TidelockError `unauthenticated` */
  signIn(
    site: PasskeySite,
    browser: string,
    given: { readonly assertion: Assertion; readonly userHandle: string | null },
    device: { readonly place: string; readonly program: string },
  ): Promise<SignedInByPasskey>;
}
