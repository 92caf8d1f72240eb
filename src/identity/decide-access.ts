import type { Permission } from "../model/permissions.ts";
import type { Holding, Principal, Reach, Resource, Scope, Sight } from "../model/principal.ts";

export type AccessDecision =
  | { readonly allowed: true; readonly by: Holding }
  | {
      readonly allowed: false;
      /** `nowhere`: in no service and environment at all. */
      readonly why: "nowhere" | "not-here";
    };

/**
 * Whether somebody may do something to something. Nobody may what no role of theirs holds: there is no default, no
 * order among roles, and no refusal that another role would have to overrule.
 */
export function decideAccess(
  { holdings, within }: Pick<Principal, "holdings" | "within">,
  permission: Permission,
  resource: Resource,
): AccessDecision {
  let why: "nowhere" | "not-here" = "nowhere";
  if (within !== null && !within.permissions.has(permission)) return { allowed: false, why };
  const narrowed = within === null || covers(within, resource);
  for (const holding of holdings) {
    if (!holding.permissions.has(permission)) continue;
    why = "not-here";
    // `any` of a role and of what narrows it must be the same one: shop's role under a token for pay is no role.
    if (narrowed && covers(holding, resource) && meets(holding, within)) {
      return { allowed: true, by: holding };
    }
  }
  return { allowed: false, why };
}

/** Where somebody has a permission, for the database to look only there: `decideAccess` allows exactly what lies in it. */
export function sightOf(
  principal: Pick<Principal, "holdings" | "within">,
  permission: Permission,
): Sight {
  if (seesEverything(principal, permission)) return "everything";
  const { holdings, within } = principal;
  if (within !== null && !within.permissions.has(permission)) return [];
  const scopes = new Map<string, Scope>();
  for (const holding of holdings) {
    if (!holding.permissions.has(permission) || !meets(holding, within)) continue;
    const scope = {
      service: holding.service ?? within?.service ?? null,
      environment: holding.environment ?? within?.environment ?? null,
    };
    scopes.set(JSON.stringify([scope.service, scope.environment]), scope);
  }
  return [...scopes.values()];
}

/** Whether somebody has a permission without limits: then no list of theirs is filtered. */
export function seesEverything(
  principal: Pick<Principal, "holdings" | "within">,
  permission: Permission,
): boolean {
  return decideAccess(principal, permission, { service: "all", environment: "all" }).allowed;
}

/** The first permission of these that somebody does not have in the whole of a scope; null: nobody gives more than they have. */
export function firstBeyond(
  giver: Pick<Principal, "holdings" | "within">,
  permissions: Iterable<Permission>,
  { service, environment }: Scope,
): Permission | null {
  const resource: Resource = {
    service: service === null ? "all" : { name: service },
    environment: environment === null ? "all" : { name: environment },
  };
  for (const permission of permissions) {
    if (!decideAccess(giver, permission, resource).allowed) return permission;
  }
  return null;
}

function covers(scope: Scope, { service, environment }: Resource): boolean {
  return reaches(scope.service, service) && reaches(scope.environment, environment);
}

function reaches(limit: string | null, reach: Reach): boolean {
  if (limit === null || reach === "any") return true;
  return reach !== "all" && reach.name === limit;
}

function meets(one: Scope, other: Scope | null): boolean {
  if (other === null) return true;
  const sameSide = (a: string | null, b: string | null) => a === null || b === null || a === b;
  return sameSide(one.service, other.service) && sameSide(one.environment, other.environment);
}
