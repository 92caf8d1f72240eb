import { sql } from "kysely";
import { personVouchesProjection } from "../../../store/projections/enrolment.ts";
import {
  personIdentitiesProjection,
  vouchingProvidersProjection,
} from "../../../store/projections/identities.ts";
import { foreignAccessRow } from "../../../store/queries/tokens.ts";
import { type Ground, groundsOf, isInSignedTree } from "../../ledger/leaning.ts";
import type { Gathered } from "./enrolment.ts";

/** What lets people and machines act, held against the log: no row without its entry, and none that was taken out. */

/** Every act and every word that sponsors were found by: each entry whole and in the signed tree, each row as it says. */
export function groundsOfEnrolments(gathered: readonly Gathered[]): readonly Ground[] {
  const entries = new Map(
    gathered.flatMap((one) => one.entries.map((entry) => [entry.operation, entry] as const)),
  );
  const vouches = new Map(gathered.flatMap((one) => one.vouches.map((row) => [row.id, row])));
  return [
    ...[...entries.values()].map(({ operation, kind }): Ground => ({
      async holds(db, tree) {
        if (await isInSignedTree(db, tree, operation, kind)) return null;
        const message = `what ${operation} says of how somebody came to be here is not what the log says`;
        return { table: "ledger_entries", row: operation, column: null, index: null, message };
      },
    })),
    ...groundsOf(personVouchesProjection, [...vouches.values()]),
    ...groundsOf(personIdentitiesProjection, distinct(gathered.flatMap((one) => one.identities))),
    ...groundsOf(vouchingProvidersProjection, distinct(gathered.flatMap((one) => one.settings))),
  ];
}

function distinct<R extends { readonly id: string }>(rows: readonly R[]): readonly R[] {
  return [...new Map(rows.map((row) => [row.id, row])).values()];
}

/** A word that somebody took out would bring a person back who has left. */
export const everyStandingStands: Ground = {
  async holds(db) {
    const { rows } = await sql<{ operation: string }>`
      select e.operation from ledger_entries e
      where e.stream = 'system' and e.kind = 'person.standing-set'
        and e.payload ->> 'person' is not null and not exists (
          select from person_standings s
          where 'person-standing/' || s.person || '/' || s.version = e.operation)
      order by e.entry limit 1
    `.execute(db);
    const [gone] = rows;
    if (!gone) return null;
    const message = `person_standings: ${gone.operation} is in the log and not in the database`;
    return { table: "person_standings", row: gone.operation, column: null, index: null, message };
  },
};

/** A role, a token or somebody's role that is beside the log is nobody's; that it is there is said before anything moves. */
export const everyAccessRowStands: Ground = {
  async holds(db) {
    const found = await foreignAccessRow(db);
    if (!found) return null;
    const { table, key } = found;
    const message = `${table}: the row ${key} is not what the log says`;
    return { table, row: key, column: null, index: null, message };
  },
};

/** A review that was taken out is not over its day any more. */
export const everyReviewStands: Ground = {
  async holds(db) {
    const { rows } = await sql<{ operation: string }>`
      select e.operation from ledger_entries e
      where e.stream = 'system' and e.kind = 'access.review-started' and not exists (
        select from access_reviews r where 'access-review/' || r.id || '/1' = e.operation)
      order by e.entry limit 1
    `.execute(db);
    const [gone] = rows;
    if (!gone) return null;
    const message = `access_reviews: ${gone.operation} is in the log and not in the database`;
    return { table: "access_reviews", row: gone.operation, column: null, index: null, message };
  },
};
