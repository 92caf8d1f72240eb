import type { Sight } from "../../model/principal.ts";
import { seen } from "../../store/queries/page.ts";
import { randomBytes } from "node:crypto";
import type { TokenView } from "../../api/routes/access.ts";
import { requireRecent } from "../../identity/accounts/recent.ts";
import { ofMachine } from "../../identity/holdings.ts";
import { TidelockError } from "../../model/errors.ts";
import { permissionNames } from "../../model/permissions.ts";
import { makeToken, tokenDigest } from "../../model/token.ts";
import type { AccessControl } from "../../ports/access-control.ts";
import type { Actor } from "../../ports/control-plane.ts";
import { announce } from "../../store/queries/events.ts";
import { namesOf } from "../../store/queries/grants.ts";
import { dbNow } from "../../store/queries/promotions.ts";
import {
  addToken,
  readToken,
  removeToken,
  type TokenUse,
  tokenUses,
} from "../../store/queries/tokens.ts";
import type { ApiTokenRow } from "../../store/schema-access.ts";
import type { Db } from "../../store/schema.ts";
import type { Engine } from "../engine.ts";
import { governanceMode, modeByRecord } from "../policy/governance.ts";
import { lockPolicy } from "../policy/lock.ts";
import { requirePerson, requireRole, requireWithin } from "./giving.ts";

/** Makes a token. It is in the answer and nowhere else: what is kept tells nobody what it was. */
export async function createToken(
  engine: Engine,
  actor: Actor,
  wish: Parameters<AccessControl["createToken"]>[1],
): ReturnType<AccessControl["createToken"]> {
  const { name, service, environment, lastsMs } = wish;
  requireRecent(actor.principal, "creating a token");
  const token = makeToken();
  await modeByRecord(engine);
  const row = await engine.db.transaction().execute(async (tx) => {
    await lockPolicy(tx);
    const role = wish.role === undefined ? null : await requireRole(tx, wish.role);
    const person = wish.person === undefined ? null : await ownerOf(tx, actor, wish.person);
    if (person === null) {
      if (role === null) throw noRole();
      const held = ofMachine({
        role: role.name,
        permissions: role.permissions,
        service,
        environment,
      });
      requireWithin(actor, held.permissions, { service, environment }, `the token ${name}`);
    } else if (actor.principal?.person !== person) {
      // For somebody else: whoever makes it could use it.
      requireWithin(
        actor,
        role?.permissions ?? permissionNames,
        { service, environment },
        `the token ${name}`,
      );
    }
    const row = await addToken(
      tx,
      {
        id: `t${randomBytes(6).toString("hex")}`,
        name,
        digest: tokenDigest(token),
        person,
        role: role?.name ?? null,
        service,
        environment,
        lastsMs,
      },
      actor.id,
    );
    await announce(tx, {
      kind: "token.changed",
      message: `${actor.id} created the token ${name} (${row.id})`,
    });
    return row;
  });
  engine.signals.emit("change");
  return { ...(await tokenView(engine.db, row, undefined)), token };
}

/** Whose it is to be: whoever makes it; or, while one person alone decides, anybody who is known. */
async function ownerOf(tx: Db, actor: Actor, name: string): Promise<string> {
  const person = await requirePerson(tx, name);
  const { principal } = actor;
  if (principal?.person === person) {
    // A narrow token does not make a wide one.
    if (principal.kind === "session" || principal.within === null) return person;
    throw new TidelockError("forbidden", "this token is narrower than its person, and makes none", {
      fault: "operator",
      where: "person",
      hint: "sign in, and create it there",
    });
  }
  if (principal?.kind === "bootstrap" && (await governanceMode(tx)) === "solo") return person;
  throw new TidelockError("forbidden", "a person's token is made by that person", {
    fault: "operator",
    where: name,
    hint: "leave --person out for a machine's token, or let them sign in and create it",
  });
}

function noRole(): TidelockError {
  return new TidelockError("invalid-input", "a machine's token needs a role", {
    fault: "operator",
    where: "role",
    hint: "tidelock token create <name> --role ci --service <name>; see tidelock role list",
  });
}

/** From the next request on it is nobody's, in every process. */
export async function revokeToken(engine: Engine, actor: Actor, id: string): Promise<TokenView> {
  const row = await engine.db.transaction().execute(async (tx) => {
    const removed = await removeToken(tx, id, actor.id);
    const row = removed ?? (await readToken(tx, id));
    if (!row) {
      throw new TidelockError("not-found", "there is no such token", {
        fault: "operator",
        where: id,
        hint: "see them: tidelock token list",
      });
    }
    if (removed) {
      const message = `${actor.id} revoked the token ${row.name} (${id})`;
      await announce(tx, { kind: "token.changed", message });
    }
    return row;
  });
  engine.signals.emit("change");
  return tokenView(engine.db, row, (await tokenUses(engine.db)).get(id));
}

export async function listTokens(
  engine: Engine,
  state: "valid" | "any",
  sees?: Sight,
): Promise<readonly TokenView[]> {
  const { db } = engine;
  // Builds get tokens by the hour: those that count must not be crowded out by those that do no more.
  const all = db
    .selectFrom("api_tokens")
    .selectAll()
    .where(seen(sees, { service: "service", environment: "environment" }))
    .orderBy("added_at", "desc")
    .orderBy("id", "desc")
    .limit(5_000);
  const valid = all.where("removed_at", "is", null).where("expires_at", ">", dbNow);
  const [rows, uses] = await Promise.all([
    (state === "any" ? all : valid).execute(),
    tokenUses(db),
  ]);
  const views = await Promise.all(rows.map((row) => tokenView(db, row, uses.get(row.id))));
  return state === "any" ? views : views.filter((view) => view.state === "valid");
}

async function tokenView(db: Db, row: ApiTokenRow, use: TokenUse | undefined): Promise<TokenView> {
  const over = row.expires_at.getTime() <= Date.now();
  return {
    id: row.id,
    name: row.name,
    person:
      row.person === null
        ? null
        : { person: row.person, name: (await namesOf(db, row.person)).names[0] ?? null },
    role: row.role,
    service: row.service,
    environment: row.environment,
    state: row.removed_at !== null ? "revoked" : over ? "expired" : "valid",
    expiresAt: row.expires_at.toISOString(),
    addedAt: row.added_at.toISOString(),
    addedBy: row.added_by,
    removedAt: row.removed_at?.toISOString() ?? null,
    lastUsedAt: use?.last_at.toISOString() ?? null,
    places: use?.places ?? 0,
    workload:
      row.rule === null || row.workload === null
        ? null
        : { rule: row.rule, identity: row.workload },
  };
}
