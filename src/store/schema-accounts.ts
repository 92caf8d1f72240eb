import type { ColumnType, Selectable } from "kysely";

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

export interface AccountsSchema {
  sessions: SessionsTable;
}

export type SessionRow = Selectable<SessionsTable>;
