import { randomBytes } from "node:crypto";
import type { PasskeyOffer, PasskeyView } from "../../../api/routes/passkeys.ts";
import { decodeBase64, digestBytes } from "../../../evidence/bytes.ts";
import { requireRecent } from "../../../identity/accounts/recent.ts";
import { userHandle } from "../../../identity/passkeys/handle.ts";
import type { PasskeyUse } from "../../../model/webauthn.ts";
import {
  encodeBase64url,
  type Enrolled,
  readNewCredential,
} from "../../../identity/webauthn/enrolment.ts";
import { passkeyText } from "../../../identity/webauthn/passkey-text.ts";
import { TidelockError } from "../../../model/errors.ts";
import type { Actor } from "../../../ports/control-plane.ts";
import type { PasskeyControl, PasskeySite } from "../../../ports/passkey-control.ts";
import { readAccount, twoSignedLink } from "../../../store/queries/accounts.ts";
import { announce } from "../../../store/queries/events.ts";
import { keyById, keysOf, namesOf } from "../../../store/queries/grants.ts";
import {
  addPasskey,
  endPasskeySessions,
  passkeysOf,
  removePasskey,
  type UsedPasskey,
} from "../../../store/queries/passkeys.ts";
import type { PersonKeyRow } from "../../../store/schema-manual.ts";
import type { Db } from "../../../store/schema.ts";
import type { Engine } from "../../engine.ts";
import { modeByRecord } from "../../policy/governance.ts";
import { lockPolicy } from "../../policy/lock.ts";
import { requirePerson } from "../giving.ts";
import { answeredChallenge, newChallenge, requireFirstAnswer } from "./challenges.ts";
import { signInWithPasskey } from "./sign-in.ts";
import { makePeopleControl } from "../people/people.ts";
import { refused } from "../people/two-people.ts";
import { type Consent, twoPeopleFirst } from "../people/two-people-first.ts";

/** Somebody with more has lost sight of them. */
const mostPasskeys = 20;

export function makePasskeyControl(engine: Engine): PasskeyControl {
  return {
    list: async (actor, name) => listPasskeys(engine, await whose(engine, actor, name)),
    offer: (actor, site, use) => offerPasskey(engine, actor, site, use),
    add: (actor, site, wish) =>
      wish.use === "sign-in"
        ? enrolForSignIn(engine, actor, site, wish)
        : enrolForApprovals(engine, actor, site, wish),
    remove: (actor, name, id) => removeOne(engine, actor, name, id),
    offerSignIn: (browser) => newChallenge(engine, { purpose: "sign-in", binding: browser }),
    signIn: (site, browser, given, device) =>
      signInWithPasskey(engine, site, { browser, ...given }, device),
  };
}

async function offerPasskey(
  engine: Engine,
  actor: Actor,
  { rpId }: PasskeySite,
  use: PasskeyUse,
): Promise<PasskeyOffer> {
  const { person, binding } = requireSelf(actor);
  if (use === "sign-in") await requireConsent(engine, actor, person);
  const held = use === "sign-in" ? await passkeysOf(engine.db, person) : [];
  // Several for approvals may lie on one authenticator, and none takes another's place.
  const more = use === "sign-in" ? new Uint8Array() : randomBytes(8);
  return {
    challenge: await newChallenge(engine, { purpose: `enrol-${use}`, binding }),
    rpId,
    userHandle: encodeBase64url(userHandle(use, person, more)),
    userName: use === "sign-in" ? actor.id : `${actor.id} (approvals)`,
    exclude: held.map(({ credential_id }) => credential_id),
  };
}

type Wish = Parameters<PasskeyControl["add"]>[2];

