import { randomBytes } from "node:crypto";
import { sql } from "kysely";
import type { AccountView, OwnAccountView } from "../../../api/routes/accounts.ts";
import { requireRecent } from "../../../identity/accounts/recent.ts";
import { makeRecoveryCodes, recoveryDigest } from "../../../identity/accounts/recovery-codes.ts";
import { base32, otpauthUri, totpSecretBytes, totpStep } from "../../../identity/accounts/totp.ts";
import { TidelockError } from "../../../model/errors.ts";
import type { SignInMethod } from "../../../model/principal.ts";
import type { AccountControl, SignedInView } from "../../../ports/account-control.ts";
import type { Actor } from "../../../ports/control-plane.ts";
import { putAccount, readAccount, takeTotpStep } from "../../../store/queries/accounts.ts";
import { announce } from "../../../store/queries/events.ts";
import { databaseNow, removeSessions, sessionsOf } from "../../../store/queries/sessions.ts";
import { failuresOfDay } from "../../../store/queries/sign-in-failures.ts";
import type { AccountRow } from "../../../store/schema-accounts.ts";
import type { Engine } from "../../engine.ts";
import { lockPolicy } from "../../policy/lock.ts";
import { stateOfAbsent } from "../people/employment.ts";
import { requirePerson } from "../giving.ts";
import { openLinkOf, requireGoodPassword, requireNoMore } from "./links.ts";
import { hashPassword } from "./password-hash.ts";
import { keyedDigest, opened, sealed } from "./sealing.ts";
import { type Device, goingOn, openSession } from "./sessions.ts";
import { checkOwnPassword, totpUse } from "./sign-in.ts";

/** What somebody signs in with, changed by themselves; and accounts as others see them. */

/** A secret that is shown and not yet proven is kept by the browser, sealed, so long. Milliseconds. */
const setupMs = 15 * 60_000;

export async function beginTotp(
  engine: Engine,
  actor: Actor,
): ReturnType<AccountControl["beginTotp"]> {
  requireRecent(actor.principal, "setting up an authenticator app");
  const { person } = await own(engine, actor);
  const secret = randomBytes(totpSecretBytes);
  const until = (await databaseNow(engine.db)).getTime() + setupMs;
  const bytes = Buffer.concat([Buffer.from(String(until).padStart(16, "0")), secret]);
  const setup = await sealed(engine, "tidelock totp setup 1", person, bytes);
  return {
    secret: base32(secret),
    uri: otpauthUri(secret, actor.id),
    setup: setup.toString("base64url"),
  };
}

/** The app shows the right code: from now on it is asked for. All other sessions end. */
export async function confirmTotp(
  engine: Engine,
  actor: Actor,
  { setup, code }: { readonly setup: string; readonly code: string },
  device: Device,
): ReturnType<AccountControl["confirmTotp"]> {
  requireRecent(actor.principal, "setting up an authenticator app");
  const { person } = await own(engine, actor);
  const sealedSetup = Buffer.from(setup, "base64url");
  const bytes = await opened(engine, "tidelock totp setup 1", person, sealedSetup);
  const now = (await databaseNow(engine.db)).getTime();
  const secret = bytes.subarray(16);
  const step = totpStep(secret, code.replaceAll(" ", ""), now, 0);
  if (step === null || Number(bytes.subarray(0, 16).toString()) < now) {
    throw new TidelockError("invalid-input", "this is not the code of that secret now", {
      fault: "operator",
      where: "code",
      hint: "type what the app shows, and look whether the clocks of both are right",
    });
  }
  const totp = await sealed(engine, totpUse, person, secret);
  const codes = makeRecoveryCodes();
  const recovery = codes.flatMap((one) => recoveryDigest(one) ?? []);
  const result = await engine.db.transaction().execute(async (tx) => {
    await putAccount(tx, person, { totp, totp_step: 0, recovery }, actor.id, "account.credential-set"); // prettier-ignore
    // The code that was typed here opens nothing a second time.
    await takeTotpStep(tx, person, step);
    await announce(tx, { kind: "account.changed", message: `${actor.id} set up an authenticator app` }); // prettier-ignore
    return anew(engine, tx, actor, person, ["totp"], device);
  });
  engine.signals.emit("change");
  return { ...result, recoveryCodes: codes };
}

/**
 * Goes on here, with a new secret, and nowhere else; no longer than before, and signed in no later: what somebody sets
 * up now proves nothing of who they are.
 */
async function anew(
  engine: Engine,
  tx: Parameters<typeof openSession>[1],
  actor: Actor,
  person: string,
  more: readonly SignInMethod[],
  device: Device,
): Promise<SignedInView> {
  const from = await goingOn(engine, tx, person, actor.principal?.credential?.id);
  if (from === undefined) {
    throw new TidelockError("unauthenticated", "this session has ended", {
      fault: "operator",
      where: "session",
      hint: "sign in again",
    });
  }
  await removeSessions(tx, { person }, actor.id);
  const before = from.methods as readonly SignInMethod[];
  const methods = [...new Set([...before.filter((one) => one !== "alone"), ...more])];
  const { issuer, provider } = from;
  const said = {
    ...(issuer === null ? {} : { issuer }),
    ...(provider === null ? {} : { provider }),
  };
  const proof = { person, methods, ...said, from };
  return { name: actor.id, session: await openSession(engine, tx, proof, device), device: null };
}

