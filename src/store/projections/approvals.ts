import { digestOf } from "../../model/canonical.ts";
import type { ApprovalAnswerRow, ApprovalRequestRow } from "../schema-approvals.ts";
import { type Projection, time } from "./projection.ts";

/** What people were asked to approve: brought back to life, or about another content, it opens nothing. */
export const approvalRequestsProjection: Projection<ApprovalRequestRow> = {
  table: "approval_requests",
  kinds: ["approval.asked", "approval.voided"],
  key: ({ id }) => `approval-request/${id}`,
  changes: ({ changes }) => changes,
  counted: true,
  columns: (row) => ({
    request: row.id,
    promotion: row.promotion,
    service: row.service,
    environment: row.environment,
    asked: row.asked,
    basis: digestOf(row.basis),
    askedAt: time(row.asked_at),
    voidedAt: time(row.voided_at),
    why: row.why,
  }),
  stream: ({ service, environment }) => `${service}/${environment}`,
  async *rows(db) {
    yield* await db.selectFrom("approval_requests").selectAll().orderBy("id").execute();
  },
};

/** An answer with the place where it was given: its entry belongs to the lane's stream. */
export type PlacedAnswer = ApprovalAnswerRow & {
  readonly service: string;
  readonly environment: string;
};

/** What people signed. The bytes are kept by their digest, which is the row's id. */
export const approvalAnswersProjection: Projection<PlacedAnswer> = {
  table: "approval_answers",
  kinds: ["approval.answered"],
  key: ({ id }) => `approval-answer/${id}`,
  changes: () => null,
  counted: false,
  columns: (row) => ({
    answer: row.id,
    request: row.request,
    purpose: row.purpose,
    person: row.person,
    role: row.role,
    key: row.key_id,
    method: row.method,
    asserted: row.asserted,
    notBefore: time(row.not_before),
    expires: time(row.expires_at),
    answeredAt: time(row.answered_at),
  }),
  stream: ({ service, environment }) => `${service}/${environment}`,
  async *rows(db) {
    yield* await db
      .selectFrom("approval_answers as a")
      .innerJoin("approval_requests as r", "r.id", "a.request")
      .selectAll("a")
      .select(["r.service", "r.environment"])
      .orderBy("a.id")
      .execute();
  },
};
