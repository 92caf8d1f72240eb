import { randomBytes } from "node:crypto";
import type { PersonView } from "../../../api/routes/manual.ts";
import { shownFingerprint } from "../../../evidence/commit-keys.ts";
import { readPublicKey } from "../../../evidence/keys.ts";
import { isArmouredCertificate, readCertificate } from "../../../evidence/openpgp/enrol.ts";
import { isSshKey, readSshKey } from "../../../evidence/ssh/ssh-key.ts";
import { requireRecent } from "../../../identity/accounts/recent.ts";
import { good, type Result } from "../../../evidence/result.ts";
import { isShared } from "../../../identity/lineage.ts";
import { isPasskey, readPasskey } from "../../../identity/webauthn/passkey-text.ts";
import { TidelockError } from "../../../model/errors.ts";
import type { Digest } from "../../../model/primitives.ts";
import type { Actor } from "../../../ports/control-plane.ts";
import type { PeopleControl } from "../../../ports/people-control.ts";
import { announce } from "../../../store/queries/events.ts";
import {
  addGrant,
  addPersonKey,
  keyById,
  linkOf,
  linkPerson,
  namesOf,
  peopleWithAccess,
  removeGrant,
  removePersonKey,
} from "../../../store/queries/grants.ts";
import { pseudonymOf } from "../../../store/queries/ledger.ts";
import { personByName, programs } from "../../../store/queries/people.ts";
import { certificateBefore } from "../../../store/queries/pgp-certificates.ts";
import type { PersonKeyRow } from "../../../store/schema-manual.ts";
import type { Db } from "../../../store/schema.ts";
import type { Engine } from "../../engine.ts";
import { modeByRecord, requireSignersLeft } from "../../policy/governance.ts";
import { lockPolicy } from "../../policy/lock.ts";
import { proposeGrant, proposeKey } from "../../policy/signers.ts";
import { setStanding } from "./standing.ts";
import { requireClearName } from "./clear-name.ts";
import { showSponsors, vouchFor } from "./vouch.ts";

export function makePeopleControl(engine: Engine): PeopleControl {
  return {
    list: async () =>
      Promise.all(
        (await peopleWithAccess(engine.db)).map(({ pseudonym }) =>
          personView(engine.db, pseudonym),
        ),
      ),
    add: (actor, person) => addPerson(engine, actor, person),
    removeKey: (actor, key) => removeKey(engine, actor, key),
    grant: (actor, grant) => giveRight(engine, actor, grant),
    revoke: (actor, grant) => takeRight(engine, actor, grant),
    sponsors: (name, voucher) => showSponsors(engine.db, name, voucher),
    vouch: (actor, name, envelope) => vouchFor(engine, actor, name, envelope),
    setStanding: (actor, name, wish) => setStanding(engine, actor, name, wish),
  };
}

/**
 * A key and further names of a person; both may be added later. Names tie a person to the commits and deeds that
 * would be own work.
 *
 * Throws `invalid-input` for a key that is none, `conflict` for a key or a name that is somebody else's.
 */
async function addPerson(
  engine: Engine,
  actor: Actor,
  { name, key, also }: Parameters<PeopleControl["add"]>[1],
): Promise<PersonView> {
  if (key !== undefined) requireRecent(actor.principal, "enrolling a key");
  const known = key === undefined ? null : readKey(key);
  if (known && !known.ok) {
    throw new TidelockError("invalid-input", known.problem, {
      fault: "operator",
      where: "the public key",
      hint: isArmouredCertificate(key ?? "")
        ? "gpg --armor --export-options export-minimal --export <address>; which keys count: docs/approvals.md"
        : "openssl pkey -in key.pem -pubout -out key.pub, and give key.pub; of a key that signs commits, give ssh-keygen's .pub file, or gpg --armor --export",
    });
  }
  await modeByRecord(engine);
  const { person, waitsFor } = await engine.db.transaction().execute(async (tx) => {
    await lockPolicy(tx);
    const person = await requireOwnName(tx, name);
    for (const other of also) await link(tx, actor, person, other);
    if (known?.ok) {
      const key_id = known.value.id as Digest;
      const { text } = known.value;
      const given = { key_id, person, public_key: text };
      if ((await keyById(tx, key_id)) || (await certificateBefore(tx, given)) === "taken") {
        throw keyTaken(name);
      }
      const waits = await proposeKey(tx, actor, person, { key: key_id, publicKey: text });
      if (waits !== null) return { person, waitsFor: waits };
      const row = await addPersonKey(tx, given, actor.id);
      if (!row) throw keyTaken(name);
    }
    await announce(tx, {
      kind: "person.changed",
      message: `${actor.id} added ${known === null ? "names" : "a key"} of ${name}`,
    });
    return { person, waitsFor: null };
  });
  engine.signals.emit("change");
  return withWait(await personView(engine.db, person), waitsFor);
}

/** What is enrolled, and by which id; in the one spelling that is kept. */
interface GivenKey {
  readonly id: string;
  readonly text: string;
}

/**
 * A key file's public half; a passkey, which signs approvals and nothing else; or an OpenSSH key or an OpenPGP certificate,
 * which sign commits and nothing else.
 */
function readKey(text: string): Result<GivenKey> {
  if (isArmouredCertificate(text)) return readCertificate(text, Date.now());
  if (isSshKey(text)) return readSshKey(text);
  const read = isPasskey(text) ? readPasskey(text) : readPublicKey(text);
  return read.ok ? good({ id: read.value.id, text }) : read;
}

