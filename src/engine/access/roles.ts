import { randomBytes } from "node:crypto";
import type { AssignmentView, RoleView } from "../../api/routes/access.ts";
import { ofMachine } from "../../identity/holdings.ts";
import { builtInRoles, type Role } from "../../identity/roles.ts";
import { TidelockError } from "../../model/errors.ts";
import { isPermission, permissions as catalogue } from "../../model/permissions.ts";
import type { AccessControl } from "../../ports/access-control.ts";
import type { Actor } from "../../ports/control-plane.ts";
import { announce } from "../../store/queries/events.ts";
import { namesOf } from "../../store/queries/grants.ts";
import {
  addAssignment,
  listAssignments,
  listRoles,
  putRole,
  readToken,
  removeAssignment,
} from "../../store/queries/tokens.ts";
import type { RoleAssignmentRow } from "../../store/schema-access.ts";
import type { Db } from "../../store/schema.ts";
import type { Engine } from "../engine.ts";
import { modeByRecord } from "../policy/governance.ts";
import { lockPolicy } from "../policy/lock.ts";
import { proposeRole, proposeRoleDefinition } from "../policy/signers.ts";
import { requirePerson, requireRole, requireWithin } from "./giving.ts";

const everywhere = { service: null, environment: null } as const;

export async function allRoles(engine: Engine): Promise<readonly RoleView[]> {
  const own = (await listRoles(engine.db)).map(({ name, says, permissions }) => ({
    name,
    says,
    permissions: new Set(permissions.filter(isPermission)),
  }));
  return [
    ...[...builtInRoles.values()].map((role) => roleView(role, true)),
    ...own.map((role) => roleView(role, false)),
  ];
}

export async function defineRole(
  engine: Engine,
  actor: Actor,
  { name, says, permissions }: Parameters<AccessControl["defineRole"]>[1],
): ReturnType<AccessControl["defineRole"]> {
  if (builtInRoles.has(name)) {
    throw new TidelockError("conflict", `the role ${name} comes along, and stays what it is`, {
      fault: "operator",
      where: name,
      hint: "choose another name",
    });
  }
  const sorted = [...new Set(permissions)].sort();
  requireWithin(actor, sorted, everywhere, `the role ${name}`);
  await modeByRecord(engine);
  const waits = await engine.db.transaction().execute(async (tx) => {
    await lockPolicy(tx);
    const waits = await proposeRoleDefinition(tx, actor, { name, says, permissions: sorted });
    if (waits !== null) return waits;
    await putRole(tx, { name, says, permissions: sorted }, actor.id);
    await announce(tx, { kind: "role.changed", message: `${actor.id} defined the role ${name}` });
    return null;
  });
  engine.signals.emit("change");
  const view = roleView({ name, says, permissions: new Set(sorted) }, false);
  return waits === null ? view : { ...view, waitsFor: waits };
}

export async function assignRole(
  engine: Engine,
  actor: Actor,
  { to, role: roleName, service, environment }: Parameters<AccessControl["assign"]>[1],
): Promise<AssignmentView> {
  await modeByRecord(engine);
  const { row, waits } = await engine.db.transaction().execute(async (tx) => {
    await lockPolicy(tx);
    const role = await requireRole(tx, roleName);
    const scope = { service, environment };
    const held = { role: role.name, permissions: role.permissions, ...scope };
    const { permissions } = "token" in to ? ofMachine(held) : held;
    requireWithin(actor, permissions, scope, `the role ${roleName}`);
    const subject =
      "person" in to
        ? { person: await requirePerson(tx, to.person), token: null }
        : { person: null, token: await requireMachine(tx, to.token) };
    const wish = { ...subject, role: roleName, ...scope };
    const waits = await proposeRole(tx, actor, { ...wish, permissions: [...permissions].sort() });
    if (waits !== null) {
      const id = "";
      const row = { ...wish, id, added_at: new Date(), added_by: actor.id };
      return { row, waits };
    }
    const row = await addAssignment(tx, { id: newAssignmentId(), ...wish }, actor.id);
    await announce(tx, {
      kind: "role.changed",
      message: `${actor.id} gave the role ${roleName} to ${"person" in to ? to.person : to.token}`,
    });
    return { row, waits: null };
  });
  engine.signals.emit("change");
  const view = await assignmentView(engine.db, row);
  return waits === null ? view : { ...view, waitsFor: waits };
}

export function newAssignmentId(): string {
  return `r${randomBytes(5).toString("hex")}`;
}

/** A person's token has its person's roles, and no others. */
async function requireMachine(tx: Db, id: string): Promise<string> {
  const token = await readToken(tx, id);
  if (token && token.removed_at === null && token.person === null && token.rule === null) {
    return token.id;
  }
  const what = token?.person
    ? "a person's token: give the role to the person"
    : token?.rule
      ? "a token that a rule gave, and holds what the rule says"
      : "no token that counts";
  throw new TidelockError(token ? "conflict" : "not-found", `${id} is ${what}`, {
    fault: "operator",
    where: id,
    hint: "see them: tidelock token list",
  });
}

export async function unassignRole(
  engine: Engine,
  actor: Actor,
  id: string,
): Promise<AssignmentView> {
  const row = await engine.db.transaction().execute(async (tx) => {
    const row = await removeAssignment(tx, id, actor.id);
    if (!row) {
      throw new TidelockError("not-found", "no role that stands was given by this id", {
        fault: "operator",
        where: id,
        hint: "see them: tidelock role list",
      });
    }
    await announce(tx, {
      kind: "role.changed",
      message: `${actor.id} took away the role ${row.role} (${id})`,
    });
    return row;
  });
  engine.signals.emit("change");
  return assignmentView(engine.db, row);
}

export async function assignmentViews(engine: Engine): Promise<readonly AssignmentView[]> {
  const rows = await listAssignments(engine.db);
  return Promise.all(rows.map((row) => assignmentView(engine.db, row)));
}

async function assignmentView(
  db: Db,
  row: Pick<
    RoleAssignmentRow,
    "id" | "person" | "token" | "role" | "service" | "environment" | "added_at" | "added_by"
  >,
): Promise<AssignmentView> {
  const to =
    row.person === null
      ? {
          kind: "token" as const,
          id: row.token ?? "",
          name: (await readToken(db, row.token ?? ""))?.name ?? null,
        }
      : {
          kind: "person" as const,
          id: row.person,
          name: (await namesOf(db, row.person)).names[0] ?? null,
        };
  return {
    id: row.id,
    to,
    role: row.role,
    service: row.service,
    environment: row.environment,
    addedAt: row.added_at.toISOString(),
    addedBy: row.added_by,
  };
}

function roleView({ name, says, permissions }: Role, builtIn: boolean): RoleView {
  return {
    name,
    says,
    builtIn,
    permissions: [...permissions].sort().map((one) => ({ name: one, says: catalogue[one] })),
  };
}
