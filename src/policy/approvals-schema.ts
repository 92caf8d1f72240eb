import { z } from "zod";
import { ApprovalAsked, ApprovalBasis, ApprovalMethod, AskedApproval } from "../model/approval.ts";
import { GlassAsked, GlassBasis } from "../model/break-glass.ts";

const Enrolments = z.array(
  z.looseObject({
    what: z.string(),
    by: z.array(z.string()),
    proven: z.boolean(),
    vouched: z.array(z.string()),
    behind: z.record(z.string(), z.array(z.string())).optional(),
  }),
);

/** What a gate kept of approvals, as `ApprovalsInput` has it. */
export const ApprovalsInputs = z.looseObject({
  asks: z.array(AskedApproval),
  request: z.looseObject({ asked: ApprovalAsked, basis: ApprovalBasis, at: z.string() }).nullable(),
  now: z
    .strictObject(ApprovalAsked.omit({ request: true, decision: true, asks: true }).shape)
    .extend({ promotion: z.string() }),
  lineage: z.array(
    z.looseObject({ what: z.string(), people: z.array(z.string()), proven: z.boolean() }),
  ),
  answers: z.array(
    z.looseObject({
      id: z.string(),
      request: z.string(),
      purpose: z.enum(["approve", "reject"]),
      person: z.string(),
      also: z.array(z.string()),
      role: z.string(),
      method: ApprovalMethod,
      deviceBound: z.literal(true).optional(),
      at: z.string(),
      notBefore: z.string().nullable(),
      expires: z.string().nullable(),
      against: z.string().nullable(),
      enrolments: Enrolments,
    }),
  ),
});

/** What a gate kept of a broken glass, as `GlassInput` has it. */
export const GlassInputs = z.looseObject({
  asked: GlassAsked,
  basis: GlassBasis,
  at: z.string(),
  policy: z.looseObject({ allowed: z.enum(["all", "window", "none"]), longest: z.number() }),
  now: z.strictObject(
    GlassAsked.pick({
      ledger: true,
      service: true,
      environment: true,
      release: true,
      configuration: true,
      plan: true,
      policy: true,
    }).shape,
  ),
  promotion: z.string(),
  usedBy: z.string().nullable(),
  signed: z.array(
    z.looseObject({
      id: z.string(),
      person: z.string(),
      also: z.array(z.string()),
      at: z.string(),
      against: z.string().nullable(),
      enrolments: Enrolments,
    }),
  ),
  ownWork: z.array(z.string()),
});