async function enrolForSignIn(engine: Engine, actor: Actor, site: PasskeySite, wish: Wish) {
  const { person, binding } = requireSelf(actor);
  const { enrolled, answered } = await madeHere(engine, site, binding, wish);
  const { credential, algorithm, signCount, backedUp } = enrolled;
  const id = `k${randomBytes(6).toString("hex")}`;
  await engine.db.transaction().execute(async (tx) => {
    // A key for approvals is added under the same lock: no key becomes both.
    await lockPolicy(tx);
    await requireFirstAnswer(tx, answered);
    const consent = await consentFor(tx, actor, person);
    if (consent.kind === "waits") throw waitsFor(consent.proposal);
    if ((await passkeysOf(tx, person)).length >= mostPasskeys) {
      throw refused(
        "conflict",
        `there are ${mostPasskeys} passkeys already`,
        "passkeys",
        removeOld,
      );
    }
    const passkey = {
      id,
      person,
      name: wish.name,
      credential_id: credential.credentialId,
      key_id: digestBytes(decodeBase64(credential.coseKey) ?? new Uint8Array()),
      credential: JSON.stringify(credential),
      algorithm,
      proposal: consent.proposal,
      added_by: actor.id,
    };
    const row = await addPasskey(tx, passkey, { sign_count: signCount, backed_up: backedUp });
    if (!row) throw taken();
    const message = `${actor.id} added a passkey to sign in with`;
    await announce(tx, { kind: "person.changed", message });
  });
  engine.signals.emit("change");
  const passkey = (await listPasskeys(engine, person)).find((one) => one.id === id);
  if (!passkey) throw taken();
  return { passkey };
}

/**
 * In team mode two people sign first that somebody gets one; what they signed is used up by it. Whoever has just come by a
 * link needs no second word: two people signed the link.
 */
async function consentFor(tx: Db, actor: Actor, person: string): Promise<Consent> {
  if (actor.principal?.session?.methods.includes("link") === true) {
    const link = (await readAccount(tx, person))?.link ?? null;
    if (link !== null && (await twoSignedLink(tx, link))) return { kind: "go", proposal: null };
  }
  return twoPeopleFirst(tx, actor, { act: "passkey", person, of: "" });
}

/** Before anything is made on somebody's device. The proposal stays, whatever is answered. */
async function requireConsent(engine: Engine, actor: Actor, person: string): Promise<void> {
  await modeByRecord(engine);
  const consent = await engine.db.transaction().execute(async (tx) => {
    await lockPolicy(tx);
    return consentFor(tx, actor, person);
  });
  if (consent.kind === "waits") throw waitsFor(consent.proposal);
}

function waitsFor(proposal: string): TidelockError {
  return new TidelockError("waiting", "two people have to sign first that you get a passkey", {
    fault: "operator",
    where: proposal,
    hint: `tidelock policy sign ${proposal} --key …, twice; then add it within a day`,
  });
}

const removeOld = "remove one that you use no more";

function taken(): TidelockError {
  const hint = "use another one: a key is for one person and one thing, sign-in or approvals";
  return refused("conflict", "this passkey was enrolled before", "passkey", hint);
}

/** As any key of a person: two people's signatures in team mode, a day's wait where it is not the first. */
async function enrolForApprovals(engine: Engine, actor: Actor, site: PasskeySite, wish: Wish) {
  const { person, binding } = requireSelf(actor);
  const { enrolled, answered } = await madeHere(engine, site, binding, wish);
  await engine.db.transaction().execute((tx) => requireFirstAnswer(tx, answered));
  const key = passkeyText(enrolled.credential);
  const added = await makePeopleControl(engine).add(actor, { name: actor.id, key, also: [] });
  const id = digestBytes(decodeBase64(enrolled.credential.coseKey) ?? new Uint8Array());
  const row = await keyById(engine.db, id);
  const passkey = row ? approvalView(row) : waiting(id, enrolled);
  if (added.person !== person) throw new TidelockError("internal", "it became another person's");
  return { passkey, ...(added.waitsFor === undefined ? {} : { waitsFor: added.waitsFor }) };
}

/** What the browser made to our challenge, here and now. */
async function madeHere(
  engine: Engine,
  { rpId, origin }: PasskeySite,
  binding: string,
  { use, made }: Wish,
) {
  const answered = await answeredChallenge(engine, made.clientDataJSON, {
    purpose: `enrol-${use}`,
    binding,
  });
  if (!answered.ok) throw notTaken(answered.problem);
  const { challenge } = answered.value;
  const enrolled = readNewCredential(made, { challenge, rpId, origin });
  if (!enrolled.ok) throw notTaken(enrolled.problem);
  return { enrolled: enrolled.value, answered: answered.value };
}

function notTaken(problem: string): TidelockError {
  return refused(
    "invalid-input",
    `this is no new passkey for here: ${problem}`,
    "made",
    "try again",
  );
}

