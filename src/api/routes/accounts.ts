import { z } from "zod";
import { anywhere, everything } from "../../model/permissions.ts";
import { PersonName } from "./manual.ts";

/** Calls about who signs in, and who is signed in. */

const Time = z.iso.datetime();

export const SessionView = z.object({
  id: z.string(),
  /** How they proved who they are: `password`, `totp`, `passkey`, `oidc` … */
  methods: z.array(z.string()),
  issuer: z.string().nullable(),
  carried: z.enum(["cookie", "bearer"]),
  /** Network and program, never a whole address. */
  place: z.string(),
  program: z.string(),
  signedInAt: Time,
  /** To the minute. */
  lastSeenAt: Time,
  idleUntil: Time,
  expiresAt: Time,
  /** The one that asks. */
  current: z.boolean(),
});
export type SessionView = z.infer<typeof SessionView>;

export const CurrentView = z.object({
  kind: z.enum(["bootstrap", "token", "session"]),
  /** As records have it. */
  id: z.string(),
  /** Null: a token asks, and no session. */
  session: SessionView.nullable(),
  /** Whether the sign-in is recent enough to change credentials. */
  recent: z.boolean(),
});
export type CurrentView = z.infer<typeof CurrentView>;

export const AccountView = z.object({
  name: z.string(),
  person: z.string(),
  /** `invited`: their link was not used yet. `suspended` and `left`: nothing of theirs counts now, locked or not. */
  state: z.enum(["invited", "enrolled", "locked", "suspended", "left"]),
  password: z.boolean(),
  totp: z.boolean(),
  recoveryCodes: z.int().nonnegative(),
  /** Who made the link that they began with. */
  sponsor: z.string().nullable(),
  /** Until when an open link of theirs counts. */
  linkUntil: Time.nullable(),
  sessions: z.int().nonnegative(),
  lastSeenAt: Time.nullable(),
  /** Sign-ins under this name that failed, of the last day. */
  failedTries: z.int().nonnegative(),
});
export type AccountView = z.infer<typeof AccountView>;

export const OwnAccountView = AccountView.pick({
  name: true,
  password: true,
  totp: true,
  recoveryCodes: true,
  failedTries: true,
});
export type OwnAccountView = z.infer<typeof OwnAccountView>;

export const LinkView = z.object({
  purpose: z.enum(["first", "invite", "reset"]),
  /** Null: whoever opens it says who they are. */
  name: z.string().nullable(),
  madeBy: z.string(),
  expiresAt: Time.nullable(),
});
export type LinkView = z.infer<typeof LinkView>;

/** A program that waits to be let in. */
export const LoginView = z.object({
  code: z.string(),
  place: z.string(),
  program: z.string(),
  createdAt: Time,
});
export type LoginView = z.infer<typeof LoginView>;

/** Somebody is signed in from here on: the browser has a cookie. */
const SignedIn = z.object({ name: z.string(), expiresAt: Time });

/** The secret is in this answer, and nowhere else: it goes behind `/welcome#`. */
export const MadeLinkView = z.object({
  name: z.string(),
  purpose: z.enum(["first", "invite", "reset"]),
  secret: z.string(),
  expiresAt: Time.nullable(),
});
export type MadeLinkView = z.infer<typeof MadeLinkView>;

const list = z.object({ items: z.array(SessionView) });
const Done = z.object({ done: z.literal(true) });
const secret = z.string().min(20).max(200);
/** Longer than any that is taken, and short enough to hash. */
const Password = z.string().min(1).max(1_024);
const Code = z.string().max(64);
const userCode = z.object({ code: z.string().min(8).max(16) });
const Ended = z.object({ ended: z.int().nonnegative() });
const id = z.string().min(1).max(64);
const person = z.object({ name: PersonName });

const ofOneself = "whoever is known, about themselves";

