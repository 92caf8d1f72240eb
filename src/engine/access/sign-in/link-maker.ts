import { firstBeyond } from "../../../identity/decide-access.ts";
import { holdingOf, ofMachine } from "../../../identity/holdings.ts";
import type { Holding } from "../../../model/principal.ts";
import { readAccount } from "../../../store/queries/accounts.ts";
import { personByName } from "../../../store/queries/people.ts";
import { databaseNow } from "../../../store/queries/sessions.ts";
import { listAssignments, listRoles, readToken } from "../../../store/queries/tokens.ts";
import type { AccountLinkRow } from "../../../store/schema-accounts.ts";
import type { Db } from "../../../store/schema.ts";
import { absence } from "../people/employment.ts";

/**
 * Whoever made a link may have kept it. So it opens nothing once they are here no more; and nothing either once somebody
 * else has given the person more than whoever made it may do: that was not there when it was made.
 */
export async function makerStillMay(
  tx: Db,
  { person, added_by: by, added_at: madeAt }: AccountLinkRow,
): Promise<boolean> {
  if (by === "operator" || person === null) return true;
  const maker = await makerOf(tx, by);
  if (maker === null) return false;
  const own = new Map((await listRoles(tx)).map(({ name, permissions }) => [name, permissions]));
  const held = (row: { role: string; service: string | null; environment: string | null }) =>
    holdingOf({ ...row, permissions: own.get(row.role) ?? null });
  const all = await listAssignments(tx);
  const holdings: Holding[] = all
    .filter((row) => row[maker.kind] === maker.id)
    .map((row) => (maker.kind === "token" ? ofMachine(held(row)) : held(row)));
  if (maker.role !== null) holdings.push(ofMachine(held(maker.role)));
  return all
    .filter((row) => row.person === person && row.added_by !== by && row.added_at > madeAt)
    .every((row) => firstBeyond({ holdings, within: null }, held(row).permissions, row) === null);
}

interface Maker {
  readonly kind: "person" | "token";
  readonly id: string;
  /** Of a machine's token. */
  readonly role: { role: string; service: string | null; environment: string | null } | null;
}

/** Null: nothing of theirs counts any more. */
async function makerOf(tx: Db, by: string): Promise<Maker | null> {
  const token = /^token:([^/]+)\//.exec(by)?.[1];
  if (token !== undefined) {
    const row = await readToken(tx, token);
    if (!row || row.removed_at !== null) return null;
    const { id, role, service, environment } = row;
    return { kind: "token", id, role: role === null ? null : { role, service, environment } };
  }
  const person = (await personByName(tx, by))?.pseudonym;
  if (person === undefined || (await readAccount(tx, person))?.locked === true) return null;
  const now = await databaseNow(tx);
  if ((await absence(tx, person, { now, signedAt: null })).why !== null) return null;
  return { kind: "person", id: person, role: null };
}
