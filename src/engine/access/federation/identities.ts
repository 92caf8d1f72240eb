import { createHash, randomBytes } from "node:crypto";
import type { IdentityView } from "../../../api/routes/federation.ts";
import { requireRecent } from "../../../identity/accounts/recent.ts";
import { holdingOf } from "../../../identity/holdings.ts";
import { TidelockError } from "../../../model/errors.ts";
import type { Actor } from "../../../ports/control-plane.ts";
import type { IdentityControl } from "../../../ports/identity-control.ts";
import { announce } from "../../../store/queries/events.ts";
import { namesOf } from "../../../store/queries/grants.ts";
import {
  addIdentity,
  endSessionsBy,
  identityOf,
  listIdentities,
  removeIdentity,
} from "../../../store/queries/identities.ts";
import { listAssignments, listRoles } from "../../../store/queries/tokens.ts";
import type { PersonIdentityRow } from "../../../store/schema-identities.ts";
import type { Db } from "../../../store/schema.ts";
import type { Engine } from "../../engine.ts";
import { requireWritable } from "../../ledger/writable.ts";
import { modeByRecord } from "../../policy/governance.ts";
import { lockPolicy } from "../../policy/lock.ts";
import { requirePerson, requireWithin } from "../giving.ts";
import { twoPeopleFirst } from "../people/two-people-first.ts";

/** Who people are at providers of identities: whoever is let in by one acts as that person. */

/** By which somebody is known again: the issuer's own name for them, at that issuer (OpenID Connect Core 2, `sub`). */
export function identityDigest(issuer: string, subject: string): string {
  return `sha256:${createHash("sha256")
    .update(JSON.stringify([issuer, subject]))
    .digest("hex")}`;
}

export function newIdentityId(): string {
  return `i${randomBytes(6).toString("hex")}`;
}

export async function listPersonIdentities(
  engine: Engine,
  name: string | null,
): Promise<readonly IdentityView[]> {
  const person = name === null ? null : await requirePerson(engine.db, name);
  const rows = await listIdentities(engine.db, person);
  return Promise.all(rows.map((row) => identityView(engine.db, row)));
}

export async function linkIdentity(
  engine: Engine,
  actor: Actor,
  { name, provider, subject }: Parameters<IdentityControl["link"]>[1],
): Promise<IdentityView> {
  const { db } = engine;
  requireRecent(actor.principal, "linking an identity");
  await requireWritable(db, "who somebody is elsewhere is an entry of the ledger");
  const issuer = issuerOf(engine, provider);
  const identity = identityDigest(issuer, subject);
  await modeByRecord(engine);
  const view = await db.transaction().execute(async (tx) => {
    await lockPolicy(tx);
    const person = await requirePerson(tx, name);
    await requireAllTheirs(tx, actor, person, name);
    const before = await identityOf(tx, identity);
    if (before) throw taken(provider);
    const consent = await twoPeopleFirst(tx, actor, {
      act: "identity",
      person,
      of: `${issuer} ${identity}`,
    });
    const { proposal } = consent;
    const wish = { id: newIdentityId(), person, issuer, identity, proposal };
    if (consent.kind === "waits") {
      const shown = { ...wish, id: "", added_at: new Date(), added_by: actor.id };
      return { ...(await identityView(tx, shown)), waitsFor: consent.proposal };
    }
    const row = await addIdentity(tx, wish, actor.id);
    if (!row) throw taken(provider);
    const message = `${actor.id} linked an identity at ${issuer} to ${name}`;
    await announce(tx, { kind: "person.changed", message });
    return identityView(tx, row);
  });
  engine.signals.emit("change");
  return view;
}

/** Whoever links could sign in as them: nobody does who may not do themselves what that person may. */
async function requireAllTheirs(tx: Db, actor: Actor, person: string, name: string): Promise<void> {
  const own = new Map((await listRoles(tx)).map((role) => [role.name, role.permissions]));
  for (const row of (await listAssignments(tx)).filter((one) => one.person === person)) {
    const { role, service, environment } = row;
    const held = holdingOf({ role, permissions: own.get(role) ?? null, service, environment });
    requireWithin(actor, held.permissions, { service, environment }, `an identity of ${name}`);
  }
}

export async function unlinkIdentity(
  engine: Engine,
  actor: Actor,
  id: string,
): Promise<IdentityView> {
  const row = await engine.db.transaction().execute(async (tx) => {
    const row = await removeIdentity(tx, id, actor.id);
    if (!row) {
      throw new TidelockError("not-found", "there is no such identity, or it was taken away", {
        fault: "operator",
        where: id,
        hint: "see them: tidelock person identities",
      });
    }
    await endSessionsBy(tx, row, actor.id);
    const message = `${actor.id} took an identity at ${row.issuer} away (${id})`;
    await announce(tx, { kind: "person.changed", message });
    return row;
  });
  engine.signals.emit("change");
  return identityView(engine.db, row);
}

export function issuerOf(engine: Engine, provider: string): string {
  const known = engine.providers?.providers.find(({ settings }) => settings.id === provider);
  if (known) return known.settings.issuer;
  throw new TidelockError("not-found", `no provider ${provider} is configured`, {
    fault: "operator",
    where: provider,
    hint: "the server's file of identity providers says which there are",
  });
}

function taken(provider: string): TidelockError {
  return new TidelockError("conflict", `this identity at ${provider} is somebody's already`, {
    fault: "operator",
    where: "subject",
    hint: "see whose: tidelock person identities",
  });
}

async function identityView(
  db: Db,
  {
    id,
    person,
    issuer,
    added_at,
    added_by,
  }: Pick<PersonIdentityRow, "id" | "person" | "issuer" | "added_at" | "added_by">,
): Promise<IdentityView> {
  return {
    id,
    person,
    name: (await namesOf(db, person)).names[0] ?? null,
    issuer,
    addedAt: added_at.toISOString(),
    addedBy: added_by,
  };
}
