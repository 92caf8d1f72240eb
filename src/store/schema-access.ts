import type { ColumnType, Generated, Selectable } from "kysely";
import type { Permission } from "../model/permissions.ts";
import type { WorkloadIdentity, WorkloadRule } from "../model/workload.ts";

/** The tables of migrations 0041, 0042 and 0052: tokens, roles, who has them, and rules that give some. */

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
  /** By which rule a program of another platform got it; null: a person made it. */
  rule: Generated<string | null>;
  /** To whom. */
  workload: ColumnType<WorkloadIdentity | null, string | null | undefined, never>;
}

interface WorkloadRulesTable {
  id: string;
  name: string;
  rule: ColumnType<WorkloadRule, string, never>;
  added_at: GeneratedTime;
  added_by: string;
  removed_at: Time | null;
  removed_by: string | null;
  changes: Generated<number>;
}

interface WorkloadUsesTable {
  use: string;
  until: Time;
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
  workload_rules: WorkloadRulesTable;
  workload_uses: WorkloadUsesTable;
}

export type ApiTokenRow = Selectable<ApiTokensTable>;
export type RoleRow = Selectable<RolesTable>;
export type WorkloadRuleRow = Selectable<WorkloadRulesTable>;
export type RoleAssignmentRow = Selectable<RoleAssignmentsTable>;
