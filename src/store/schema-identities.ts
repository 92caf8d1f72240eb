import type { ColumnType, Generated, Selectable } from "kysely";
import type { VouchDemand } from "../model/provider-vouch.ts";

/** The tables of migrations 0053 and 0065: who people are at providers of identities, and which of these may vouch. */

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

interface VouchingProvidersTable {
  id: string;
  issuer: string;
  demand: ColumnType<VouchDemand, string | null, never>;
  /** Pseudonyms. */
  administrators: ColumnType<readonly string[], string, never>;
  days: number;
  proposal: string | null;
  added_at: ColumnType<Date, never, never>;
  added_by: string;
  removed_at: ColumnType<Date | null, Date | string | null | undefined, Date | string | null>;
  removed_by: Generated<string | null>;
  changes: Generated<number>;
}

export interface IdentitiesSchema {
  vouching_providers: VouchingProvidersTable;
  person_identities: PersonIdentitiesTable;
}

export type PersonIdentityRow = Selectable<PersonIdentitiesTable>;
export type VouchingProviderRow = Selectable<VouchingProvidersTable>;
