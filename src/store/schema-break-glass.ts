import type { ColumnType, Generated, Selectable } from "kysely";
import type { ApprovalMethod } from "../model/approval.ts";
import type { GlassAsked, GlassBasis, GlassReview } from "../model/break-glass.ts";
import type { Plan } from "../model/plan.ts";
import type { Digest } from "../model/primitives.ts";

/** The table of migration 0055: glasses that people broke in emergencies. */

export interface GlassSignature {
  /** Digest of the signed bytes, which lie with the release's evidence. */
  readonly id: Digest;
  /** By pseudonym. */
  readonly person: string;
  readonly key: Digest;
  readonly method: ApprovalMethod;
  /** RFC 3339. */
  readonly at: string;
}

export interface GlassReviewed
  extends GlassSignature, Pick<GlassReview, "outcome" | "words" | "findings"> {
  /** One of those who broke it, in `solo` mode: there was no second person. */
  readonly alone: boolean;
}

type Time = ColumnType<Date | null, Date | string | null, Date | string | null>;

interface BreakGlassTable {
  /** A `bigint`. */
  id: Generated<string>;
  service: string;
  environment: string;
  asked: ColumnType<GlassAsked, string, never>;
  basis: ColumnType<GlassBasis, string, never>;
  plan: ColumnType<Plan, string, never>;
  signatures: ColumnType<readonly GlassSignature[], string | undefined, string>;
  opened_at: ColumnType<Date, never, never>;
  opened_by: string;
  used_by: string | null;
  used_at: Time;
  review_due: Time;
  review: ColumnType<GlassReviewed | null, string | null, string | null>;
  ended_at: Time;
  why: string | null;
  overdue_told: Generated<boolean>;
  changes: Generated<number>;
}

export interface BreakGlassSchema {
  break_glass: BreakGlassTable;
}

export type BreakGlassRow = Selectable<BreakGlassTable>;