export async function removeTotp(engine: Engine, actor: Actor): Promise<void> {
  requireRecent(actor.principal, "removing the authenticator app");
  const { person } = await own(engine, actor);
  await engine.db.transaction().execute(async (tx) => {
    const nothing = { totp: null, recovery: [] };
    await putAccount(tx, person, nothing, actor.id, "account.credential-removed");
    const here = actor.principal?.credential?.id;
    await removeSessions(tx, { person, ...(here === undefined ? {} : { except: here }) }, actor.id);
    await announce(tx, { kind: "account.changed", message: `${actor.id} removed their authenticator app` }); // prettier-ignore
  });
  engine.signals.emit("change");
}

/** All other sessions end. */
export async function changePassword(
  engine: Engine,
  actor: Actor,
  { current, next }: { readonly current: string; readonly next: string },
  device: Device,
): Promise<SignedInView> {
  requireRecent(actor.principal, "changing the password");
  const { person, password } = await own(engine, actor);
  if (password !== null && !(await checkOwnPassword(engine, actor.id, device, current, password))) {
    throw new TidelockError("forbidden", "the password until now is not right", {
      fault: "operator",
      where: "current",
    });
  }
  requireGoodPassword(next, actor.id);
  const hash = await hashPassword(next);
  const result = await engine.db.transaction().execute(async (tx) => {
    await putAccount(tx, person, { password: hash }, actor.id, "account.credential-set");
    await announce(tx, { kind: "account.changed", message: `${actor.id} changed their password` });
    return anew(engine, tx, actor, person, [], device);
  });
  engine.signals.emit("change");
  return result;
}

/** Credentials are changed by who is signed in, in a browser: never by a token. */
async function own(
  engine: Engine,
  { principal }: Actor,
): Promise<Pick<AccountRow, "person" | "password" | "totp" | "recovery">> {
  const person = principal?.kind === "session" ? principal.person : null;
  if (person === null || person === undefined || principal?.session?.carried !== "cookie") {
    throw new TidelockError("forbidden", "this is changed by who is signed in, in a browser", {
      fault: "operator",
      where: "session",
      hint: "open the dashboard and sign in",
    });
  }
  const none = { person, password: null, totp: null, recovery: [] };
  return (await readAccount(engine.db, person)) ?? none;
}

export async function ownAccount(engine: Engine, actor: Actor): Promise<OwnAccountView> {
  const { password, totp, recovery } = await own(engine, actor);
  return {
    name: actor.id,
    password: password !== null,
    totp: totp !== null,
    recoveryCodes: recovery.length,
    failedTries: await failuresAt(engine, actor.id),
  };
}

function failuresAt(engine: Engine, name: string): Promise<number> {
  const text = `name ${name.normalize("NFKC").toLowerCase()}`;
  return keyedDigest(engine, "tidelock failed sign-ins 1", text).then((digest) =>
    failuresOfDay(engine.db, digest),
  );
}

/** Locked out: signed out everywhere, and neither password nor passkey nor token of theirs lets them in. */
export async function setLocked(
  engine: Engine,
  actor: Actor,
  name: string,
  locked: boolean,
): Promise<AccountView> {
  requireRecent(actor.principal, locked ? "locking an account" : "unlocking an account");
  const person = await engine.db.transaction().execute(async (tx) => {
    await lockPolicy(tx);
    const person = await requirePerson(tx, name);
    if (person === actor.principal?.person) {
      throw new TidelockError("conflict", "nobody locks themselves out", {
        fault: "operator",
        where: name,
        hint: "sign out everywhere: tidelock account sessions --end-all",
      });
    }
    await requireNoMore(tx, actor, person, name);
    const before = await readAccount(tx, person);
    if ((before?.locked ?? false) === locked) return person;
    if (!before) await putAccount(tx, person, {}, actor.id, "account.created");
    const kind = locked ? "account.locked" : "account.unlocked";
    await putAccount(tx, person, { locked }, actor.id, kind);
    if (locked) await removeSessions(tx, { person }, actor.id);
    await announce(tx, {
      kind: "account.changed",
      message: `${actor.id} ${locked ? "locked" : "unlocked"} the account of ${name}`,
    });
    return person;
  });
  engine.signals.emit("change");
  return accountView(engine, person, name);
}

/** Everybody who can sign in, or may once their link is used. */
export async function listAccounts(engine: Engine): Promise<readonly AccountView[]> {
  const { db } = engine;
  const rows = await db
    .selectFrom("ledger_people")
    .select(["pseudonym", "person"])
    .where(
      sql<boolean>`pseudonym in (select person from accounts union select person from sessions
        union select person from account_links where person is not null)`,
    )
    .orderBy("person")
    .execute();
  return Promise.all(
    rows.flatMap(({ pseudonym, person }) =>
      person === null ? [] : [accountView(engine, pseudonym, person)],
    ),
  );
}

async function accountView(engine: Engine, person: string, name: string): Promise<AccountView> {
  const { db } = engine;
  const account = await readAccount(db, person);
  const link = await openLinkOf(db, person);
  const began = account?.link
    ? await db
        .selectFrom("account_links")
        .select("added_by")
        .where("id", "=", account.link)
        .executeTakeFirst()
    : undefined;
  const sessions = await sessionsOf(db, person);
  const enrolled = account !== undefined || sessions.length > 0;
  const away = await stateOfAbsent(db, person);
  return {
    name,
    person,
    state: away ?? (account?.locked ? "locked" : enrolled ? "enrolled" : "invited"),
    password: (account?.password ?? null) !== null,
    totp: (account?.totp ?? null) !== null,
    recoveryCodes: account?.recovery.length ?? 0,
    sponsor: began?.added_by ?? link?.added_by ?? null,
    linkUntil: link?.expires_at?.toISOString() ?? null,
    sessions: sessions.length,
    lastSeenAt: sessions[0]?.last_seen_at.toISOString() ?? null,
    failedTries: await failuresAt(engine, name),
  };
}
