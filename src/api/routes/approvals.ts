import { After, page } from "../page.ts";
import { z } from "zod";
import { ApprovalAsked, ApprovalBasis, ApprovalMethod } from "../../model/approval.ts";
import { found, listed } from "../../model/permissions.ts";
import { Plan } from "../../model/plan.ts";
import { Name } from "../../model/primitives.ts";
import { SignerView } from "../../model/signer-view.ts";

/** Calls about approvals: who is asked to sign what, and what was signed. */

export const ApprovalView = z.object({
  id: z.string(),
  /** All that is signed but the answer itself. */
  asked: ApprovalAsked,
  /** Verdicts and findings, of which `asked.decision` is the digest. */
  basis: ApprovalBasis,
  /** Of which `asked.plan` is the digest; null in lists. */
  plan: Plan.nullable(),
  at: z.iso.datetime(),
  state: z.enum(["open", "void", "over"]),
  /** What changed since it was asked; null where it is not void. */
  why: z.string().nullable(),
  /** What the gate says of it now, in sentences; empty where it is over. */
  says: z.array(z.object({ outcome: z.enum(["allow", "wait", "deny"]), message: z.string() })),
  answers: z.array(
    z.object({
      /** Digest of the signed bytes. */
      id: z.string(),
      purpose: z.enum(["approve", "reject"]),
      person: z.string(),
      name: z.string().nullable(),
      role: z.string(),
      method: ApprovalMethod,
      key: z.string(),
      /** Of a passkey: whether its key can be copied, and whether it was. */
      asserted: z
        .object({
          algorithm: z.string(),
          signCount: z.number(),
          backupEligible: z.boolean(),
          backedUp: z.boolean(),
        })
        .nullable(),
      /** Their own words; null where they said none, in lists, and where what was signed was erased. */
      reason: z.string().nullable(),
      at: z.iso.datetime(),
      notBefore: z.iso.datetime().nullable(),
      expires: z.iso.datetime().nullable(),
    }),
  ),
});
export type ApprovalView = z.infer<typeof ApprovalView>;

/** How whoever asks can answer a request, or why not. */
export const ApprovalMine = SignerView.omit({ against: true }).extend({
  /** As whom; `against`: why that would not count, whatever the key; `wayOut`: what can be done about it. */
  roles: z.array(
    z.object({
      role: z.string(),
      against: z.string().nullable(),
      wayOut: z.string().nullable(),
    }),
  ),
});
export type ApprovalMine = z.infer<typeof ApprovalMine>;

const params = z.object({ id: z.string().regex(/^[0-9a-f]{6,32}$/) });

/** Which answers count for nothing now, and why, stands in `says`. */
export const approvalRoutes = {
  approvalList: {
    method: "GET",
    path: "/api/v1/approvals",
    permission: "approval.read",
    resource: listed("asked.service", "asked.environment"),
    query: z.object({
      service: Name.optional(),
      environment: Name.optional(),
      promotion: z.string().max(64).optional(),
      state: z.enum(["open", "any"]).default("open"),
      /** Only what whoever asks may answer, and has not. */
      waitsFor: z.literal("me").optional(),
      limit: z.coerce.number().int().min(1).max(500).default(50),
      after: After,
    }),
    response: page(ApprovalView),
  },
  approvalShow: {
    method: "GET",
    path: "/api/v1/approvals/:id",
    permission: "approval.read",
    resource: found("approval", "params.id"),
    params,
    response: ApprovalView,
  },
  approvalMine: {
    method: "GET",
    path: "/api/v1/approvals/:id/mine",
    permission: "approval.read",
    resource: found("approval", "params.id"),
    params,
    response: ApprovalMine,
  },
  approvalAnswer: {
    method: "POST",
    path: "/api/v1/approvals/:id/answers",
    permission: "approval.sign",
    resource: found("approval", "params.id"),
    params,
    /** A DSSE envelope, or a payload with a passkey's assertion, in base64. */
    body: z.strictObject({ signed: z.string().max(3 * 1024 * 1024) }),
    response: ApprovalView,
  },
} as const;
