import { firstBeyond } from "../../identity/decide-access.ts";
import { builtInRoles, type Role } from "../../identity/roles.ts";
import { TidelockError } from "../../model/errors.ts";
import {
  isPermission,
  type Permission,
  permissions as catalogue,
} from "../../model/permissions.ts";
import type { Scope } from "../../model/principal.ts";
import type { Actor } from "../../ports/control-plane.ts";
import { personByName, programs } from "../../store/queries/people.ts";
import { linkOf } from "../../store/queries/grants.ts";
import { readRole } from "../../store/queries/tokens.ts";
import type { Db } from "../../store/schema.ts";

/**
 * Nobody gives what they do not have themselves, in the whole of the scope in which they give it.
 *
 * @throws TidelockError `forbidden`
 */
export function requireWithin(
  { principal }: Actor,
  permissions: Iterable<Permission>,
  scope: Scope,
  what: string,
): void {
  const beyond = principal ? firstBeyond(principal, permissions, scope) : "nothing";
  if (beyond === null) return;
  const says = beyond === "nothing" ? "" : ` (${catalogue[beyond]})`;
  throw new TidelockError("forbidden", `${what} would hold more than you have: ${beyond}${says}`, {
    fault: "operator",
    where: what,
    hint: "choose a smaller role, or a scope in which you have it: tidelock access whoami",
  });
}

/** @throws TidelockError `not-found` */
export async function requireRole(db: Db, name: string): Promise<Role> {
  const builtIn = builtInRoles.get(name);
  if (builtIn) return builtIn;
  const row = await readRole(db, name);
  if (row) {
    const permissions = new Set(row.permissions.filter(isPermission));
    return { name, says: row.says, permissions };
  }
  throw new TidelockError("not-found", `there is no role ${name}`, {
    fault: "operator",
    where: "role",
    hint: "see them: tidelock role list",
  });
}

/** The pseudonym of somebody who is known by their own name. */
export async function requirePerson(db: Db, name: string): Promise<string> {
  const row = programs.has(name) || name === "operator" ? undefined : await personByName(db, name);
  if (!row) {
    throw new TidelockError("not-found", "nobody is known by this name", {
      fault: "operator",
      where: name,
      hint: "tidelock person add <name> --key …",
    });
  }
  const link = await linkOf(db, row.pseudonym);
  if (!link) return row.pseudonym;
  throw new TidelockError("conflict", `${name} is another name of somebody`, {
    fault: "operator",
    where: name,
    hint: "give it to the name that stands for the person: tidelock person list",
  });
}
