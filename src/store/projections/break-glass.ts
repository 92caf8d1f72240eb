import { digestOf } from "../../model/canonical.ts";
import type { BreakGlassRow } from "../schema-break-glass.ts";
import { authorOf, type Projection, time } from "./projection.ts";

/**
 * Glasses that people broke: one that was widened, used again, reviewed by nobody or taken away opens nothing, because its
 * entries say otherwise. What a reviewer wrote is in the entry by its digest.
 */
export const breakGlassProjection: Projection<BreakGlassRow> = {
  table: "break_glass",
  kinds: [
    "break-glass.opened",
    "break-glass.signed",
    "break-glass.used",
    "break-glass.reviewed",
    "break-glass.ended",
  ],
  key: ({ id }) => `break-glass/${id}`,
  changes: ({ changes }) => changes,
  counted: true,
  columns: (row) => ({
    glass: row.id,
    service: row.service,
    environment: row.environment,
    asked: row.asked,
    basis: digestOf(row.basis),
    plan: digestOf(row.plan),
    // To be read in the log itself: what was set aside.
    setAside: row.basis.asides.map(({ of }) => of),
    signatures: row.signatures,
    openedAt: time(row.opened_at),
    usedBy: row.used_by,
    usedAt: time(row.used_at),
    reviewDue: time(row.review_due),
    review: row.review === null ? null : { ...row.review, words: digestOf(row.review.words) },
    endedAt: time(row.ended_at),
    why: row.why,
  }),
  authors: (row) => [authorOf(breakGlassProjection, row, "opened_by", row.opened_by)],
  stream: ({ service, environment }) => `${service}/${environment}`,
  async *rows(db) {
    yield* await db.selectFrom("break_glass").selectAll().orderBy("id").execute();
  },
};
