import type { ColumnType, Generated, Selectable } from "kysely";
import type { ProviderWord } from "../model/identity-provider.ts";

/** The tables of migrations 0048 and 0049: who signs in, and who is signed in. */

type GeneratedTime = ColumnType<Date, Date | string | undefined, Date | string>;
type Time = ColumnType<Date, Date | string, Date | string>;

interface SessionsTable {
  id: string;
  digest: string;
  seal: string;
  /** Pseudonym. */
  person: string;
  methods: ColumnType<readonly string[], readonly string[], never>;
  issuer: string | null;
  /** What a provider said of the sign-in. */
  provider: ColumnType<ProviderWord | null, string | null | undefined, never>;
  /** Its id token, sealed, in base64; null: no provider's, or it is not wanted again. */
  provider_hint: ColumnType<string | null, string | null | undefined, string | null>;
  carried: "cookie" | "bearer";
  place: string;
  program: string;
  created_at: GeneratedTime;
  last_seen_at: GeneratedTime;
  /** A `bigint`: text when read. */
  idle_ms: ColumnType<string, number, never>;
  idle_until: Time;
  expires_at: Time;
  removed_at: Time | null;
  removed_by: string | null;
}

interface AccountLinksTable {
  id: string;
  digest: string;
  purpose: "first" | "invite" | "reset";
  /** Pseudonym; null: of whoever opens it first. */
  person: string | null;
  expires_at: Time | null;
  added_at: GeneratedTime;
  added_by: string;
  used_at: Time | null;
  removed_at: Time | null;
  changes: Generated<number>;
}

interface AccountsTable {
  person: string;
  password: string | null;
  totp: Buffer | null;
  /** A `bigint`: text when read. */
  totp_step: ColumnType<string, number | undefined, number>;
  recovery: ColumnType<readonly string[], readonly string[] | undefined, readonly string[]>;
  link: string | null;
  locked: Generated<boolean>;
  added_at: GeneratedTime;
  changed_at: GeneratedTime;
  changed_by: string;
  changes: Generated<number>;
}

interface BootstrapTable {
  single: Generated<boolean>;
  ended: boolean;
  changed_at: GeneratedTime;
  changed_by: string;
  changes: Generated<number>;
}

interface SignInFailuresTable {
  hour: Time;
  account: string;
  network: string;
  tries: Generated<number>;
  last_at: GeneratedTime;
}

interface SignInDaysTable {
  day: string;
  network: string;
  /** Pseudonym; empty: a name that has no account. */
  account: string;
  tries: ColumnType<string, number | undefined, number>;
}

interface LoginRequestsTable {
  digest: string;
  code: string;
  place: string;
  program: string;
  created_at: GeneratedTime;
  expires_at: Time;
  person: string | null;
  methods: readonly string[] | null;
  issuer: string | null;
  /** Of whoever said yes: once it has ended, its yes counts no more. */
  session: string | null;
  seal: string | null;
  refused: Generated<boolean>;
}

export interface AccountsSchema {
  sessions: SessionsTable;
  account_links: AccountLinksTable;
  accounts: AccountsTable;
  bootstrap: BootstrapTable;
  sign_in_failures: SignInFailuresTable;
  sign_in_days: SignInDaysTable;
  login_requests: LoginRequestsTable;
}

export type SessionRow = Selectable<SessionsTable>;
export type AccountLinkRow = Selectable<AccountLinksTable>;
export type AccountRow = Selectable<AccountsTable>;
export type BootstrapRow = Selectable<BootstrapTable>;
export type LoginRequestRow = Selectable<LoginRequestsTable>;
