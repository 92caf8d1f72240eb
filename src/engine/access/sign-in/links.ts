import { requireRecent } from "../../../identity/accounts/recent.ts";
import { holdingOf } from "../../../identity/holdings.ts";
import { passwordProblem } from "../../../identity/accounts/password-rules.ts";
import { TidelockError } from "../../../model/errors.ts";
import { makeSessionToken, tokenDigest } from "../../../model/token.ts";
import type { AccountControl, MadeLink, SignedInView } from "../../../ports/account-control.ts";
import type { Actor } from "../../../ports/control-plane.ts";
import { accountLinksProjection } from "../../../store/projections/accounts.ts";
import {
  addLink,
  endLinks,
  findLink,
  openLinks,
  putAccount,
  readAccount,
  twoSignedLink,
  useLink,
} from "../../../store/queries/accounts.ts";
import { announce } from "../../../store/queries/events.ts";
import { namesOf } from "../../../store/queries/grants.ts";
import { personByName } from "../../../store/queries/people.ts";
import { passkeysOf, removePasskey } from "../../../store/queries/passkeys.ts";
import { removeSessions } from "../../../store/queries/sessions.ts";
import { addAssignment, rolesOfPerson } from "../../../store/queries/tokens.ts";
import type { AccountLinkRow } from "../../../store/schema-accounts.ts";
import type { Db } from "../../../store/schema.ts";
import type { Engine } from "../../engine.ts";
import { groundsOf } from "../../ledger/leaning.ts";
import { governanceMode, modeByRecord } from "../../policy/governance.ts";
import { lockPolicy } from "../../policy/lock.ts";
import { proposeRole } from "../../policy/signers.ts";
import { builtInRoles } from "../../../identity/roles.ts";
import { newLinkId } from "./bootstrap.ts";
import { requirePerson, requireWithin } from "../giving.ts";
import { makerStillMay } from "./link-maker.ts";
import { hashPassword } from "./password-hash.ts";
import { requireClearName } from "../people/clear-name.ts";
import { requireOwnName } from "../people/people.ts";
import { requireByRecord } from "../people/two-people.ts";
import { twoPeopleFirst } from "../people/two-people-first.ts";
import { newAssignmentId } from "../roles.ts";
import { type Device, openSession } from "./sessions.ts";

/** One-time links: the only way to a first password, and to another one for who has lost theirs. */

const linkMs = 24 * 3_600_000;

/** Whoever makes it is the sponsor. Who is invited may what their roles say, so nobody invites beyond themselves. */
export async function makeLink(
  engine: Engine,
  actor: Actor,
  purpose: "invite" | "reset",
  name: string,
): Promise<MadeLink> {
  requireRecent(actor.principal, "letting somebody sign in");
  const secret = makeSessionToken();
  await modeByRecord(engine);
  const made = await engine.db.transaction().execute(async (tx) => {
    await lockPolicy(tx);
    const person =
      purpose === "invite" ? await requireOwnName(tx, name) : await requirePerson(tx, name);
    const account = await readAccount(tx, person);
    if (purpose === "invite" && account) throw known(name);
    if (purpose === "reset" && !account) throw unknown(name);
    await requireNoMore(tx, actor, person, name);
    const act = purpose === "invite" ? "invitation" : "reset";
    const consent = await twoPeopleFirst(tx, actor, { act, person, of: "" });
    if (consent.kind === "waits") return { waitsFor: consent.proposal };
    await endLinks(tx, { person }, actor.id);
    const link = { id: newLinkId(), digest: tokenDigest(secret), purpose, person };
    const { proposal } = consent;
    const row = await addLink(tx, { ...link, lastsMs: linkMs, proposal }, actor.id);
    await announce(tx, {
      kind: "account.changed",
      message: `${actor.id} made a link for ${name} (${purpose})`,
    });
    return { row };
  });
  engine.signals.emit("change");
  if ("waitsFor" in made) {
    throw new TidelockError(
      "conflict",
      `two people have to sign first that ${name} gets a link: proposal ${made.waitsFor}`,
      {
        fault: "operator",
        where: name,
        hint: `each of two people: tidelock policy sign ${made.waitsFor} --key …; then ask for the link again`,
      },
    );
  }
  const { row } = made;
  return { secret, purpose, name, expiresAt: row.expires_at?.toISOString() ?? null };
}

/**
 * Whoever holds somebody's link can become them.
 *
 * @throws TidelockError `forbidden`
 */
export async function requireNoMore(
  tx: Db,
  actor: Actor,
  person: string,
  name: string,
): Promise<void> {
  if (actor.principal?.person === person) return;
  for (const { role, service, environment, permissions } of await rolesOfPerson(tx, person)) {
    const held = holdingOf({ role, service, environment, permissions });
    requireWithin(actor, held.permissions, { service, environment }, name);
  }
}

/** What a link is for, before it is used. Nothing of it is said to whoever has not its secret. */
export async function lookAtLink(
  engine: Engine,
  secret: string,
): ReturnType<AccountControl["link"]> {
  const link = await findLink(engine.db, tokenDigest(secret));
  if (!link) throw noLink();
  return {
    purpose: link.purpose,
    name: await nameOf(engine.db, link),
    madeBy: link.added_by,
    expiresAt: link.expires_at?.toISOString() ?? null,
  };
}

async function nameOf(db: Db, { person }: AccountLinkRow): Promise<string | null> {
  return person === null ? null : ((await namesOf(db, person)).names[0] ?? null);
}

