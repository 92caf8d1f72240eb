import type { ColumnType, Selectable } from "kysely";
import type { GovernanceMode } from "../model/policy-proposal.ts";

/** The tables of migration 0034: how policy is changed. */

type GeneratedTime = ColumnType<Date, never, never>;

interface GovernanceTable {
  version: number;
  mode: GovernanceMode;
  proposal: string | null;
  set_by: string;
  at: GeneratedTime;
}

interface PolicyActsTable {
  id: string;
  kind: "propose" | "sign" | "effect" | "void";
  proposal: string;
  content: ColumnType<Readonly<Record<string, unknown>>, string, never>;
  acted_by: string;
  at: GeneratedTime;
}

export type GovernanceRow = Selectable<GovernanceTable>;
export type PolicyActRow = Selectable<PolicyActsTable>;

export interface PolicySchema {
  governance: GovernanceTable;
  policy_acts: PolicyActsTable;
}
