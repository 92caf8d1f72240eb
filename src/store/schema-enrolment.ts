import type { ColumnType, Generated, Selectable } from "kysely";

import type { VouchFacts } from "../model/provider-vouch.ts";

/** The tables of migration 0056: who vouches for whom, and who is here no more. */

type GeneratedTime = ColumnType<Date, never, never>;

interface PersonVouchesTable {
  id: string;
  /** Pseudonym. */
  person: string;
  /** Pseudonym; null: a provider of identities. */
  voucher: string | null;
  issuer: string | null;
  key_id: string | null;
  /** Operations of entries. */
  acts: ColumnType<readonly string[], string, never>;
  envelope: string | null;
  /** Of a provider's. */
  facts: ColumnType<VouchFacts | null, string | null | undefined, never>;
  added_at: GeneratedTime;
  added_by: string;
}

export type PersonState = "active" | "suspended" | "left";

interface PersonStandingsTable {
  person: string;
  version: number;
  state: PersonState;
  from_at: ColumnType<Date, Date | string, never>;
  reason: string;
  set_by: string;
  set_at: Generated<Date>;
}

export interface EnrolmentSchema {
  person_vouches: PersonVouchesTable;
  person_standings: PersonStandingsTable;
}

export type PersonVouchRow = Selectable<PersonVouchesTable>;
export type PersonStandingRow = Selectable<PersonStandingsTable>;
