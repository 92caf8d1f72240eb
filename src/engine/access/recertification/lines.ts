import { holdingOf, ofMachine } from "../../../identity/holdings.ts";
import type { ReviewLine } from "../../../model/access-review.ts";
import { permissionUses } from "../../../store/queries/access-reviews.ts";
import { listAssignments, listRoles, tokenUses } from "../../../store/queries/tokens.ts";
import type { Db } from "../../../store/schema.ts";

/** What nobody has used in so many days is called unused. */
export const unusedAfterDays = 90;

/**
 * Every way in which somebody may do something now: what a review is about. `service`: of that service, and what reaches
 * every one.
 */
export async function reviewLines(db: Db, service: string | null): Promise<readonly ReviewLine[]> {
  const [assignments, roles, tokens, uses, used, grants, keys] = await Promise.all([
    listAssignments(db),
    listRoles(db),
    db.selectFrom("api_tokens").selectAll().where("removed_at", "is", null).execute(),
    tokenUses(db),
    permissionUses(db, unusedAfterDays),
    db.selectFrom("grants").selectAll().where("removed_at", "is", null).execute(),
    db.selectFrom("person_keys").selectAll().where("removed_at", "is", null).execute(),
  ]);
  const own = new Map(roles.map(({ name, permissions }) => [name, permissions]));
  const now = Date.now();
  const valid = tokens.filter(({ expires_at }) => expires_at.getTime() > now);
  const lines: ReviewLine[] = [];
  for (const row of assignments) {
    if (row.token !== null && !valid.some(({ id }) => id === row.token)) continue;
    const plain = holdingOf({ ...row, permissions: own.get(row.role) ?? null });
    const { permissions } = row.token === null ? plain : ofMachine(plain);
    const who = row.person ?? row.token;
    const theirs = used.filter(({ principal }) => principal === who);
    const usedNow = theirs.filter(({ permission }) => permissions.has(permission as never));
    const names = new Set(theirs.map(({ permission }) => permission));
    lines.push({
      id: `role:${row.id}`,
      kind: "role",
      person: row.person,
      token: row.token,
      has: row.role,
      service: row.service,
      environment: row.environment,
      since: row.added_at.toISOString(),
      until: null,
      lastUsed: latest(usedNow.map(({ last }) => last)),
      unused: [...permissions].filter((one) => !names.has(one)).sort(),
    });
  }
  for (const row of valid) {
    lines.push({
      id: `token:${row.id}`,
      kind: "token",
      person: row.person,
      token: row.person === null ? row.id : null,
      has: `token ${row.name}${row.role === null ? "" : ` as ${row.role}`}`,
      service: row.service,
      environment: row.environment,
      since: row.added_at.toISOString(),
      until: row.expires_at.toISOString(),
      lastUsed: uses.get(row.id)?.last_at.toISOString() ?? null,
      unused: [],
    });
  }
  for (const row of grants) {
    lines.push({
      id: `right:${row.id}`,
      kind: "right",
      person: row.person,
      token: null,
      has: row.right,
      service: row.service,
      environment: row.environment,
      since: row.added_at.toISOString(),
      until: null,
      lastUsed: null,
      unused: [],
    });
  }
  for (const row of keys) {
    lines.push({
      id: `key:${row.key_id}`,
      kind: "key",
      person: row.person,
      token: null,
      has: `${row.webauthn === null ? "key" : "passkey"} ${row.key_id.slice(0, 19)}`,
      service: null,
      environment: null,
      since: row.added_at.toISOString(),
      until: null,
      lastUsed: null,
      unused: [],
    });
  }
  return lines
    .filter((line) => service === null || line.service === null || line.service === service)
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}

function latest(days: readonly string[]): string | null {
  return days.reduce<string | null>((a, b) => (a === null || b > a ? b : a), null);
}
