import { After, page } from "../page.ts";
import { z } from "zod";
import { ApprovalMethod } from "../../model/approval.ts";
import {
  BreakGlassId,
  GlassAsked,
  GlassBasis,
  GlassWish,
  GlassWishFor,
} from "../../model/break-glass.ts";
import { FindingId } from "../../model/finding.ts";
import { at, found, listed } from "../../model/permissions.ts";
import { Plan } from "../../model/plan.ts";
import { Name } from "../../model/primitives.ts";
import { SignerView } from "../../model/signer-view.ts";

/** Calls about broken glasses: what two people set aside in an emergency, and its review. */

const Signed = z.object({
  /** Digest of the signed bytes. */
  id: z.string(),
  person: z.string(),
  name: z.string().nullable(),
  key: z.string(),
  method: ApprovalMethod,
  at: z.iso.datetime(),
});

export const BreakGlassView = z.object({
  id: BreakGlassId,
  /** What is signed, as it is signed, and what it leans on. */
  asked: GlassAsked,
  basis: GlassBasis,
  /** Its digest is signed; null in lists. */
  plan: Plan.nullable(),
  /** `review-owed`: a promotion went through it, and nobody has reviewed it. */
  state: z.enum(["asked", "in-force", "review-owed", "reviewed", "over"]),
  /** Why it counts for nothing, or that it was reviewed; null: it waits, or counts. */
  why: z.string().nullable(),
  at: z.iso.datetime(),
  by: z.string(),
  signatures: z.array(Signed),
  used: z.object({ promotion: z.string(), at: z.iso.datetime() }).nullable(),
  due: z.iso.datetime().nullable(),
  overdue: z.boolean(),
  review: Signed.extend({
    outcome: z.enum(["justified", "not-justified"]),
    words: z.string(),
    findings: z.array(FindingId),
    /** One of those who broke it, in `solo` mode: there was no second person. */
    alone: z.boolean(),
  }).nullable(),
  endedAt: z.iso.datetime().nullable(),
});
export type BreakGlassView = z.infer<typeof BreakGlassView>;

const params = z.object({ id: BreakGlassId });
/** DSSE envelope or a passkey's assertion, in base64. */
const signed = z.strictObject({ signed: z.string().max(4 * 1024 * 1024) });

export const breakGlassRoutes = {
  breakGlassOpen: {
    method: "POST",
    path: "/api/v1/break-glass",
    permission: "break-glass.open",
    resource: at("body.service", "body.environment"),
    body: GlassWish,
    response: BreakGlassView,
  },
  breakGlassOpenFor: {
    method: "POST",
    path: "/api/v1/promotions/:id/break-glass",
    permission: "break-glass.open",
    resource: found("promotion", "params.id"),
    params: z.object({ id: z.string().min(1).max(64) }),
    body: GlassWishFor,
    response: BreakGlassView,
  },
  breakGlassList: {
    method: "GET",
    path: "/api/v1/break-glass",
    permission: "break-glass.read",
    resource: listed("asked.service", "asked.environment"),
    query: z.object({
      service: Name.optional(),
      environment: Name.optional(),
      /** `open`: asked for, in force, or a review is owed. */
      state: z.enum(["open", "any"]).default("open"),
      limit: z.coerce.number().int().min(1).max(500).default(50),
      after: After,
    }),
    response: page(BreakGlassView),
  },
  breakGlassShow: {
    method: "GET",
    path: "/api/v1/break-glass/:id",
    permission: "break-glass.read",
    resource: found("break-glass", "params.id"),
    params,
    response: BreakGlassView,
  },
  breakGlassMine: {
    method: "GET",
    path: "/api/v1/break-glass/:id/mine",
    permission: "break-glass.read",
    resource: found("break-glass", "params.id"),
    params,
    response: SignerView,
  },
  breakGlassSign: {
    method: "POST",
    path: "/api/v1/break-glass/:id/signatures",
    permission: "break-glass.sign",
    resource: found("break-glass", "params.id"),
    params,
    body: signed,
    response: BreakGlassView,
  },
  breakGlassReview: {
    method: "POST",
    path: "/api/v1/break-glass/:id/review",
    permission: "break-glass.review",
    resource: found("break-glass", "params.id"),
    params,
    body: signed,
    response: BreakGlassView,
  },
  breakGlassWithdraw: {
    method: "POST",
    path: "/api/v1/break-glass/:id/withdraw",
    permission: "break-glass.open",
    resource: found("break-glass", "params.id"),
    params,
    body: z.strictObject({ reason: z.string().min(1).max(1_000) }),
    response: BreakGlassView,
  },
} as const;
