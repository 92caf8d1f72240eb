import type { GlassAsked, GlassBasis } from "../../model/break-glass.ts";
import type { Enrolment } from "../approval/given.ts";

/** What an evaluation of a broken glass reads: plain data without anybody's name, kept whole with the decision. */

export interface GivenGlass {
  /** Digest of what was signed. */
  readonly id: string;
  readonly person: string;
  /** Further pseudonyms of the same person. */
  readonly also: readonly string[];
  /** RFC 3339, by the database's clock: when it arrived. */
  readonly at: string;
  /** Why it counts no more, whatever it says; null: key and right stand. */
  readonly against: string | null;
  readonly enrolments: readonly Enrolment[];
}

/** What a signature would be about now. */
export type GlassNow = Pick<
  GlassAsked,
  "ledger" | "service" | "environment" | "release" | "configuration" | "plan" | "policy"
>;

export interface GlassInput {
  readonly asked: GlassAsked;
  readonly basis: GlassBasis;
  /** RFC 3339: when it was asked for. */
  readonly at: string;
  /** By the environment's owners, now. */
  readonly policy: { readonly allowed: "all" | "window" | "none"; readonly longest: number };
  readonly now: GlassNow;
  /** The promotion that is decided about, and the one that went through it; null: none yet. */
  readonly promotion: string;
  readonly usedBy: string | null;
  readonly signed: readonly GivenGlass[];
  /** What those who signed have done for it, for people: it is said, and speaks against nothing. */
  readonly ownWork: readonly string[];
}

/** A glass that was broken here and that nobody has reviewed. */
export interface OwedReview {
  /** `BG-3`. */
  readonly glass: string;
  readonly promotion: string;
  readonly usedAt: string;
  readonly due: string;
}
