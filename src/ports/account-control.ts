import type {
  AccountView,
  CurrentView,
  LinkView,
  LoginView,
  OwnAccountView,
  SessionView,
} from "../api/routes/accounts.ts";
import type { Actor } from "./control-plane.ts";

/** Network and program. */
export interface SignInPlace {
  readonly place: string;
  readonly program: string;
}

/** Somebody who has just signed in; the server puts the secrets into their browser. */
export interface SignedInView {
  readonly name: string;
  readonly session: { readonly secret: string; readonly expiresAt: Date };
  /** A new mark that this browser is known; null: it has one, or gets none by this way of signing in. */
  readonly device: string | null;
}

/** A one-time link: its secret goes behind `/welcome#`, and is nowhere else. */
export interface MadeLink {
  readonly secret: string;
  readonly purpose: "first" | "invite" | "reset";
  readonly name: string;
  readonly expiresAt: string | null;
}

/** Who signs in, and who is signed in. */
export interface AccountControl {
  current(actor: Actor): Promise<CurrentView>;
  /** `name` null: the actor's own; so do those that end them. */
  sessions(actor: Actor, name: string | null): Promise<readonly SessionView[]>;
  endSession(actor: Actor, name: string | null, id: string): Promise<void>;
  /** Answers how many have ended. */
  endSessions(actor: Actor, name: string | null): Promise<number>;

  /**
   * `known`: what this browser has from an earlier sign-in. `replaces`: the session that it had.
   *
   * @throws TidelockError `unauthenticated`, the same whatever was wrong; `too-many-requests`
   */
  signIn(
    given: {
      readonly name: string;
      readonly password: string;
      readonly code: string;
      readonly known?: string;
      readonly replaces?: string;
    },
    place: SignInPlace,
  ): Promise<SignedInView>;

  link(secret: string): Promise<LinkView>;
  redeem(
    given: { readonly secret: string; readonly name?: string; readonly password: string },
    place: SignInPlace,
  ): Promise<SignedInView>;
  makeLink(actor: Actor, purpose: "invite" | "reset", name: string): Promise<MadeLink>;
  /** The secret of the link that makes the first administrator; null: there is one. */
  firstLink(): Promise<string | null>;

  account(actor: Actor): Promise<OwnAccountView>;
  changePassword(
    actor: Actor,
    given: { readonly current: string; readonly next: string },
    place: SignInPlace,
  ): Promise<SignedInView>;
  beginTotp(
    actor: Actor,
  ): Promise<{ readonly secret: string; readonly uri: string; readonly setup: string }>;
  confirmTotp(
    actor: Actor,
    given: { readonly setup: string; readonly code: string },
    place: SignInPlace,
  ): Promise<SignedInView & { readonly recoveryCodes: readonly string[] }>;
  removeTotp(actor: Actor): Promise<void>;

  list(): Promise<readonly AccountView[]>;
  setLocked(actor: Actor, name: string, locked: boolean): Promise<AccountView>;

  beginLogin(place: SignInPlace): Promise<{
    readonly secret: string;
    readonly code: string;
    readonly lastsMs: number;
    readonly everyMs: number;
  }>;
  login(code: string): Promise<LoginView>;
  answerLogin(actor: Actor, code: string, yes: boolean): Promise<void>;
  /** @throws TidelockError `waiting` until somebody has answered */
  pollLogin(
    secret: string,
  ): Promise<{ readonly name: string; readonly token: string; readonly expiresAt: string }>;
}
