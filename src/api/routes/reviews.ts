import { After, page } from "../page.ts";
import { z } from "zod";
import { ReviewLine } from "../../model/access-review.ts";
import { at, found, listed } from "../../model/permissions.ts";
import { Digest, Name } from "../../model/primitives.ts";

/** Calls about reviews of who can do what. */

const Time = z.iso.datetime();

export const ReviewView = z.object({
  id: z.string(),
  /** Null: of every service. */
  service: z.string().nullable(),
  /** Origin of the log in which words on it count. */
  ledger: z.string(),
  /** Of the canonical JSON of the lines. */
  report: Digest,
  startedAt: Time,
  startedBy: z.string(),
  dueAt: Time,
  closedAt: Time.nullable(),
  state: z.enum(["open", "overdue", "done"]),
  /** Lines that nobody has said anything of. */
  open: z.int().nonnegative(),
  lines: z.array(
    z.object({
      line: ReviewLine,
      /** Null: a machine's, or erased. */
      name: z.string().nullable(),
      word: z
        .object({
          answer: z.enum(["keep", "remove"]),
          reason: z.string(),
          /** Whether it was taken away; null where it stays. */
          done: z.boolean().nullable(),
          why: z.string().nullable(),
          by: z.object({ person: z.string(), name: z.string().nullable() }),
          at: Time,
        })
        .nullable(),
    }),
  ),
  /** Each word as it was signed, in base64. */
  signed: z.array(
    z.object({
      id: z.string(),
      person: z.string(),
      key: z.string(),
      at: Time,
      envelope: z.string(),
    }),
  ),
});
export type ReviewView = z.infer<typeof ReviewView>;

const params = z.object({ id: z.string().min(1).max(64) });

export const reviewRoutes = {
  reviewList: {
    method: "GET",
    path: "/api/v1/access/reviews",
    permission: "access.report",
    resource: listed("service", null),
    query: z.object({ limit: z.coerce.number().int().min(1).max(100).default(20), after: After }),
    response: page(ReviewView),
  },
  reviewStart: {
    method: "POST",
    path: "/api/v1/access/reviews",
    permission: "access.review",
    resource: at("body.service", "all"),
    body: z.strictObject({ service: Name.nullable(), due: Time }),
    response: ReviewView,
  },
  reviewShow: {
    method: "GET",
    path: "/api/v1/access/reviews/:id",
    permission: "access.review",
    resource: found("access-review", "params.id"),
    params,
    response: ReviewView,
  },
  /** A DSSE envelope over a reviewer's statement, in base64. */
  reviewSign: {
    method: "POST",
    path: "/api/v1/access/reviews/:id/words",
    permission: "access.review",
    resource: found("access-review", "params.id"),
    params,
    body: z.strictObject({ envelope: z.string().max(3_000_000) }),
    response: ReviewView,
  },
} as const;
