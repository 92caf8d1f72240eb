import type { CheckRequestRow } from "../schema-manual.ts";
import { digestOf } from "../../model/canonical.ts";
import { type Projection, time } from "./projection.ts";

/** What people were asked and answered. */
export const checkRequestsProjection: Projection<CheckRequestRow> = {
  table: "check_requests",
  kinds: ["check.asked", "check.begun", "check.answered"],
  key: ({ id }) => `check-request/${id}`,
  changes: ({ changes }) => changes,
  counted: true,
  columns: (row) => ({
    request: row.id,
    run: row.run,
    promotion: row.promotion,
    check: row.check,
    role: row.role,
    service: row.service,
    environment: row.environment,
    colour: row.colour,
    release: row.release,
    configuration: row.configuration,
    plan: row.plan,
    ledger: row.ledger,
    form: row.form_digest,
    questions: digestOf(row.form),
    answerUntil: time(row.answer_until),
    begunAt: time(row.begun_at),
    answer: row.answer,
    answeredAt: time(row.answered_at),
    validUntil: time(row.valid_until),
    person: row.person,
    key: row.key_id,
    separation: row.separation,
    reuses: row.reuses,
  }),
  stream: ({ service, environment }) => `${service}/${environment}`,
  async *rows(db) {
    yield* await db.selectFrom("check_requests").selectAll().execute();
  },
};
