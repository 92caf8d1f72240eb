import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { SessionView } from "../../../api/routes/accounts.ts";
import { hasSecondFactor, readingOnly } from "../../../identity/accounts/second-factor.ts";
import { holdingOf } from "../../../identity/holdings.ts";
import { isRecent } from "../../../identity/accounts/recent.ts";
import { canonicalJson } from "../../../model/canonical.ts";
import { TidelockError } from "../../../model/errors.ts";
import type { ProviderWord } from "../../../model/identity-provider.ts";
import type { Principal, SignInMethod } from "../../../model/principal.ts";
import { makeSessionToken, tokenDigest } from "../../../model/token.ts";
import type { Actor } from "../../../ports/control-plane.ts";
import { readAccount } from "../../../store/queries/accounts.ts";
import {
  databaseNow,
  insertSession,
  prolongSession,
  readSignedIn,
  removeSessions,
  sessionById,
  sessionsOf,
  type SignedIn,
  tidySessions,
} from "../../../store/queries/sessions.ts";
import type { SessionRow } from "../../../store/schema-accounts.ts";
import type { Db } from "../../../store/schema.ts";
import type { Engine } from "../../engine.ts";
import { absence } from "../people/employment.ts";
import { endBootstrapFor } from "./bootstrap.ts";
import { requirePerson } from "../giving.ts";
import { remembering } from "../remembering.ts";
import { sealedHint } from "./provider-hint.ts";
import { keyFor } from "./sealing.ts";

/** Where somebody signs in from: network and program. */
export interface Device {
  readonly place: string;
  readonly program: string;
}

export interface SignInProof {
  /** Pseudonym. */
  readonly person: string;
  readonly methods: readonly SignInMethod[];
  /** Who said so, where it was somebody else. */
  readonly issuer?: string;
  /** What else they said of it. */
  readonly provider?: ProviderWord;
  /** Their id token, when they want to see it again at the end. */
  readonly hint?: string;
  /** A browser's cookie (default), or a program's Authorization header. */
  readonly carried?: "cookie" | "bearer";
  /** The session that this one goes on from, where nobody has proven anew who they are: its times are this one's. */
  readonly from?: SessionRow;
}

export interface OpenedSession {
  readonly id: string;
  /** In the answer to whoever signed in, and nowhere else. */
  readonly secret: string;
  readonly idleUntil: Date;
  readonly expiresAt: Date;
}

/**
 * The only way to a session: a new one with a secret of its own at every sign-in, so that nobody is signed in with
 * one that somebody else had chosen. In the transaction of whatever proves who it is.
 */
export async function openSession(
  engine: Engine,
  tx: Db,
  proof: SignInProof,
  { place, program }: Device,
): Promise<OpenedSession> {
  const { person, methods, issuer = null, provider = null, carried = "cookie", from, hint } = proof;
  const now = await databaseNow(tx);
  const { sessionIdleMs, sessionMs } = engine.settings;
  const secret = makeSessionToken();
  const expiresAt = from?.expires_at ?? new Date(now.getTime() + sessionMs);
  const id = `s${randomBytes(6).toString("hex")}`;
  const row = {
    id,
    digest: tokenDigest(secret),
    person,
    methods,
    issuer,
    provider,
    carried,
    place,
    program,
    created_at: from?.created_at ?? now,
    idle_ms: sessionIdleMs,
    idle_until: new Date(Math.min(now.getTime() + sessionIdleMs, expiresAt.getTime())),
    expires_at: expiresAt,
  };
  await requireUnlocked(tx, person);
  await requireHere(tx, person, now);
  await tidySessions(tx, person);
  await insertSession(tx, {
    ...row,
    provider: provider && JSON.stringify(provider),
    provider_hint: hint === undefined ? null : await sealedHint(engine, id, hint),
    seal: sealOf(await sealKey(engine), row),
  });
  // Somebody can do now what the first token was for.
  if (hasSecondFactor(methods)) await endBootstrapFor(tx, person);
  return { id: row.id, secret, idleUntil: row.idle_until, expiresAt: row.expires_at };
}

async function requireUnlocked(tx: Db, person: string): Promise<void> {
  const account = await readAccount(tx, person);
  if (!account?.locked) return;
  throw new TidelockError("forbidden", "this account is locked", {
    fault: "operator",
    hint: "an administrator unlocks it: tidelock account unlock <name>",
  });
}

/** Nothing of whoever is suspended or has left counts, and so they begin nothing, and end no token of anybody's. */
async function requireHere(tx: Db, person: string, now: Date): Promise<void> {
  const { why } = await absence(tx, person, { now, signedAt: null });
  if (why === null) return;
  throw new TidelockError("forbidden", `nobody was signed in: ${why}`, {
    fault: "operator",
    hint: "ask an administrator",
  });
}

