import type { PasskeyRow } from "../schema-passkeys.ts";
import { authorOf, type Projection } from "./projection.ts";

/** Whom a passkey signs in: a row that somebody put into the table signs nobody in. */
export const passkeysProjection: Projection<PasskeyRow> = {
  table: "passkeys",
  kinds: ["passkey.added", "passkey.removed"],
  key: ({ id }) => `passkey/${id}`,
  changes: ({ changes }) => changes,
  counted: true,
  columns: (row) => ({
    passkey: row.id,
    person: row.person,
    credentialId: row.credential_id,
    key: row.key_id,
    credential: row.credential,
    algorithm: row.algorithm,
    proposal: row.proposal,
    removed: row.removed_at !== null,
  }),
  authors: (row) => [
    authorOf(passkeysProjection, row, "added_by", row.added_by),
    ...(row.removed_by === null
      ? []
      : [
          {
            column: "removed_by",
            who: row.removed_by,
            operation: `passkey/${row.id}/2`,
            kind: "passkey.removed",
          },
        ]),
  ],
  stream: () => "system",
  async *rows(db) {
    yield* await db.selectFrom("passkeys").selectAll().execute();
  },
};
