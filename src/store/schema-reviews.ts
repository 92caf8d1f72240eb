import type { ColumnType, Generated, Selectable } from "kysely";
import type { ReviewOutcome } from "../model/access-review.ts";
import type { Digest } from "../model/primitives.ts";

/** The tables of migration 0057: reviews of who can do what, and what is really used. */

type GeneratedTime = ColumnType<Date, never, never>;

interface AccessReviewsTable {
  id: string;
  service: string | null;
  due_at: ColumnType<Date, Date | string, never>;
  report: string;
  report_digest: Digest;
  started_at: GeneratedTime;
  started_by: string;
  closed_at: ColumnType<Date | null, never, Date>;
  changes: Generated<number>;
}

interface AccessReviewWordsTable {
  id: string;
  review: string;
  person: string;
  key_id: string;
  decisions: ColumnType<readonly ReviewOutcome[], string, never>;
  envelope: string;
  added_at: GeneratedTime;
  added_by: string;
}

interface AccessReviewNoticesTable {
  review: string;
  at: GeneratedTime;
}

interface PermissionUsesTable {
  principal: string;
  permission: string;
  day: ColumnType<Date, string | undefined, never>;
}

export interface ReviewsSchema {
  access_reviews: AccessReviewsTable;
  access_review_words: AccessReviewWordsTable;
  access_review_notices: AccessReviewNoticesTable;
  permission_uses: PermissionUsesTable;
}

export type AccessReviewRow = Selectable<AccessReviewsTable>;
export type AccessReviewWordRow = Selectable<AccessReviewWordsTable>;