/** Sets the first or another password, signs in with it, and the link is none any more. Of two at once, one does. */
export async function redeemLink(
  engine: Engine,
  { secret, name: given, password }: Parameters<AccountControl["redeem"]>[0],
  device: Device,
): Promise<SignedInView> {
  const digest = tokenDigest(secret);
  const link = await findLink(engine.db, digest);
  if (!link) throw noLink();
  const name = link.purpose === "first" ? given : await nameOf(engine.db, link);
  if (!name) {
    throw new TidelockError("invalid-input", "who are you?", {
      fault: "operator",
      where: "name",
      hint: "your name or address, as it shall stand in records",
    });
  }
  if (link.purpose === "first") await requireClearName(engine.db, name);
  requireGoodPassword(password, name);
  const hash = await hashPassword(password);
  // A link that somebody wrote into the database opens nothing.
  await requireByRecord(engine, async () => {
    const row = await findLink(engine.db, digest);
    return groundsOf(accountLinksProjection, row ? [row] : []);
  });
  await modeByRecord(engine);
  const session = await engine.db.transaction().execute(async (tx) => {
    await lockPolicy(tx);
    const known = (await personByName(tx, name)) !== undefined;
    const used = await useLink(tx, digest, name);
    if (!used) throw noLink();
    await requireTwoHadSigned(tx, used);
    if (!(await makerStillMay(tx, used))) throw noLink();
    const person = used.person ?? (await requireOwnName(tx, name));
    if (used.purpose === "first") await noteOwnerMade(engine, tx, used, person, known);
    // Who has lost one thing may have lost all: nothing that was there before opens the account.
    await removeSessions(tx, { person }, name);
    const nothing = { totp: null, recovery: [] };
    for (const { id } of await passkeysOf(tx, person))
      await removePasskey(tx, { id, person }, name);
    const set = { password: hash, ...nothing, link: used.id };
    await putAccount(tx, person, set, name, "account.credential-set");
    if (used.purpose === "first") await makeAdministrator(tx, person, name, used.added_by);
    await announce(tx, {
      kind: "account.changed",
      message: `${name} used a link (${used.purpose}) that ${used.added_by} had made`,
    });
    return openSession(engine, tx, { person, methods: ["link", "password"] }, device);
  });
  engine.signals.emit("change");
  return { name, session, device: null };
}

/** A link of before two people had to sign it lets nobody in any more. What the machine's owner asked for gives no role. */
async function requireTwoHadSigned(tx: Db, { id, purpose }: AccountLinkRow): Promise<void> {
  if (purpose === "first" || (await governanceMode(tx)) !== "team") return;
  if (await twoSignedLink(tx, id)) return;
  throw new TidelockError("conflict", "one person made this link, and by now two have to sign it", {
    fault: "operator",
    where: "governance",
    hint: "ask for a new one: tidelock account invite, or reset",
  });
}

/**
 * Nobody knows who is at the machine, so nobody knows who stands behind whom it lets in: approvals of theirs count beside
 * nobody's work before a third person vouches, and those of somebody who was here before wait for a day as after any reset.
 */
async function noteOwnerMade(
  { ledger }: Engine,
  tx: Db,
  { id, added_by: by }: AccountLinkRow,
  person: string,
  known: boolean,
): Promise<void> {
  await ledger.append(tx, {
    operation: `account-owner-made/${id}`,
    kind: "account.owner-made",
    stream: "system",
    actor: by,
    payload: { link: id, person, known },
  });
}

/** Under governance team even this one waits for two signatures. */
async function makeAdministrator(tx: Db, person: string, name: string, by: string): Promise<void> {
  const everywhere = { service: null, environment: null };
  if ((await rolesOfPerson(tx, person)).some(isFull)) return;
  const wish = { person, token: null, role: "administrator", ...everywhere };
  const permissions = [...(builtInRoles.get("administrator")?.permissions ?? [])].sort();
  const waits = await proposeRole(tx, { id: by }, { ...wish, permissions });
  if (waits !== null) return;
  await addAssignment(tx, { id: newAssignmentId(), ...wish }, by);
  await announce(tx, { kind: "role.changed", message: `${by} made ${name} an administrator` });
}

function isFull(role: Awaited<ReturnType<typeof rolesOfPerson>>[number]): boolean {
  return role.role === "administrator" && role.service === null && role.environment === null;
}

/** @throws TidelockError `invalid-input`, without the password */
export function requireGoodPassword(password: string, name: string): void {
  const problem = passwordProblem(password, name);
  if (problem === null) return;
  throw new TidelockError("invalid-input", `this password is not taken: ${problem}`, {
    fault: "operator",
    where: "password",
    hint: "several words that nobody would put together are easy to keep and hard to guess",
  });
}

export async function openLinkOf(db: Db, person: string): Promise<AccountLinkRow | null> {
  return (await openLinks(db, { person })).at(-1) ?? null;
}

function noLink(): TidelockError {
  return new TidelockError("not-found", "this link was used, has ended, or never was one", {
    fault: "operator",
    hint: "ask whoever sent it for a new one; on the machine itself: tidelock server recover-access",
  });
}

function known(name: string): TidelockError {
  return new TidelockError("conflict", `${name} can sign in already`, {
    fault: "operator",
    where: name,
    hint: "another password, when theirs is lost: tidelock account reset <name>",
  });
}

function unknown(name: string): TidelockError {
  return new TidelockError("not-found", `${name} has never signed in here`, {
    fault: "operator",
    where: name,
    hint: "tidelock account invite <name>",
  });
}
