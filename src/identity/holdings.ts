import { isPermission, type Permission, permissionNames } from "../model/permissions.ts";
import type { Holding, Scope } from "../model/principal.ts";
import { builtInRoles, peopleOnly, workloadsMay } from "./roles.ts";

/** A role as it is kept: its own definition beside it, or null where it comes along with the program. */
export interface KeptRole extends Scope {
  readonly role: string;
  readonly permissions: readonly string[] | null;
}

const nothing: ReadonlySet<Permission> = new Set();
const all: ReadonlySet<Permission> = new Set(permissionNames);

/** What a role holds. A name that means nothing any more holds nothing; what this version does not know, neither. */
export function holdingOf({ role, permissions, service, environment }: KeptRole): Holding {
  const held = builtInRoles.get(role)?.permissions ?? own(permissions);
  return { role, permissions: held, service, environment };
}

/** What a person's token may besides what its person may; null: no less. */
export function withinOf(
  token: Scope & { readonly role: string | null; readonly permissions: readonly string[] | null },
): Holding | null {
  const { role, permissions, service, environment } = token;
  if (role !== null) return holdingOf({ role, permissions, service, environment });
  if (service === null && environment === null) return null;
  return { role: "everything", permissions: all, service, environment };
}

const machines = new WeakMap<ReadonlySet<Permission>, ReadonlySet<Permission>>();

/** The same without what only people say. */
export function ofMachine(holding: Holding): Holding {
  let permissions = machines.get(holding.permissions);
  if (permissions === undefined) {
    permissions = new Set([...holding.permissions].filter((one) => !peopleOnly.has(one)));
    machines.set(holding.permissions, permissions);
  }
  return { ...holding, permissions };
}

/** The same with what a program of another platform may, and no more. */
export function ofWorkload(holding: Holding): Holding {
  const permissions = [...holding.permissions].filter((one) => workloadsMay.has(one));
  return { ...holding, permissions: new Set(permissions) };
}

function own(permissions: readonly string[] | null): ReadonlySet<Permission> {
  return permissions === null ? nothing : new Set(permissions.filter(isPermission));
}