/** Only somebody who is signed in, and has just been, changes what signs them in. */
function requireSelf({ principal }: Actor): { readonly person: string; readonly binding: string } {
  const person = principal?.person ?? null;
  if (principal?.kind !== "session" || person === null || !principal.credential) {
    const hint = "sign in in the browser, and enrol it there";
    throw refused("forbidden", "a passkey is enrolled by whoever is signed in", "session", hint);
  }
  requireRecent(principal, "enrolling a passkey");
  return { person, binding: `session ${principal.credential.id}` };
}

async function whose(engine: Engine, actor: Actor, name: string | null): Promise<string> {
  if (name !== null) return requirePerson(engine.db, name);
  const person = actor.principal?.person ?? null;
  if (person !== null) return person;
  const hint = "sign in, or name somebody: tidelock passkey list <name>";
  throw refused("invalid-input", "this token is no person's, and has no passkeys", "token", hint);
}

async function removeOne(
  engine: Engine,
  actor: Actor,
  name: string | null,
  id: string,
): Promise<void> {
  const person = await whose(engine, actor, name);
  const { principal } = actor;
  requireRecent(principal, "removing a passkey");
  if (name === null && principal?.kind === "token" && principal.within !== null) {
    const hint = "sign in, and remove it there";
    throw refused("forbidden", "this token is narrower than its person", "token", hint);
  }
  const key = (await keysOf(engine.db, person)).find((one) => one.key_id === id);
  // Somebody else's key for approvals is taken away by who may take keys away.
  if (key?.webauthn && name === null) {
    await makePeopleControl(engine).removeKey(actor, id);
    return;
  }
  await engine.db.transaction().execute(async (tx) => {
    const row = await removePasskey(tx, { id, person }, actor.id);
    if (!row) {
      const hint = "see them: tidelock passkey list";
      throw refused("not-found", "there is no such passkey, or it was removed", id, hint);
    }
    const except = principal?.kind === "session" ? (principal.credential?.id ?? "") : "";
    await endPasskeySessions(tx, { person, except }, actor.id);
    const { names } = await namesOf(tx, person);
    const message = `${actor.id} removed a passkey of ${names[0] ?? person}`;
    await announce(tx, { kind: "person.changed", message });
  });
  engine.signals.emit("change");
}

/** Those for sign-in, then those for approvals. */
async function listPasskeys(engine: Engine, person: string): Promise<readonly PasskeyView[]> {
  const [own, keys] = await Promise.all([passkeysOf(engine.db, person), keysOf(engine.db, person)]);
  return [...own.map(signInView), ...keys.filter((key) => key.webauthn !== null).map(approvalView)];
}

function signInView(row: UsedPasskey): PasskeyView {
  const { credential } = row;
  return {
    id: row.id,
    use: "sign-in",
    name: row.name,
    algorithm: row.algorithm,
    aaguid: aaguidOf(credential.aaguid),
    backupEligible: credential.backupEligible ?? null,
    backedUp: row.backed_up,
    rpId: credential.rpId,
    addedAt: row.added_at.toISOString(),
    lastUsedAt: row.last_at?.toISOString() ?? null,
  };
}

function approvalView({ key_id, webauthn, added_at }: PersonKeyRow): PasskeyView {
  return {
    id: key_id,
    use: "approval",
    name: "",
    algorithm: "",
    aaguid: aaguidOf(webauthn?.aaguid),
    backupEligible: webauthn?.backupEligible ?? null,
    backedUp: null,
    rpId: webauthn?.rpId ?? "",
    addedAt: added_at.toISOString(),
    lastUsedAt: null,
  };
}

/** Not yet anybody's: two people have to sign it first. */
function waiting(id: string, { credential, algorithm, backedUp }: Enrolled): PasskeyView {
  return {
    id,
    use: "approval",
    name: "",
    algorithm,
    aaguid: aaguidOf(credential.aaguid),
    backupEligible: credential.backupEligible ?? null,
    backedUp,
    rpId: credential.rpId,
    addedAt: new Date().toISOString(),
    lastUsedAt: null,
  };
}

/** Many authenticators say nothing but zeros. */
function aaguidOf(aaguid: string | undefined): string | null {
  return aaguid === undefined || /^[0-]+$/.test(aaguid) ? null : aaguid;
}
