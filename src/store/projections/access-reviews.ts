import type { AccessReviewRow, AccessReviewWordRow } from "../schema-reviews.ts";
import { authorOf, type Projection, time } from "./projection.ts";

/** Reviews of who can do what. The report stands by its digest, and so does what was signed. */

export const accessReviewsProjection: Projection<AccessReviewRow> = {
  table: "access_reviews",
  kinds: ["access.review-started", "access.review-closed"],
  key: ({ id }) => `access-review/${id}`,
  changes: ({ changes }) => changes,
  counted: true,
  columns: (row) => ({
    review: row.id,
    service: row.service,
    due: time(row.due_at),
    report: row.report_digest,
    closed: time(row.closed_at),
  }),
  authors: (row) => [authorOf(accessReviewsProjection, row, "started_by", row.started_by)],
  stream: () => "system",
  async *rows(db) {
    yield* await db.selectFrom("access_reviews").selectAll().execute();
  },
};

export const accessReviewWordsProjection: Projection<AccessReviewWordRow> = {
  table: "access_review_words",
  kinds: ["access.reviewed"],
  key: ({ id }) => `access-review-word/${id}`,
  changes: () => null,
  counted: false,
  columns: (row) => ({
    word: row.id,
    review: row.review,
    reviewer: row.person,
    key: row.key_id,
    keep: row.decisions.filter(({ answer }) => answer === "keep").length,
    removed: row.decisions.filter(({ done }) => done === true).map(({ line }) => line),
    notRemoved: row.decisions.filter(({ done }) => done === false).map(({ line }) => line),
  }),
  authors: (row) => [authorOf(accessReviewWordsProjection, row, "added_by", row.added_by)],
  stream: () => "system",
  async *rows(db) {
    yield* await db.selectFrom("access_review_words").selectAll().execute();
  },
};
