import { GlassAsked } from "../model/break-glass.ts";
import { z } from "zod";
import { ApprovalAsked, ApprovalMethod, AskedApproval } from "../model/approval.ts";
import { Hash } from "../model/ledger.ts";
import { Digest } from "../model/primitives.ts";

/**
 * What the verifier reads out of payloads, by kind of entry. Loose on purpose: payloads grow, and what is
 * signed stays what it is. A payload that lacks what its kind needs is a finding, never a guess.
 */
export const Accepted = z.object({
  promotion: z.enum(["promotion", "rollback"]),
  release: Digest,
  configuration: Digest,
  plan: Digest,
  reason: z.string().default(""),
});
export type Accepted = z.infer<typeof Accepted>;

/** `promotion.started`: a plan that was made anew when the promotion left the queue. */
export const Started = z.object({ plan: Digest });

export const Ended = z.object({ state: z.string(), message: z.string().default("") });

export const CheckReported = z.object({
  check: z.string(),
  verdict: z.string(),
  summary: z.string().default(""),
  /** The whole report, as a blob. */
  report: Digest.nullish(),
});

export const DecisionMade = z.object({
  /** Place of the step in the plan. */
  step: z.int().nonnegative().optional(),
  outcome: z.enum(["allow", "deny", "wait", "break-glass"]),
  reasons: z.array(z.object({ rule: z.string(), message: z.string() })).default([]),
  /** What people set aside, of one that is no `allow` and lets through all the same. */
  brokenGlass: z.object({ glass: z.string(), setAside: z.array(z.string()) }).optional(),
});

/** What a decision has to name so that it can be made again. */
export const DecisionReplayable = z.object({ inputs: Digest, evaluator: z.string() });

/** Of `check.reported`: all of the run that a gate looks at. */
export const ReportedRun = z.object({
  check: z.string(),
  verdict: z.string(),
  summary: z.string(),
  release: Digest,
  configuration: Digest,
  colour: z.string().nullable(),
  exercised: z.unknown(),
  endedAt: z.string().nullable(),
  /** Of what people answered. */
  validUntil: z.string().optional(),
});
export type ReportedRun = z.infer<typeof ReportedRun>;

/** `lane.changed`: what has the traffic from here on. */
export const LaneChanged = z.object({
  liveRelease: Digest.nullable(),
  livePromotion: z.string().nullable(),
});
export type LaneChanged = z.infer<typeof LaneChanged>;

/** `deployment.changed`: a release's time in an environment, as it is from here on. */
export const DeploymentChanged = z.object({
  release: Digest,
  promotion: z.string(),
  from: z.string(),
  until: z.string().nullable(),
  revokedAt: z.string().nullable(),
  revokedReason: z.string().nullable(),
});
export type DeploymentChanged = z.infer<typeof DeploymentChanged>;

/** Of the same: when it was verified. */
export const DeploymentVerified = z.object({
  release: Digest,
  /** When its gate's evidence was there and its watch had passed. */
  verifiedAt: z.string().nullable(),
});

export const DocumentRegistered = z.object({
  kind: z.enum(["Pipeline", "Environment"]),
  name: z.string(),
  version: z.int(),
  digest: Digest,
});

export const ConfigurationApplied = z.object({ version: z.int(), digest: Digest });

export const ReleaseCreated = z.object({ service: z.string(), version: z.string() });

export const PayloadErased = z.object({
  entry: z.int().nonnegative(),
  reason: z.string().default(""),
  /** Blobs that nothing else names and that went with it. */
  blobs: z.array(Digest).default([]),
});

/** Of a plan, as a blob: what the story needs. */
export const PlanBlob = z.object({
  kind: z.enum(["promotion", "rollback"]),
  lane: z.object({ service: z.string(), environment: z.string() }),
  release: Digest,
  configuration: Digest,
  pipeline: Digest,
  environment: Digest,
  policy: Digest.optional(),
  /** Kinds of its steps, by place. */
  steps: z.array(z.object({ kind: z.string() })).default([]),
  checks: z.array(
    z.looseObject({
      name: z.string(),
      phase: z.string(),
      allowWarn: z.boolean().default(false),
      outOfBand: z.boolean().optional(),
      retries: z.int().nonnegative().optional(),
    }),
  ),
  approvals: z.array(AskedApproval).optional(),
  gate: z.string().optional(),
  minimumIsolation: z.string().optional(),
  diversity: z
    .object({ asked: z.record(z.string(), z.unknown()), scanners: z.array(z.looseObject({})) })
    .optional(),
  rules: z.array(z.looseObject({ name: z.string(), require: z.string() })).optional(),
});
export type PlanBlob = z.infer<typeof PlanBlob>;

/** Of a release, as a blob: the commits that it brings. */
export const ReleaseCommits = z.object({
  source: z.object({ commits: z.array(z.object({ revision: z.string() })).default([]) }),
});

/** Of a pipeline document, as a blob: where its service goes. */
export const PipelineBlob = z.object({
  kind: z.literal("Pipeline"),
  metadata: z.object({ name: z.string() }),
  spec: z.object({ environments: z.array(z.object({ name: z.string() })) }),
});

