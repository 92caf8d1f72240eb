import type { ColumnType, Generated, Selectable } from "kysely";
import type { ApprovalAsked, ApprovalBasis, ApprovalMethod } from "../model/approval.ts";
import type { Digest } from "../model/primitives.ts";

/** The tables of migrations 0043 and 0044: who was asked to approve what, and what they signed. */

type GeneratedTime = ColumnType<Date, never, never>;
type Time = ColumnType<Date | null, Date | string | null, Date | string | null>;

/** What a passkey said of itself when it signed. */
export interface AssertedJson {
  readonly algorithm: string;
  readonly signCount: number;
  readonly backupEligible: boolean;
  readonly backedUp: boolean;
}

interface ApprovalRequestsTable {
  id: string;
  promotion: string;
  service: string;
  environment: string;
  asked: ColumnType<ApprovalAsked, string, never>;
  basis: ColumnType<ApprovalBasis, string, never>;
  asked_at: GeneratedTime;
  voided_at: Time;
  why: string | null;
  changes: Generated<number>;
}

interface ApprovalAnswersTable {
  id: Digest;
  request: string;
  purpose: "approve" | "reject";
  /** Pseudonym. */
  person: string;
  role: string;
  key_id: Digest;
  method: ApprovalMethod;
  asserted: ColumnType<AssertedJson | null, string | null, never>;
  not_before: Time;
  expires_at: Time;
  answered_at: GeneratedTime;
}

export interface ApprovalsSchema {
  approval_requests: ApprovalRequestsTable;
  approval_answers: ApprovalAnswersTable;
}

export type ApprovalRequestRow = Selectable<ApprovalRequestsTable>;
export type ApprovalAnswerRow = Selectable<ApprovalAnswersTable>;
