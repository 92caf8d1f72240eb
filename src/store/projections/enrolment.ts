import type { PersonStandingRow, PersonVouchRow } from "../schema-enrolment.ts";
import { authorOf, type Projection, time } from "./projection.ts";

/** Who vouches for whom, and who is here no more. People stand here by pseudonym. */

export const personVouchesProjection: Projection<PersonVouchRow> = {
  table: "person_vouches",
  kinds: ["person.vouched"],
  key: ({ id }) => `person-vouch/${id}`,
  changes: () => null,
  counted: false,
  columns: (row) => ({
    vouch: row.id,
    person: row.person,
    voucher: row.voucher,
    issuer: row.issuer,
    key: row.key_id,
    acts: [...row.acts],
    ...(row.facts === null ? {} : { facts: row.facts }),
  }),
  authors: (row) => [authorOf(personVouchesProjection, row, "added_by", row.added_by)],
  stream: () => "system",
  async *rows(db) {
    yield* await db.selectFrom("person_vouches").selectAll().execute();
  },
};

export const personStandingsProjection: Projection<PersonStandingRow> = {
  table: "person_standings",
  kinds: ["person.standing-set"],
  key: ({ person, version }) => `person-standing/${person}/${version}`,
  changes: () => null,
  counted: false,
  columns: (row) => ({
    person: row.person,
    version: row.version,
    state: row.state,
    from: time(row.from_at),
    reason: row.reason,
  }),
  authors: (row) => [authorOf(personStandingsProjection, row, "set_by", row.set_by)],
  stream: () => "system",
  async *rows(db) {
    yield* await db.selectFrom("person_standings").selectAll().execute();
  },
};
