import type { ColumnType, Generated, Selectable } from "kysely";

/** The table of migration 0053: who people are at providers of identities. */

interface PersonIdentitiesTable {
  id: string;
  /** Pseudonym. */
  person: string;
  issuer: string;
  /** Digest of issuer and subject. */
  identity: string;
  proposal: string | null;
  added_at: ColumnType<Date, never, never>;
  added_by: string;
  removed_at: ColumnType<Date | null, Date | string | null | undefined, Date | string | null>;
  removed_by: Generated<string | null>;
  changes: Generated<number>;
}

export interface IdentitiesSchema {
  person_identities: PersonIdentitiesTable;
}

export type PersonIdentityRow = Selectable<PersonIdentitiesTable>;
