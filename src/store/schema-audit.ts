import type { ColumnType, Generated, Selectable } from "kysely";
import type { Plan } from "../model/plan.ts";
import type { Digest } from "../model/primitives.ts";

/** The tables of migrations 0008 and 0010: plans, inputs of decisions, legal holds, erasures, access events. */

type GeneratedTime = ColumnType<Date, never, never>;
type Time = ColumnType<Date, Date | string, Date | string>;

interface PlansTable {
  digest: Digest;
  content: ColumnType<Plan, never, never>;
}

interface DecisionInputsTable {
  digest: Digest;
  /** Canonical JSON, as it was hashed. */
  content: string;
}

interface LedgerHoldsTable {
  id: string;
  /** Null: everything. */
  stream: string | null;
  reason: string;
  added_at: GeneratedTime;
  added_by: string;
  removed_at: Time | null;
  removed_by: string | null;
}

interface LedgerErasuresTable {
  id: string;
  entry: ColumnType<string | null, string | number | null, never>;
  pseudonym: string | null;
  reason: string;
  requested_at: GeneratedTime;
  requested_by: string;
  confirmed_at: Time | null;
  confirmed_by: string | null;
}

interface AccessEventsTable {
  id: Generated<string>;
  at: GeneratedTime;
  actor: string;
  action: string;
  target: string;
  outcome: string;
  run: ColumnType<string | null, never, string>;
}

export interface AuditSchema {
  plans: PlansTable;
  decision_inputs: DecisionInputsTable;
  ledger_holds: LedgerHoldsTable;
  ledger_erasures: LedgerErasuresTable;
  access_events: AccessEventsTable;
}

export type HoldRow = Selectable<LedgerHoldsTable>;
export type ErasureRow = Selectable<LedgerErasuresTable>;
