import { After, page } from "../page.ts";
import { z } from "zod";
import { anywhere, at, everything, found } from "../../model/permissions.ts";
import { Decision, Outcome, Reason } from "../../model/decision.ts";
import { GovernanceMode, PolicyProposed } from "../../model/policy-proposal.ts";
import { Digest, Name } from "../../model/primitives.ts";

/** Calls about what was decided, about what decides, and about who may change that. */

const list = <T extends z.ZodType>(item: T) => z.object({ items: z.array(item) });
const Time = z.iso.datetime();

/** A decision and what it was made from, for whoever makes it again. */
export const KeptDecision = z.object({
  /** Place of the step in the promotion's plan. */
  step: z.int(),
  decision: Decision,
  /** Canonical JSON, as it was kept; null: it was erased, or comes from before inputs were kept. */
  inputs: z.string().nullable(),
});
export type KeptDecision = z.infer<typeof KeptDecision>;

/** A change of policy that two people have to sign. */
export const PolicyProposalView = z.object({
  id: z.string(),
  /** Exactly what is signed. */
  proposed: PolicyProposed,
  state: z.enum(["waiting", "in-effect", "void", "expired"]),
  /** Why it can take effect no more. */
  why: z.string().nullable(),
  by: z.string(),
  at: Time,
  effectAt: Time.nullable(),
  /** How many people have to sign yet. */
  missing: z.int().nonnegative(),
  signatures: z.array(z.object({ person: z.string(), name: z.string().nullable(), at: Time })),
});
export type PolicyProposalView = z.infer<typeof PolicyProposalView>;

export const AppliedDocuments = z.object({
  applied: z.array(
    z.object({ kind: z.string(), name: z.string(), digest: Digest, changed: z.boolean() }),
  ),
  /** Team mode: nothing was registered; this waits for two people. */
  proposal: PolicyProposalView.nullable(),
  /** What of it is policy; null: nothing. */
  policy: z
    .object({
      governance: GovernanceMode,
      changes: z.array(z.string()),
      /** What it would have done to the decisions of the last 90 days, in words. */
      replay: z.string(),
    })
    .nullable(),
});
export type AppliedDocuments = z.infer<typeof AppliedDocuments>;

export const GovernanceView = z.object({
  mode: GovernanceMode,
  /** Who can sign changes of policy everywhere: with a key that counts. */
  signers: z.array(z.object({ person: z.string(), name: z.string().nullable() })),
  history: z.array(
    z.object({
      mode: GovernanceMode,
      /** What two people signed; null: one person said it. */
      proposal: z.string().nullable(),
      by: z.string(),
      at: Time,
    }),
  ),
});
export type GovernanceView = z.infer<typeof GovernanceView>;

/** What one environment demands: its owners' part, and of each service its own. */
export const PolicyView = z.object({
  environment: Name,
  version: z.int(),
  document: Digest,
  /** Who applied that version, and when. */
  by: z.string(),
  at: Time,
  governance: GovernanceMode,
  /** The owners' part, as it is hashed. */
  policy: z.record(z.string(), z.unknown()),
  services: z.array(
    z.object({
      service: Name,
      pipeline: Digest,
      version: z.int(),
      by: z.string(),
      at: Time,
      /** Of both parts together: what decisions made now name. */
      digest: Digest,
      gate: z.string(),
      isolation: z.string(),
      soakMs: z.int(),
      after: z.array(z.string()),
      checks: z.array(
        z.object({
          name: z.string(),
          uses: z.string(),
          phase: z.string(),
          from: z.enum(["floor", "pipeline"]),
          demand: Digest,
        }),
      ),
      rules: z.array(
        z.object({ name: z.string(), require: z.string(), from: z.enum(["floor", "pipeline"]) }),
      ),
    }),
  ),
  /** Versions of the environment's document and of its services' pipelines, newest first. */
  history: z.array(
    z.object({
      kind: z.string(),
      name: z.string(),
      version: z.int(),
      document: Digest,
      by: z.string(),
      at: Time,
      removedAt: Time.nullable(),
      /** What of it was policy, against the version before; empty: nothing. */
      changes: z.array(z.string()),
    }),
  ),
});
export type PolicyView = z.infer<typeof PolicyView>;

