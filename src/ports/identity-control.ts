import type {
  IdentityView,
  OwnSponsorsView,
  VouchingProviderView,
} from "../api/routes/federation.ts";
import type { VouchingWish } from "../model/provider-vouch.ts";
import type { Actor } from "./control-plane.ts";

/** Who people are at providers of identities, and signing in there. */
export interface IdentityControl {
  /** What stands on the sign-in page; empty: none was configured. */
  providers(): readonly { readonly id: string; readonly name: string }[];
  /** This server as browsers see it; null: no provider was configured. */
  publicUrl(): string | null;
  /**
   * Sends a browser away. `again`: the provider is to ask once more who it is.
   *
   * @param to path of this server where the browser is to come back to
   * @returns where it goes, and what it has to bring back
   */
  begin(
    provider: string,
    to: string,
    again: boolean,
  ): Promise<{ readonly url: string; readonly kept: string; readonly seconds: number }>;
  /** Signs in whoever comes back. @throws TidelockError `unauthenticated` */
  finish(
    provider: string,
    query: string,
    kept: string | null,
    device: { readonly place: string; readonly program: string },
  ): Promise<{ readonly secret: string; readonly expiresAt: Date; readonly to: string }>;
  /** Where whoever ends this session goes on to, to sign out at the provider, too; null: nowhere. */
  signOutThere(session: string): Promise<string | null>;
  /** Ends what a provider says has ended there. @throws TidelockError `invalid-input` */
  signedOutThere(provider: string, token: string): Promise<void>;

  /** Which providers may vouch for who somebody is. */
  vouching(): Promise<readonly VouchingProviderView[]>;
  /** `waitsFor`: two people have to sign that proposal, and then it is asked for again. */
  letVouch(actor: Actor, wish: VouchingWish): Promise<VouchingProviderView>;
  letVouchNoMore(actor: Actor, id: string): Promise<VouchingProviderView>;
  /** What others made for whoever is signed in. */
  ownSponsors(actor: Actor): Promise<OwnSponsorsView>;
  /** By the sign-in that the session began with, for these entries. */
  vouch(actor: Actor, acts: readonly string[]): Promise<OwnSponsorsView>;

  list(name: string | null): Promise<readonly IdentityView[]>;
  /** `waitsFor`: two people have to sign that proposal, and then it is asked for again. */
  link(
    actor: Actor,
    wish: { readonly name: string; readonly provider: string; readonly subject: string },
  ): Promise<IdentityView>;
  /** Ends the sessions that it began, too. */
  unlink(actor: Actor, id: string): Promise<IdentityView>;
}
