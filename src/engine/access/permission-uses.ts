import type { UnusedReport } from "../../api/routes/access.ts";
import { holdingOf, ofMachine } from "../../identity/holdings.ts";
import { smallerRole } from "../../identity/recertification/rules.ts";
import { builtInRoles } from "../../identity/roles.ts";
import type { Permission } from "../../model/permissions.ts";
import type { Principal } from "../../model/principal.ts";
import {
  notePermissionUse,
  permissionUses,
  usesSince,
} from "../../store/queries/access-reviews.ts";
import { namesOf } from "../../store/queries/grants.ts";
import { listAssignments, listRoles } from "../../store/queries/tokens.ts";
import type { Db } from "../../store/schema.ts";

/** Which permissions are really used: a row a day for each who and what, so that a busy token costs nothing. */

const dayMs = 86_400_000;
const mostRemembered = 50_000;

/** What cannot be written is left out: no call waits for it or fails by it. */
export function makePermissionUses(db: Db): (principal: Principal, permission: Permission) => void {
  const written = new Map<string, number>();
  return ({ person, credential }, permission) => {
    const who = person ?? credential?.id;
    // Whoever owns the machine holds everything anyway.
    if (who === undefined) return;
    const key = `${who} ${permission}`;
    const day = Math.floor(Date.now() / dayMs);
    if (written.get(key) === day) return;
    if (written.size >= mostRemembered) written.clear();
    written.set(key, day);
    notePermissionUse(db, who, permission).catch(() => written.delete(key));
  };
}

interface Held {
  readonly by: string;
  readonly who: string;
  readonly name: string;
  readonly role: string;
  readonly service: string | null;
  readonly environment: string | null;
  readonly machine: boolean;
}

export async function unusedReport(db: Db, days: number): Promise<UnusedReport> {
  const [uses, since, roles, held] = await Promise.all([
    permissionUses(db, days),
    usesSince(db),
    listRoles(db),
    heldRoles(db),
  ]);
  const own = new Map(roles.map(({ name, permissions }) => [name, permissions]));
  const known = [
    ...builtInRoles.values(),
    ...roles.map(({ name, permissions }) => ({ name, permissions: new Set(permissions) })),
  ];
  const items = held.map(({ by, who, name, role, service, environment, machine }) => {
    const plain = holdingOf({ role, service, environment, permissions: own.get(role) ?? null });
    const { permissions } = machine ? ofMachine(plain) : plain;
    const theirs = new Set(
      uses.flatMap(({ principal, permission }) => (principal === who ? [permission] : [])),
    );
    const used = [...permissions].filter((one) => theirs.has(one)).sort();
    return {
      by,
      who: name,
      role,
      service,
      environment,
      used,
      unused: [...permissions].filter((one) => !theirs.has(one)).sort(),
      smaller: used.length === 0 ? "none" : smallerRole(permissions, theirs, known),
    };
  });
  return { at: new Date().toISOString(), days, since, items };
}

async function heldRoles(db: Db): Promise<readonly Held[]> {
  const [assignments, tokens] = await Promise.all([
    listAssignments(db),
    db.selectFrom("api_tokens").selectAll().where("removed_at", "is", null).execute(),
  ]);
  const valid = tokens.filter(({ expires_at }) => expires_at.getTime() > Date.now());
  const given = await Promise.all(
    assignments.map(async ({ id, person, token, role, service, environment }) => ({
      by: id,
      who: person ?? token ?? "",
      name:
        person === null
          ? (valid.find((one) => one.id === token)?.name ?? token ?? "")
          : ((await namesOf(db, person)).names[0] ?? person),
      role,
      service,
      environment,
      machine: person === null,
    })),
  );
  const machines = valid.flatMap(({ id, name, person, role, service, environment }) =>
    person !== null || role === null
      ? []
      : [{ by: id, who: id, name, role, service, environment, machine: true }],
  );
  return [...given, ...machines];
}
