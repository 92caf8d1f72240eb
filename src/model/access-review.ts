import { z } from "zod";
import { Digest, Name } from "./primitives.ts";
import { Pseudonym } from "./vouch.ts";

/** The right to review, by signature, who can do what in a service or everywhere. */
export const reviewRight = "access.review";

/** One way in which somebody may do something, as a review froze it. Nobody's name stands here. */
export const ReviewLine = z.strictObject({
  /** `role:<id>`, `right:<id>`, `token:<id>`, `key:<id>`. */
  id: z.string().min(1).max(200),
  kind: z.enum(["role", "right", "token", "key"]),
  /** Whose it is; null: a machine's. */
  person: Pseudonym.nullable(),
  /** The token's id, of a machine's. */
  token: z.string().max(64).nullable(),
  /** The role, the right, or what a token or key is called. */
  has: z.string().max(256),
  service: Name.nullable(),
  environment: Name.nullable(),
  since: z.iso.datetime(),
  until: z.iso.datetime().nullable(),
  /** When it was used last, to the day or the hour; null: never, or it cannot be told. */
  lastUsed: z.string().max(64).nullable(),
  /** Permissions that it gives and nobody has used in the time that is looked at. */
  unused: z.array(z.string().max(64)).max(200),
});
export type ReviewLine = z.infer<typeof ReviewLine>;

/** No control characters: it is shown in terminals before it is signed. */
const words = z
  .string()
  .trim()
  .min(1)
  .max(500)
  .regex(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+$/u, "no control characters");

export const ReviewDecision = z.strictObject({
  line: z.string().min(1).max(200),
  answer: z.enum(["keep", "remove"]),
  reason: words,
});
export type ReviewDecision = z.infer<typeof ReviewDecision>;

/** What came of it: null where it stays; else whether it was taken away at once, and why not. */
export type ReviewOutcome = ReviewDecision & {
  readonly done: boolean | null;
  readonly why: string | null;
};

/** What a reviewer signs: their word on lines of exactly this report. */
export const ToReview = z.strictObject({
  review: z.string().min(1).max(64),
  /** Of the log in which it counts. */
  ledger: z.string().min(1).max(512),
  /** Of the canonical JSON of the report's lines. */
  report: Digest,
  decisions: z.array(ReviewDecision).min(1).max(2_000),
});
export type ToReview = z.infer<typeof ToReview>;