export const accountRoutes = {
  /** Who is signed in here, how, and until when. */
  sessionShow: {
    method: "GET",
    path: "/api/v1/session",
    own: ofOneself,
    response: CurrentView,
  },
  /** Signs out here. `goOn`: where a browser goes on to, to be signed out at its provider, too; null: nowhere. */
  sessionEnd: {
    method: "DELETE",
    path: "/api/v1/session",
    own: ofOneself,
    response: Ended.extend({ goOn: z.string().nullable() }),
  },
  /** Where one is signed in. */
  sessionList: {
    method: "GET",
    path: "/api/v1/sessions",
    own: ofOneself,
    response: list,
  },
  /** Signs out everywhere, here as well. */
  sessionsEnd: {
    method: "DELETE",
    path: "/api/v1/sessions",
    own: ofOneself,
    response: Ended,
  },
  sessionEndOne: {
    method: "DELETE",
    path: "/api/v1/sessions/:id",
    own: ofOneself,
    params: z.object({ id }),
    response: Ended,
  },
  /** What one signs in with. */
  accountShow: {
    method: "GET",
    path: "/api/v1/account",
    own: ofOneself,
    response: OwnAccountView,
  },
  /** All other sessions end. */
  accountPassword: {
    method: "PUT",
    path: "/api/v1/account/password",
    own: ofOneself,
    body: z.strictObject({ current: Password.or(z.literal("")), next: Password }),
    response: SignedIn,
  },
  /** A secret for an authenticator app; it counts once a code of it has come back. */
  accountTotp: {
    method: "POST",
    path: "/api/v1/account/totp",
    own: ofOneself,
    response: z.object({ secret: z.string(), uri: z.string(), setup: z.string() }),
  },
  /** All other sessions end. The recovery codes are in this answer, and nowhere else. */
  accountTotpConfirm: {
    method: "PUT",
    path: "/api/v1/account/totp",
    own: ofOneself,
    body: z.strictObject({ setup: z.string().min(40).max(400), code: Code }),
    response: SignedIn.extend({ recoveryCodes: z.array(z.string()) }),
  },
  accountTotpRemove: {
    method: "DELETE",
    path: "/api/v1/account/totp",
    own: ofOneself,
    response: Done,
  },
  /** Name, password, and a code where one is set up. Whatever is wrong, the answer is the same. */
  signIn: {
    method: "POST",
    path: "/api/v1/sign-in",
    public: "nobody is signed in yet",
    body: z.strictObject({
      name: z.string().min(1).max(200),
      password: Password,
      code: Code.default(""),
    }),
    response: SignedIn,
  },
  /** What a one-time link is for. */
  welcomeShow: {
    method: "POST",
    path: "/api/v1/welcome/show",
    public: "the link's secret is asked for instead",
    body: z.strictObject({ secret }),
    response: LinkView,
  },
  /** Uses a one-time link: sets a password, and signs in with it. */
  welcome: {
    method: "POST",
    path: "/api/v1/welcome",
    public: "the link's secret is asked for instead",
    body: z.strictObject({ secret, name: PersonName.optional(), password: Password }),
    response: SignedIn,
  },
  /** A program wants to be let in; somebody says so in a browser, under the code. */
  loginBegin: {
    method: "POST",
    path: "/api/v1/logins",
    public: "nobody is signed in yet",
    response: z.object({
      secret: z.string(),
      code: z.string(),
      lastsMs: z.int(),
      everyMs: z.int(),
    }),
  },
  /** `waiting` until somebody has answered; then the session of a program. */
  loginPoll: {
    method: "POST",
    path: "/api/v1/logins/poll",
    public: "the secret that the program was given is asked for instead",
    body: z.strictObject({ secret }),
    response: z.object({ name: z.string(), token: z.string(), expiresAt: Time }),
  },
  loginShow: {
    method: "GET",
    path: "/api/v1/logins/:code",
    own: "whoever is signed in lets a program in as themselves",
    params: userCode,
    response: LoginView,
  },
  loginAnswer: {
    method: "PUT",
    path: "/api/v1/logins/:code",
    own: "whoever is signed in lets a program in as themselves",
    params: userCode,
    body: z.strictObject({ yes: z.boolean() }),
    response: Done,
  },
  /** Who can sign in, and with what. */
  accountList: {
    method: "GET",
    path: "/api/v1/accounts",
    permission: "person.read",
    resource: anywhere,
    response: z.object({ items: z.array(AccountView) }),
  },
  /** A one-time link for somebody's first sign-in, or for another password. Whoever makes it is their sponsor. */
  accountLink: {
    method: "POST",
    path: "/api/v1/accounts/links",
    permission: "account.write",
    resource: everything,
    body: z.strictObject({ name: PersonName, purpose: z.enum(["invite", "reset"]) }),
    response: MadeLinkView,
  },
  /** Signed out everywhere, and nothing of theirs lets them in. */
  accountLock: {
    method: "PUT",
    path: "/api/v1/accounts/:name/lock",
    permission: "account.write",
    resource: everything,
    params: person,
    body: z.strictObject({ locked: z.boolean() }),
    response: AccountView,
  },
  /** Where somebody else is signed in. */
  accountSessions: {
    method: "GET",
    path: "/api/v1/accounts/:name/sessions",
    permission: "account.write",
    resource: everything,
    params: person,
    response: list,
  },
  accountSessionsEnd: {
    method: "DELETE",
    path: "/api/v1/accounts/:name/sessions",
    permission: "account.write",
    resource: everything,
    params: person,
    response: Ended,
  },
  accountSessionEnd: {
    method: "DELETE",
    path: "/api/v1/accounts/:name/sessions/:id",
    permission: "account.write",
    resource: everything,
    params: person.extend({ id }),
    response: Ended,
  },
} as const;