/** Who holds a session now. Ended by anybody anywhere, it is so for the next request of every process. */
export function makeBySession(
  engine: Engine,
): (digest: string, carried: "cookie" | "bearer") => Promise<Principal | null> {
  const known = remembering(engine.db, async (digest) => {
    const row = await readSignedIn(engine.db, digest);
    if (
      !row ||
      row.locked ||
      row.person_name === null ||
      !sameText(row.seal, sealOf(await sealKey(engine), row))
    )
      return null;
    const ends = [row.idle_until, row.expires_at, row.ends_at ?? row.expires_at];
    const until = Math.min(...ends.map((end) => end.getTime()));
    return { value: principalOf(row, row.person_name), until };
  });
  return async (digest, carried) => {
    const { value, now } = await known(digest);
    if (value === null || value.session.carried !== carried) return null;
    return { ...value, session: { ...value.session, recent: isRecent(value.session, now) } };
  };
}

/** A session that lives, as whoever signed in began it; null: there is none, or somebody has changed the row. */
export async function sealedSession(engine: Engine, id: string): Promise<SessionRow | null> {
  const row = await sessionById(engine.db, id);
  return row && sameText(row.seal, sealOf(await sealKey(engine), row)) ? row : null;
}

function principalOf(row: SignedIn, id: string) {
  const { person, methods, issuer, carried, created_at: signedInAt } = row;
  const holdings = [...(row.assigned ?? []), ...(row.by_groups ?? [])].map(holdingOf);
  return {
    kind: "session",
    id,
    person,
    credential: { id: row.id, name: row.program },
    // A password alone reads: whoever may change something proves more.
    holdings: hasSecondFactor(methods) ? holdings : holdings.map(readingOnly),
    within: null,
    session: {
      methods: methods as readonly SignInMethod[],
      issuer,
      carried,
      signedInAt,
      recent: false,
    },
  } satisfies Principal;
}

/**
 * The session of this id, for another one to go on from; undefined: it has ended, or is a row that nobody signed in for.
 */
export async function goingOn(
  engine: Engine,
  tx: Db,
  person: string,
  id: string | null | undefined,
): Promise<SessionRow | undefined> {
  const row = (await sessionsOf(tx, person)).find((one) => one.id === id);
  return row && sameText(row.seal, sealOf(await sealKey(engine), row)) ? row : undefined;
}

type Sealed = Pick<
  SessionRow,
  | "id"
  | "digest"
  | "person"
  | "methods"
  | "issuer"
  | "provider"
  | "carried"
  | "program"
  | "created_at"
  | "expires_at"
>;

function sealOf(key: Uint8Array, row: Sealed): string {
  const { id, digest, person, methods, issuer, provider, carried, created_at, expires_at } = row;
  const of = provider === null ? null : canonicalJson(provider);
  const said = [id, digest, person, methods, issuer, of, carried, +created_at, +expires_at];
  return createHmac("sha256", key).update(JSON.stringify(said)).digest("hex");
}

function sameText(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}

const sealKey = (engine: Engine) => keyFor(engine, "tidelock session 1");

/** One write a minute for each session, however much is asked. Milliseconds. */
const minuteMs = 60_000;
const mostRemembered = 10_000;

/** Prolongs a session that is used. What cannot be written is left out: no call waits for it or fails by it. */
export function makeSeen(db: Db): (session: string) => void {
  const written = new Map<string, number>();
  return (session) => {
    const minute = Math.floor(Date.now() / minuteMs);
    if (written.get(session) === minute) return;
    if (written.size >= mostRemembered) written.clear();
    written.set(session, minute);
    prolongSession(db, session).catch(() => written.delete(session));
  };
}

/** Own devices, or those of somebody else. */
export async function listSessions(
  engine: Engine,
  actor: Actor,
  name: string | null,
): Promise<readonly SessionView[]> {
  const person = await whose(engine, actor, name);
  return (await sessionsOf(engine.db, person)).map((row) => sessionView(row, actor));
}

/** @throws TidelockError `not-found` for a session that is nobody's or somebody else's */
export async function endSession(
  engine: Engine,
  actor: Actor,
  name: string | null,
  id: string,
): Promise<void> {
  const person = await whose(engine, actor, name);
  if ((await removeSessions(engine.db, { person, id }, actor.id)) > 0) return;
  throw new TidelockError("not-found", "there is no such session, or it has ended", {
    fault: "operator",
    where: id,
    hint: "see them: tidelock account sessions",
  });
}

/** Sign out everywhere. Answers how many have ended. */
export async function endSessions(
  engine: Engine,
  actor: Actor,
  name: string | null,
): Promise<number> {
  const person = await whose(engine, actor, name);
  return removeSessions(engine.db, { person }, actor.id);
}

async function whose(engine: Engine, actor: Actor, name: string | null): Promise<string> {
  if (name !== null) return requirePerson(engine.db, name);
  const person = actor.principal?.person ?? null;
  if (person !== null) return person;
  throw new TidelockError("invalid-input", "this token is no person's, and has no sessions", {
    fault: "operator",
    where: "Authorization header",
    hint: "sign in, or name somebody: tidelock account sessions <name>",
  });
}

export function sessionView(row: SessionRow, actor: Actor): SessionView {
  return {
    id: row.id,
    methods: [...row.methods],
    issuer: row.issuer,
    carried: row.carried,
    place: row.place,
    program: row.program,
    signedInAt: row.created_at.toISOString(),
    lastSeenAt: row.last_seen_at.toISOString(),
    idleUntil: row.idle_until.toISOString(),
    expiresAt: row.expires_at.toISOString(),
    current: actor.principal?.kind === "session" && actor.principal.credential?.id === row.id,
  };
}
