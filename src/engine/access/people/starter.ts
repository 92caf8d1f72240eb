import { decideAccess } from "../../../identity/decide-access.ts";
import { holdingOf } from "../../../identity/holdings.ts";
import type { Lane } from "../../../model/primitives.ts";
import { databaseTime } from "../../../store/queries/attestations.ts";
import { linkOf } from "../../../store/queries/grants.ts";
import { personByName } from "../../../store/queries/people.ts";
import { readPromotion } from "../../../store/queries/promotions.ts";
import { readRole, readToken } from "../../../store/queries/tokens.ts";
import type { RoleAssignmentRow } from "../../../store/schema-access.ts";
import type { Db } from "../../../store/schema.ts";
import { absence } from "./employment.ts";

/**
 * Why whoever began a promotion might not begin it now, in a sentence; null: they might, or are none of those who have
 * roles here (the token of the data directory, a program of ours). Asked at the gate, and in the transaction in which the
 * effect starts: hours may lie between. That a token's day has come meanwhile ends nothing that it began.
 */
export async function whyStarterMayNot(
  db: Db,
  lane: Lane,
  promotion: string,
): Promise<string | null> {
  const row = promotion === "" ? undefined : await readPromotion(db, promotion);
  if (!row) return null;
  const who = row.created_by;
  const token = /^token:([^/]+)\//.exec(who)?.[1];
  const again = "somebody else has to start it anew";
  if (token !== undefined) {
    const known = await readToken(db, token);
    if (!known) return null;
    if (known.removed_at !== null) {
      return `the token that began this promotion was revoked: ${again}`;
    }
    const { role, service, environment } = known;
    const own = role === null ? [] : [{ role, service, environment }];
    const given = await assignmentsOf(db, "token", token);
    return (await mayStart(db, [...own, ...given.filter(stands)], lane))
      ? null
      : `the token that began this promotion may do so no more: ${again}`;
  }
  const named = await personByName(db, who);
  if (!named) return null;
  const person = (await linkOf(db, named.pseudonym))?.person ?? named.pseudonym;
  const now = new Date(await databaseTime(db));
  const { why } = await absence(db, person, { now, signedAt: null });
  if (why !== null) return `of whoever began this promotion: ${why}; ${again}`;
  const roles = await assignmentsOf(db, "person", person);
  const then = roles.filter((one) => stoodAt(one, row.created_at));
  // A role for a session alone, of an identity provider's groups, is in no row: it let them begin, and that is all.
  if (!(await mightStart(db, then, lane, row.created_at))) return null;
  if (await mayStart(db, roles.filter(stands), lane)) return null;
  return `whoever began this promotion may do so no more: ${again}`;
}

function stands({ removed_at }: RoleAssignmentRow): boolean {
  return removed_at === null;
}

function stoodAt({ added_at, removed_at }: RoleAssignmentRow, at: Date): boolean {
  return added_at <= at && (removed_at === null || removed_at > at);
}

/** Whether these let them begin it then: what a role held before it was defined anew is not known, and may have. */
async function mightStart(
  db: Db,
  roles: readonly RoleAssignmentRow[],
  lane: Lane,
  at: Date,
): Promise<boolean> {
  if (await mayStart(db, roles, lane)) return true;
  for (const { role } of roles) {
    const defined = await readRole(db, role);
    if (defined && defined.changes > 1 && defined.defined_at > at) return true;
  }
  return false;
}

async function assignmentsOf(
  db: Db,
  of: "person" | "token",
  id: string,
): Promise<readonly RoleAssignmentRow[]> {
  return db.selectFrom("role_assignments").selectAll().where(of, "=", id).execute();
}

async function mayStart(
  db: Db,
  roles: readonly Pick<RoleAssignmentRow, "role" | "service" | "environment">[],
  { service, environment }: Lane,
): Promise<boolean> {
  const holdings = await Promise.all(
    roles.map(async (one) => {
      const { permissions = null } = (await readRole(db, one.role)) ?? {};
      return holdingOf({ ...one, permissions });
    }),
  );
  const place = { service: { name: service }, environment: { name: environment } };
  return decideAccess({ holdings, within: null }, "promotion.start", place).allowed;
}
