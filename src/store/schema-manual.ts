import type { ColumnType, Generated, Selectable } from "kysely";
import type { ManualForm } from "../model/manual-check.ts";
import type { Colour, Digest } from "../model/primitives.ts";

/** The tables of migration 0019: people's keys, names and rights, and what people were asked. */

type GeneratedTime = ColumnType<Date, never, never>;
type Time = ColumnType<Date, Date | string, Date | string>;

/** A passkey as it was enrolled. */
export interface PasskeyJson {
  readonly credentialId: string;
  readonly coseKey: string;
  readonly rpId: string;
  readonly origins: string[];
  readonly aaguid?: string;
  readonly backupEligible?: boolean;
}

interface PersonKeysTable {
  key_id: Digest;
  /** Pseudonym. */
  person: string;
  public_key: string;
  /** Of a passkey that signs approvals; null for a key file. */
  webauthn: ColumnType<PasskeyJson | null, string | null | undefined, never>;
  /** Of an OpenSSH key, which signs commits and nothing else. */
  commits: Generated<boolean>;
  added_at: GeneratedTime;
  added_by: string;
  removed_at: Time | null;
  removed_by: string | null;
  changes: Generated<number>;
}

interface PersonLinksTable {
  same: string;
  person: string;
  added_at: GeneratedTime;
  added_by: string;
}

interface GrantsTable {
  id: string;
  person: string;
  right: string;
  service: string | null;
  environment: string | null;
  added_at: GeneratedTime;
  added_by: string;
  removed_at: Time | null;
  removed_by: string | null;
  changes: Generated<number>;
}

interface CheckRequestsTable {
  id: string;
  run: string;
  promotion: string;
  check: string;
  role: string;
  service: string;
  environment: string;
  colour: Colour | null;
  release: Digest;
  configuration: Digest;
  plan: Digest;
  ledger: string;
  form: ColumnType<ManualForm, string, never>;
  form_digest: Digest;
  asked_at: GeneratedTime;
  answer_until: Time;
  begun_at: Time | null;
  answer: Digest | null;
  answered_at: Time | null;
  valid_until: Time | null;
  person: string | null;
  key_id: Digest | null;
  separation: string | null;
  reuses: string | null;
  changes: Generated<number>;
}

export interface ManualSchema {
  person_keys: PersonKeysTable;
  person_links: PersonLinksTable;
  grants: GrantsTable;
  check_requests: CheckRequestsTable;
}

export type PersonKeyRow = Selectable<PersonKeysTable>;
export type PersonLinkRow = Selectable<PersonLinksTable>;
export type GrantRow = Selectable<GrantsTable>;
export type CheckRequestRow = Selectable<CheckRequestsTable>;
