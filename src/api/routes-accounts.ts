import { z } from "zod";
import { everything } from "../model/permissions.ts";
import { PersonName } from "./routes-manual.ts";

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

const list = z.object({ items: z.array(SessionView) });
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
  /** Signs out here. */
  sessionEnd: {
    method: "DELETE",
    path: "/api/v1/session",
    own: ofOneself,
    response: Ended,
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