function keyTaken(name: string): TidelockError {
  return conflict(
    "this key was enrolled before, and a key never changes hands or comes back",
    name,
  );
}

/** What was asked for counts when two people have signed it. */
function withWait(view: PersonView, waitsFor: string | null): PersonView {
  return waitsFor === null ? view : { ...view, waitsFor };
}

/** The pseudonym, of a name that stands for itself. */
export async function requireOwnName(tx: Db, name: string): Promise<string> {
  if (programs.has(name)) throw conflict(`${name} is a program of ours, and no person`, name);
  await requireClearName(tx, name);
  const person = await pseudonymOf(tx, name);
  const link = await linkOf(tx, person);
  if (!link) return person;
  const { names } = await namesOf(tx, link.person);
  throw conflict(`${name} is another name of ${names[0] ?? link.person}`, name);
}

async function link(tx: Db, actor: Actor, person: string, other: string): Promise<void> {
  if (isShared(other)) throw conflict(`${other} is nobody's name: it tells nobody apart`, other);
  const same = await pseudonymOf(tx, other);
  if (same === person) return;
  const before = await linkOf(tx, same);
  if (before?.person === person) return;
  // One who has further names is not another name: what was done under those would be nobody's.
  const own =
    (await peopleWithAccess(tx)).some(({ pseudonym }) => pseudonym === same) ||
    (await namesOf(tx, same)).links.length > 0;
  if (own || before || !(await linkPerson(tx, { same, person }, actor.id))) {
    throw conflict(`${other} is somebody with keys, rights or another name here already`, other);
  }
}

async function removeKey(engine: Engine, actor: Actor, key: string): Promise<PersonView> {
  const row = await engine.db.transaction().execute(async (tx) => {
    const row = await removePersonKey(tx, key, actor.id);
    if (!row) throw notFound("no key that counts has this id", key);
    await requireSignersLeft(tx, "this key cannot be removed");
    await announce(tx, { kind: "person.changed", message: `${actor.id} removed the key ${key}` });
    return row;
  });
  engine.signals.emit("change");
  return personView(engine.db, row.person);
}

async function giveRight(
  engine: Engine,
  actor: Actor,
  { name, ...grant }: Parameters<PeopleControl["grant"]>[1],
): Promise<PersonView> {
  await modeByRecord(engine);
  const { person, waitsFor } = await engine.db.transaction().execute(async (tx) => {
    await lockPolicy(tx);
    if (!(await personByName(tx, name))) {
      throw notFound("nobody is known by this name", name, "tidelock person add <name> --key …");
    }
    const person = await requireOwnName(tx, name);
    const waits = await proposeGrant(tx, actor, person, grant);
    if (waits !== null) return { person, waitsFor: waits };
    await addGrant(tx, { id: `g${randomBytes(5).toString("hex")}`, person, ...grant }, actor.id);
    await announce(tx, {
      kind: "grant.changed",
      message: `${actor.id} gave ${name} the right ${grant.right}`,
    });
    return { person, waitsFor: null };
  });
  engine.signals.emit("change");
  return withWait(await personView(engine.db, person), waitsFor);
}

async function takeRight(engine: Engine, actor: Actor, id: string): Promise<PersonView> {
  const row = await engine.db.transaction().execute(async (tx) => {
    const row = await removeGrant(tx, id, actor.id);
    if (!row) throw notFound("no right that stands has this id", id);
    await requireSignersLeft(tx, "this right cannot be taken away");
    await announce(tx, {
      kind: "grant.changed",
      message: `${actor.id} took away the right ${row.right} (${id})`,
    });
    return row;
  });
  engine.signals.emit("change");
  return personView(engine.db, row.person);
}

async function personView(db: Db, person: string): Promise<PersonView> {
  const [{ names }, own, keys, grants] = await Promise.all([
    namesOf(db, person),
    db
      .selectFrom("ledger_people")
      .select("person")
      .where("pseudonym", "=", person)
      .executeTakeFirst(),
    db
      .selectFrom("person_keys")
      .selectAll()
      .where("person", "=", person)
      .orderBy("added_at")
      .execute(),
    db.selectFrom("grants").selectAll().where("person", "=", person).orderBy("added_at").execute(),
  ]);
  const name = own?.person ?? null;
  return {
    person,
    name,
    also: names.filter((one) => one !== name),
    keys: keys.map((key) => ({
      id: key.key_id,
      ...commitKeyView(key),
      addedAt: key.added_at.toISOString(),
      addedBy: key.added_by,
      removedAt: key.removed_at?.toISOString() ?? null,
    })),
    grants: grants.map((grant) => ({
      id: grant.id,
      right: grant.right,
      service: grant.service,
      environment: grant.environment,
      addedAt: grant.added_at.toISOString(),
      addedBy: grant.added_by,
      removedAt: grant.removed_at?.toISOString() ?? null,
    })),
  };
}

function commitKeyView({ commits, public_key: text }: PersonKeyRow) {
  const fingerprint = commits ? shownFingerprint(text) : undefined;
  return {
    ...(commits ? { signs: "commits" as const } : {}),
    ...(fingerprint === undefined ? {} : { fingerprint }),
  };
}

function conflict(message: string, where: string): TidelockError {
  return new TidelockError("conflict", message, { fault: "operator", where });
}

function notFound(message: string, where: string, hint = "see them: tidelock person list") {
  return new TidelockError("not-found", message, { fault: "operator", where, hint });
}
