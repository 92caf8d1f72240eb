import { randomBytes, randomInt } from "node:crypto";
import { requireRecent } from "../../../identity/accounts/recent.ts";
import { roomFor } from "../../../identity/accounts/waiting-logins.ts";
import { TidelockError } from "../../../model/errors.ts";
import type { Principal, SignInMethod } from "../../../model/principal.ts";
import { tokenDigest } from "../../../model/token.ts";
import type { AccountControl } from "../../../ports/account-control.ts";
import type { Actor } from "../../../ports/control-plane.ts";
import { announce } from "../../../store/queries/events.ts";
import { namesOf } from "../../../store/queries/grants.ts";
import {
  addLogin,
  answerLogin,
  endLogin,
  findLogin,
  type Login,
  openLogins,
  takeLogin,
} from "../../../store/queries/logins.ts";
import type { SessionRow } from "../../../store/schema-accounts.ts";
import { keyedDigest } from "./sealing.ts";
import type { Engine } from "../../engine.ts";
import { type Device, goingOn, openSession } from "./sessions.ts";

/**
 * A program on a terminal signs in by way of a browser, as in RFC 8628: it shows a short code, somebody who is signed
 * in types it into a page and says yes, and the program gets a session of theirs.
 */

const openMs = 10 * 60_000;
/** Consonants, so that no word comes out (RFC 8628, 6.1). 20^8: nobody guesses one of a thousand in ten minutes. */
const letters = "BCDFGHJKLMNPQRSTVWXZ";

export async function beginLogin(
  engine: Engine,
  { place, program }: Device,
): ReturnType<AccountControl["beginLogin"]> {
  const secret = randomBytes(32).toString("base64url");
  const letter = () => letters[randomInt(letters.length)];
  const code = Array.from({ length: 8 }, letter)
    .join("")
    .replace(/^(.{4})/, "$1-");
  await engine.db.transaction().execute(async (tx) => {
    const { waiting, known } = await openLogins(tx, place);
    const room = roomFor({ network: place, known }, waiting);
    if (room.kind === "ends") await endLogin(tx, room.id);
    if (room.kind === "none") {
      throw new TidelockError("too-many-requests", "too many programs wait to be signed in", {
        fault: "operator",
        retryable: true,
        hint: "try again in ten minutes",
      });
    }
    await addLogin(tx, { digest: tokenDigest(secret), code, place, program }, openMs);
  });
  return { secret, code, lastsMs: openMs, everyMs: 2_000 };
}

/** What waits under a code, before somebody says yes. */
export async function lookAtLogin(
  engine: Engine,
  code: string,
): ReturnType<AccountControl["login"]> {
  const login = await findLogin(engine.db, { code: code.toUpperCase() });
  if (!login || login.person !== null || login.refused) throw noLogin();
  return {
    code: login.code,
    place: login.place,
    program: login.program,
    createdAt: login.created_at.toISOString(),
  };
}

export async function answerTo(
  engine: Engine,
  actor: Actor,
  code: string,
  yes: boolean,
): Promise<void> {
  const { principal } = actor;
  const session = principal?.session;
  if (!principal?.person || session?.carried !== "cookie") {
    throw new TidelockError("forbidden", "a program is let in by who is signed in, in a browser", {
      fault: "operator",
      where: "session",
    });
  }
  if (yes) requireRecent(principal, "letting a program in");
  const login = await findLogin(engine.db, { code: code.toUpperCase() });
  if (!login) throw noLogin();
  const who = yes ? await sealedYes(engine, login, principal) : null;
  if (!(await answerLogin(engine.db, login.code, who))) throw noLogin();
}

/** A row that somebody writes into the database is nobody's yes. */
async function sealedYes(
  engine: Engine,
  { digest }: Pick<Login, "digest">,
  { person, session, credential }: Principal,
) {
  const yes = {
    person,
    methods: session?.methods ?? [],
    issuer: session?.issuer ?? null,
    session: credential?.id ?? null,
  };
  return { ...yes, seal: await sealOf(engine, { digest, ...yes }) };
}

function sealOf(
  engine: Engine,
  {
    digest,
    person,
    methods,
    issuer,
    session,
  }: Pick<Login, "digest" | "person" | "methods" | "issuer" | "session">,
): Promise<string> {
  const said = JSON.stringify([digest, person, methods, issuer, session]);
  return keyedDigest(engine, "tidelock login answer 1", said);
}

/** Asked every few seconds by the program. Of two who ask with the same secret, one gets the session. */
export async function pollLogin(
  engine: Engine,
  secret: string,
): ReturnType<AccountControl["pollLogin"]> {
  const digest = tokenDigest(secret);
  const login = await findLogin(engine.db, { digest });
  if (!login) throw noLogin();
  if (login.refused) {
    throw new TidelockError("forbidden", "whoever read the code said no", { fault: "operator" });
  }
  if (login.person === null) {
    throw new TidelockError("waiting", "nobody has confirmed the code yet", { retryable: true });
  }
  const { name, session } = await letIn(engine, digest, login, login.person);
  return {
    name,
    token: session.secret,
    expiresAt: session.expiresAt.toISOString(),
  };
}

async function letIn(engine: Engine, digest: string, login: Login, person: string) {
  const [name] = (await namesOf(engine.db, person)).names;
  if (name === undefined) throw noLogin();
  const seal = await sealOf(engine, login);
  const session = await engine.db.transaction().execute(async (tx) => {
    if (!(await takeLogin(tx, digest)) || login.seal !== seal) throw noLogin();
    // Signed out meanwhile, everywhere or there alone: what was let in before comes in no more.
    const from = await goingOn(engine, tx, person, login.session);
    if (from === undefined) throw noLogin();
    const { place, program, issuer } = login;
    const methods = (login.methods ?? []) as readonly SignInMethod[];
    // Typing a code into a page that somebody has left open proves nothing anew.
    const proof = { person, methods, carried: "bearer" as const, from };
    const opened = await openSession(
      engine,
      tx,
      { ...proof, ...(issuer === null ? {} : { issuer }), ...wordFor(from) },
      { place, program },
    );
    await announce(tx, { kind: "account.changed", message: `${name} let a program in (${opened.id})` }); // prettier-ignore
    return opened;
  });
  return { name, session };
}

/** What ends the session at the provider ends the program's, too; its groups' roles stay in the browser. */
function wordFor({ provider }: Pick<SessionRow, "provider">) {
  return provider === null ? {} : { provider: { ...provider, roles: [] } };
}

function noLogin(): TidelockError {
  return new TidelockError("not-found", "no program waits under this code", {
    fault: "operator",
    where: "code",
    hint: "codes last ten minutes; begin again: tidelock login",
  });
}