/** `key.added`, `key.retired`. */
export const KeyAdded = z.object({
  use: z.enum(["log", "evidence"]),
  /** Of the log: a signed-note verifier key. Of evidence: PEM (SubjectPublicKeyInfo). */
  key: z.string(),
  /** By the key before it (ledger/introduction.ts). */
  introduction: z.object({ by: z.string(), signature: z.string() }).optional(),
});

export const KeyCompromised = KeyAdded.extend({
  /** The last size whose checkpoint is believed although this key signed it. */
  lastTrustedSize: z.int().nonnegative().nullable(),
});

const Tree = z.object({ origin: z.string(), size: z.int().nonnegative(), root: z.string() });

/** `log.succeeded`: a database was put back, and the log goes on under another name. */
export const LogSucceeded = z.object({
  origin: z.string(),
  /** What was left of it stands before the entry, unchanged. */
  predecessor: Tree,
  /** The largest tree of it that was known outside. */
  known: Tree.nullable(),
  lostEntries: z.int().nonnegative().nullable(),
  reason: z.string().nullish(),
});
export type LogSucceeded = z.infer<typeof LogSucceeded>;

/** The first meeting with a host agent pins its key. */
export const AgentMet = z.object({ agentId: z.string(), publicKey: z.string() });

/** One entry of an agent's journal was taken in; `journal` is the hash of what the agent signed. */
export const AgentObserved = z.object({
  agentId: z.string(),
  sequence: z.int().positive(),
  at: z.string(),
  kind: z.string(),
  lane: z.string().nullable(),
  operation: z.string().nullable(),
  journal: Hash,
});
export type AgentObserved = z.infer<typeof AgentObserved>;

/** The agent had dropped these before anybody read them. */
export const AgentGap = z.object({
  agentId: z.string(),
  from: z.int().positive(),
  to: z.int().positive(),
});

/** What a lane's router and target said when the pack was exported. */
export const LaneObserved = z.object({
  lane: z.string(),
  /** Colour that the ledger's own tables call live. */
  live: z.string().nullable(),
  weights: z.object({ blue: z.int(), green: z.int() }).nullable(),
  problem: z.string().nullable().default(null),
});

/** `check.answered`. */
export const Answered = z.object({
  request: z.string(),
  run: z.string(),
  promotion: z.string(),
  check: z.string(),
  role: z.string(),
  service: z.string(),
  environment: z.string(),
  colour: z.enum(["blue", "green"]).nullable(),
  release: Digest,
  configuration: Digest,
  plan: Digest,
  ledger: z.string(),
  form: Digest,
  answer: Digest,
  answeredAt: z.string(),
  validUntil: z.string(),
  person: z.string(),
  key: Digest,
  reuses: z.string().nullable(),
});
export type Answered = z.infer<typeof Answered>;

/** Of `check.asked`. */
export const Asked = z.object({ request: z.string(), run: z.string() });

/** Of `check.reported`: whether people were asked, and about what. */
export const ManualReported = z.object({
  uses: z.string(),
  verdict: z.string(),
  // Compared with the answer: one that is not there is another one.
  release: z.unknown(),
  configuration: z.unknown(),
  colour: z.unknown(),
  validUntil: z.string().optional(),
});

/** `attestation.added`. */
export const AttestationAdded = z.object({ release: Digest, digest: Digest, format: z.string() });
export type AttestationAdded = z.infer<typeof AttestationAdded>;

/** Entries whose payload lists envelopes in the content store. */
export const Attested = z.object({ attestations: z.array(Digest).default([]) });

/** Of the predicate of a check run: the report as it was kept. */
export const CheckRunReport = z.object({ report: z.object({ digest: Digest }).nullable() });

/** `approval.asked`, `approval.voided`. */
export const ApprovalRequested = z.object({
  request: z.string(),
  asked: ApprovalAsked,
  voidedAt: z.string().nullable(),
  why: z.string().nullable(),
});
export type ApprovalRequested = z.infer<typeof ApprovalRequested>;

const GlassSigned = z.object({
  /** Digest of what was signed. */
  id: Digest,
  person: z.string(),
  key: z.string(),
  method: ApprovalMethod,
  at: z.string(),
});

/** `break-glass.…`: what was asked for, who signed it, what went through, and its review. */
export const GlassRecorded = z.object({
  asked: GlassAsked,
  signatures: z.array(GlassSigned),
  usedBy: z.string().nullable(),
  usedAt: z.string().nullable(),
  review: GlassSigned.extend({ outcome: z.string(), alone: z.boolean() }).nullable(),
  endedAt: z.string().nullable(),
  why: z.string().nullable(),
});
export type GlassRecorded = z.infer<typeof GlassRecorded>;

/** `approval.answered`. */
export const ApprovalAnswered = z.object({
  answer: Digest,
  request: z.string(),
  purpose: z.enum(["approve", "reject"]),
  person: z.string(),
  role: z.string(),
  key: z.string(),
  method: ApprovalMethod,
  /** What a passkey said of itself. */
  asserted: z.object({ backupEligible: z.boolean(), backedUp: z.boolean() }).nullable(),
  notBefore: z.string().nullable(),
  expires: z.string().nullable(),
});
export type ApprovalAnswered = z.infer<typeof ApprovalAnswered>;
