import { providerAs } from "../../model/provider-vouch.ts";
import type { PersonIdentityRow, VouchingProviderRow } from "../schema-identities.ts";
import { authorOf, type Projection } from "./projection.ts";

/** Who somebody is elsewhere: a row that somebody wrote in would let them act as another person. */
export const personIdentitiesProjection: Projection<PersonIdentityRow> = {
  table: "person_identities",
  kinds: ["identity.linked", "identity.unlinked"],
  key: ({ id }) => `person-identity/${id}`,
  changes: ({ changes }) => changes,
  counted: true,
  columns: (row) => ({
    id: row.id,
    person: row.person,
    issuer: row.issuer,
    identity: row.identity,
    proposal: row.proposal,
    removed: row.removed_at !== null,
  }),
  authors: (row) => [
    authorOf(personIdentitiesProjection, row, "added_by", row.added_by),
    ...(row.removed_by === null
      ? []
      : [
          {
            column: "removed_by",
            who: row.removed_by,
            operation: `person-identity/${row.id}/2`,
            kind: "identity.unlinked",
          },
        ]),
  ],
  stream: () => "system",
  async *rows(db) {
    yield* await db.selectFrom("person_identities").selectAll().execute();
  },
};

/** Which provider may vouch: a row that somebody wrote in would lift that somebody stands behind somebody. */
export const vouchingProvidersProjection: Projection<VouchingProviderRow> = {
  table: "vouching_providers",
  kinds: ["provider.vouches", "provider.vouches-no-more"],
  key: ({ id }) => `vouching-provider/${id}`,
  changes: ({ changes }) => changes,
  counted: true,
  columns: (row) => ({
    id: row.id,
    // As an identity of its own: for whom this is an act.
    person: providerAs(row.issuer),
    demand: row.demand,
    administrators: [...row.administrators],
    days: row.days,
    proposal: row.proposal,
    removed: row.removed_at !== null,
  }),
  authors: (row) => [
    authorOf(vouchingProvidersProjection, row, "added_by", row.added_by),
    ...(row.removed_by === null
      ? []
      : [
          {
            column: "removed_by",
            who: row.removed_by,
            operation: `vouching-provider/${row.id}/2`,
            kind: "provider.vouches-no-more",
          },
        ]),
  ],
  stream: () => "system",
  async *rows(db) {
    yield* await db.selectFrom("vouching_providers").selectAll().execute();
  },
};
