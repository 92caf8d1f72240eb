import type { GrantRow, PersonKeyRow, PersonLinkRow } from "../schema-manual.ts";
import { type Author, authorOf, type Projection } from "./projection.ts";

/** Whose signature counts, and who may do what. People stand here by pseudonym. */

/** Who took something away, in the entry that is the row's second. */
function remover(key: string, who: string | null, kind: string): readonly Author[] {
  return who === null ? [] : [{ column: "removed_by", who, operation: `${key}/2`, kind }];
}

export const personKeysProjection: Projection<PersonKeyRow> = {
  table: "person_keys",
  kinds: ["person.key-added", "person.key-removed"],
  key: ({ key_id }) => `person-key/${key_id}`,
  changes: ({ changes }) => changes,
  counted: true,
  columns: (row) => ({
    key: row.key_id,
    person: row.person,
    publicKey: row.public_key,
    ...(row.webauthn === null ? {} : { webauthn: row.webauthn }),
    ...(row.commits ? { commits: true } : {}),
    removed: row.removed_at !== null,
  }),
  authors: (row) => [
    authorOf(personKeysProjection, row, "added_by", row.added_by),
    ...remover(`person-key/${row.key_id}`, row.removed_by, "person.key-removed"),
  ],
  stream: () => "system",
  async *rows(db) {
    yield* await db.selectFrom("person_keys").selectAll().execute();
  },
};

export const personLinksProjection: Projection<PersonLinkRow> = {
  table: "person_links",
  kinds: ["person.linked"],
  key: ({ same }) => `person-link/${same}`,
  changes: () => null,
  counted: false,
  columns: ({ same, person }) => ({ same, person }),
  authors: (row) => [authorOf(personLinksProjection, row, "added_by", row.added_by)],
  stream: () => "system",
  async *rows(db) {
    yield* await db.selectFrom("person_links").selectAll().execute();
  },
};

export const grantsProjection: Projection<GrantRow> = {
  table: "grants",
  kinds: ["grant.added", "grant.removed"],
  key: ({ id }) => `grant/${id}`,
  changes: ({ changes }) => changes,
  counted: true,
  columns: (row) => ({
    grant: row.id,
    person: row.person,
    right: row.right,
    service: row.service,
    environment: row.environment,
    removed: row.removed_at !== null,
  }),
  authors: (row) => [
    authorOf(grantsProjection, row, "added_by", row.added_by),
    ...remover(`grant/${row.id}`, row.removed_by, "grant.removed"),
  ],
  stream: () => "system",
  async *rows(db) {
    yield* await db.selectFrom("grants").selectAll().execute();
  },
};
