import type { ColumnType, Generated, Selectable } from "kysely";
import type { Permission } from "../model/permissions.ts";

/** The tables of migrations 0041 and 0042: tokens, roles, and who has them. */

type GeneratedTime = ColumnType<Date, never, never>;
type Time = ColumnType<Date, Date | string, Date | string>;

interface ApiTokensTable {
  id: string;
  name: string;
  digest: string;
  /** Pseudonym; null: a machine's. */
  person: string | null;
  role: string | null;
  service: string | null;
  environment: string | null;
  expires_at: Time;
  added_at: GeneratedTime;
  added_by: string;
  removed_at: Time | null;
  removed_by: string | null;
  changes: Generated<number>;
}

interface RolesTable {
  name: string;
  says: string;
  permissions: ColumnType<readonly Permission[], string, string>;
  defined_at: ColumnType<Date, never, Date>;
  defined_by: string;
  changes: Generated<number>;
}

interface RoleAssignmentsTable {
  id: string;
  person: string | null;
  token: string | null;
  role: string;
  service: string | null;
  environment: string | null;
  added_at: GeneratedTime;
  added_by: string;
  removed_at: Time | null;
  removed_by: string | null;
  changes: Generated<number>;
}

interface TokenUsesTable {
  token: string;
  place: string;
  first_at: GeneratedTime;
  last_at: ColumnType<Date, never, Date>;
}

interface AccessVersionTable {
  single: Generated<boolean>;
  version: Generated<string>;
}

export interface AccessSchema {
  access_version: AccessVersionTable;
  api_tokens: ApiTokensTable;
  roles: RolesTable;
  role_assignments: RoleAssignmentsTable;
  token_uses: TokenUsesTable;
}

export type ApiTokenRow = Selectable<ApiTokensTable>;
export type RoleRow = Selectable<RolesTable>;
export type RoleAssignmentRow = Selectable<RoleAssignmentsTable>;