export const PolicyReplayView = z.object({
  since: Time,
  /** What of the file is policy, and differs from what is registered. */
  changes: z.array(z.string()),
  counts: z.object({
    decisions: z.int(),
    same: z.int(),
    reasons: z.int(),
    differ: z.int(),
    stricter: z.int(),
    looser: z.int(),
    notAsked: z.int(),
    /** Of those that differ: they do already under the policy in force now. */
    already: z.int(),
    otherRules: z.int(),
    unknown: z.int(),
    why: z.record(z.string(), z.int()),
  }),
  /** Decisions that would have differed, oldest first. */
  differing: z.array(
    z.object({
      decision: z.string(),
      service: Name,
      environment: Name,
      release: Digest,
      at: Time,
      was: Outcome,
      wouldBe: Outcome,
      /** Under the policy in force now it differs from what was decided already. */
      already: z.boolean(),
      added: z.array(Reason),
      gone: z.array(Reason),
      notAsked: z.array(z.string()),
      onlyNotAsked: z.boolean(),
    }),
  ),
  /** How many more differ than are listed. */
  more: z.int(),
  unknown: z.array(z.object({ decision: z.string(), problem: z.string() })),
  moreUnknown: z.int(),
});
export type PolicyReplayView = z.infer<typeof PolicyReplayView>;

export const policyRoutes = {
  promotionDecisions: {
    method: "GET",
    path: "/api/v1/promotions/:id/decisions",
    permission: "promotion.read",
    resource: found("promotion", "params.id"),
    params: z.object({ id: z.string().min(1).max(64) }),
    response: list(KeptDecision),
  },
  policyShow: {
    method: "GET",
    path: "/api/v1/policy",
    permission: "policy.read",
    resource: at("all", "query.environment"),
    query: z.object({ environment: Name.optional() }),
    response: list(PolicyView),
  },
  /** What past decisions would have been under the documents of a file; nothing is changed. */
  policyReplay: {
    method: "POST",
    path: "/api/v1/policy/replay",
    permission: "policy.read",
    resource: everything,
    body: z.object({
      file: z.string(),
      text: z.string().max(256_000),
      sinceMs: z
        .int()
        .positive()
        .max(20 * 366 * 86_400_000),
      service: Name.optional(),
      environment: Name.optional(),
    }),
    response: PolicyReplayView,
  },
  policyProposals: {
    method: "GET",
    path: "/api/v1/policy/proposals",
    permission: "policy.read",
    resource: everything,
    query: z.object({
      state: z.enum(["waiting", "any"]).default("waiting"),
      limit: z.coerce.number().int().min(1).max(500).default(100),
      after: After,
    }),
    response: page(PolicyProposalView),
  },
  policyProposal: {
    method: "GET",
    path: "/api/v1/policy/proposals/:id",
    permission: "policy.read",
    resource: everything,
    params: z.object({ id: z.string().min(1).max(64) }),
    response: PolicyProposalView,
  },
  /** A DSSE envelope over the person's statement, in base64. */
  policySign: {
    method: "POST",
    path: "/api/v1/policy/proposals/sign",
    permission: "policy.sign",
    resource: everything,
    body: z.object({ proposal: z.string().min(1).max(64), envelope: z.string().max(200_000) }),
    response: PolicyProposalView,
  },
  governanceShow: {
    method: "GET",
    path: "/api/v1/governance",
    permission: "policy.read",
    resource: anywhere,
    response: GovernanceView,
  },
  /** `team` counts at once; `solo` is proposed, and two people have to sign it. */
  governanceSet: {
    method: "POST",
    path: "/api/v1/governance",
    permission: "governance.set",
    resource: everything,
    body: z.object({ mode: GovernanceMode }),
    response: z.object({ governance: GovernanceView, proposal: PolicyProposalView.nullable() }),
  },
} as const;
