import type { ColumnType, Generated, Selectable } from "kysely";
import type { Digest } from "../model/primitives.ts";
import type { PasskeyJson } from "./schema-manual.ts";

/** The tables of migrations 0050 and 0051: passkeys that sign people in. */

type Time = ColumnType<Date, Date | string, Date | string>;

interface PasskeysTable {
  id: string;
  /** Pseudonym. */
  person: string;
  name: string;
  credential_id: string;
  key_id: Digest;
  credential: ColumnType<PasskeyJson, string, never>;
  algorithm: string;
  /** That two people signed first; null: nobody had to. */
  proposal: string | null;
  added_at: ColumnType<Date, never, never>;
  added_by: string;
  removed_at: Time | null;
  removed_by: string | null;
  changes: Generated<number>;
}

interface PasskeyUsesTable {
  passkey: string;
  /** A `bigint`: text when read. */
  sign_count: ColumnType<string, number, number>;
  backed_up: boolean;
  last_at: Time | null;
}

interface PasskeyChallengesTable {
  digest: string;
  ends_at: Time;
}

export interface PasskeysSchema {
  passkeys: PasskeysTable;
  passkey_uses: PasskeyUsesTable;
  passkey_challenges: PasskeyChallengesTable;
}

export type PasskeyRow = Selectable<PasskeysTable>;
export type PasskeyUseRow = Selectable<PasskeyUsesTable>;
