import { personColumns } from "../queries/people.ts";
import type { PersonRow } from "../schema-ledger.ts";
import type { Projection } from "./projection.ts";

/** Who is behind a pseudonym: met once, and perhaps erased. Rows without an entry are from before. */
export const peopleProjection: Projection<PersonRow> = {
  table: "ledger_people",
  kinds: ["person.met", "person.erased"],
  key: ({ pseudonym }) => pseudonym,
  changes: ({ changes }) => changes,
  counted: true,
  columns: personColumns,
  stream: () => "system",
  async *rows(db) {
    yield* await db.selectFrom("ledger_people").selectAll().where("changes", ">", 0).execute();
  },
};
