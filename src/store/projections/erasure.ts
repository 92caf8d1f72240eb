import { sql } from "kysely";
import type { ErasureRow, HoldRow } from "../schema-audit.ts";
import { authorOf, type Projection } from "./projection.ts";

/** What may be erased, and by whom: a hold forbids it, and a request is one person's half of it. */

export const holdsProjection: Projection<HoldRow> = {
  table: "ledger_holds",
  kinds: ["hold.added", "hold.removed"],
  key: ({ id }) => `hold/${id}`,
  changes: () => null,
  counted: false,
  columns: (row) => ({ hold: row.id, stream: row.stream, removed: row.removed_at !== null }),
  authors: (row) => [
    authorOf(holdsProjection, row, "added_by", row.added_by),
    ...(row.removed_by === null
      ? []
      : [
          {
            column: "removed_by",
            who: row.removed_by,
            operation: `hold/${row.id}`,
            kind: "hold.removed",
          },
        ]),
  ],
  stream: () => "system",
  async *rows(db) {
    yield* await db.selectFrom("ledger_holds").selectAll().execute();
  },
};

/** With the pseudonym of who asked; null when that person was erased. */
export type AskedErasure = ErasureRow & { readonly requester: string | null };

export const erasuresProjection: Projection<AskedErasure> = {
  table: "ledger_erasures",
  kinds: ["erasure.requested"],
  key: ({ id }) => `erasure/${id}`,
  changes: () => null,
  counted: false,
  columns: (row) => ({
    erasure: row.id,
    entry: row.entry === null ? null : Number(row.entry),
    pseudonym: row.pseudonym,
    ...(row.requester === null ? {} : { requester: row.requester }),
  }),
  authors: ({ id, pseudonym, requested_by: asked, confirmed_by: confirmed }) => [
    { column: "requested_by", who: asked, operation: `erasure/${id}`, kind: "erasure.requested" },
    ...(confirmed === null
      ? []
      : [
          pseudonym === null
            ? {
                column: "confirmed_by",
                who: confirmed,
                operation: `erasure/${id}`,
                kind: "payload.erased",
              }
            : {
                column: "confirmed_by",
                who: confirmed,
                operation: `${pseudonym}/2`,
                kind: "person.erased",
              },
        ]),
  ],
  stream: () => "system",
  async *rows(db) {
    const { rows } = await sql<AskedErasure>`
      select e.*, p.pseudonym as requester
      from ledger_erasures e left join ledger_people p on p.person = e.requested_by
    `.execute(db);
    yield* rows;
  },
};
