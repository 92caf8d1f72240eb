import { z } from "zod";
import { Bindings } from "../model/configuration.ts";
import { Colour, Digest, Name, Version } from "../model/primitives.ts";
import { Decision, Outcome, Reason } from "../model/decision.ts";
import { DesiredOutcome, PromotionState, StepState } from "../model/promotion.ts";
import { Plan } from "../model/plan.ts";
import { Source } from "../model/release.ts";
import { KeptReport } from "../model/verdict.ts";
import { Instance } from "../ports/host-agent.ts";

/** What the API shows. Times are RFC 3339 in UTC. One place for server, CLI and page. */

const Time = z.string();

export const ErrorView = z.object({
  error: z.object({
    code: z.string(),
    message: z.string(),
    where: z.string().optional(),
    hint: z.string().optional(),
    /** Several mistakes in one file arrive together. */
    problems: z
      .array(z.object({ where: z.string(), message: z.string(), hint: z.string().optional() }))
      .optional(),
  }),
});
export type ErrorView = z.infer<typeof ErrorView>;

/** Something that is stated about a release; whether it counts is for whoever verifies it to say. */
export const AttestationView = z.object({
  /** Of its bytes. */
  digest: Digest,
  format: z.enum(["dsse", "sigstore", "cms", "cyclonedx", "spdx", "webauthn", "git-commits"]),
  /** As it says itself; null for SBOMs and plain signatures. */
  predicateType: z.string().nullable(),
  /** `own`: by this server about what it did; `made`: from the release's tree; `given`: handed in. */
  origin: z.enum(["own", "made", "given"]),
  size: z.int(),
  addedAt: Time,
  addedBy: z.string(),
  erased: z.boolean(),
});
export type AttestationView = z.infer<typeof AttestationView>;

/** Never again: what it is made of goes nowhere any more. */
const BanView = z.object({ id: z.string(), reason: z.string(), by: z.string(), since: Time });

export const ReleaseView = z.object({
  id: Digest,
  service: Name,
  version: Version,
  createdAt: Time,
  createdBy: z.string(),
  artifacts: z.array(z.object({ name: z.string(), digest: Digest, size: z.int() })),
  source: Source,
  /** What was handed in about it, or made of it; not what this server states itself. */
  attestations: z.array(AttestationView),
  /** Where it is or was live. */
  environments: z.array(
    z.object({
      environment: z.string(),
      live: z.boolean(),
      since: Time,
      verifiedAt: Time.nullable(),
    }),
  ),
  /** Never again: what it is made of goes nowhere any more. Absent: it is not banned. */
  banned: z.object({ id: z.string(), reason: z.string(), by: z.string(), since: Time }).optional(),
});
export type ReleaseView = z.infer<typeof ReleaseView>;

export const StepView = z.object({
  index: z.int(),
  kind: z.string(),
  /** `check smoke on green`: what a person reads. */
  title: z.string(),
  state: StepState,
  attempts: z.int(),
  startedAt: Time.nullable(),
  endedAt: Time.nullable(),
  message: z.string(),
});
export type StepView = z.infer<typeof StepView>;

export const CheckRunView = z.object({
  /** `<promotion>/<step>/<name>/<attempt>`. */
  id: z.string(),
  name: z.string(),
  uses: z.string(),
  phase: z.string(),
  report: KeptReport.nullable(),
  startedAt: Time,
  endedAt: Time.nullable(),
});
export type CheckRunView = z.infer<typeof CheckRunView>;

export const PromotionView = z.object({
  id: z.string(),
  kind: z.enum(["promotion", "rollback"]),
  service: Name,
  environment: Name,
  release: z.object({ id: Digest, version: Version }),
  configuration: z.object({ digest: Digest, version: z.int() }),
  state: PromotionState,
  desired: DesiredOutcome,
  colour: Colour.nullable(),
  /** Why it is not going on, who can end the wait, and until when. */
  waiting: z.object({ reason: z.string(), who: z.string(), until: Time.nullable() }).nullable(),
  message: z.string(),
  createdAt: Time,
  createdBy: z.string(),
  startedAt: Time.nullable(),
  endedAt: Time.nullable(),
  planDigest: Digest,
  steps: z.array(StepView),
  checks: z.array(CheckRunView),
  decision: Decision.nullable(),
});
export type PromotionView = z.infer<typeof PromotionView>;

export const PlanView = z.object({
  plan: Plan,
  digest: Digest,
  /** What would change, one line each, in the order a person cares: code, configuration, capacity, route. */
  changes: z.array(z.object({ area: z.string(), text: z.string() })),
  commits: z.array(z.object({ revision: z.string(), subject: z.string(), author: z.string() })),
  /** Whether admission would let it start now. */
  decision: Decision,
  /**
   * What its gate would say now, besides that: requirements, threat model, rules, whatever is known already. Only
   * what is not good; `pending` is for checks of this promotion to show. Absent: an older server.
   */
  gate: z
    .object({
      outcome: Outcome,
      parts: z.array(Reason.extend({ pending: z.boolean(), next: z.string().nullable() })),
    })
    .optional(),
  wayBack: z.string(),
});
export type PlanView = z.infer<typeof PlanView>;

export const ColourView = z.object({
  colour: Colour,
  live: z.boolean(),
  release: z.object({ id: Digest, version: Version }).nullable(),
  configuration: z.int().nullable(),
  state: z.enum(["empty", "starting", "ready", "degraded", "failed", "unknown"]),
  message: z.string(),
  instances: z.array(Instance),
});
export type ColourView = z.infer<typeof ColourView>;

/** What is wrong with the evidence by which something is live, and what a person can do about it. */
export const EvidenceView = z.object({
  /** What came later speaks against it; null: nothing does. */
  contradicted: z
    .object({
      since: z.iso.datetime(),
      reason: z.string(),
      /** What was done about it; null: nothing yet. */
      handled: z.string().nullable(),
      next: z.string(),
    })
    .nullable(),
  /** Checks whose answer has expired: nothing new leans on it. */
  stale: z.array(z.object({ check: z.string(), since: z.iso.datetime(), next: z.string() })),
});
export type EvidenceView = z.infer<typeof EvidenceView>;

/** What people set aside there in an emergency, as long as it is open or nobody has reviewed it. */
export const GlassMark = z.object({
  /** `BG-3`. */
  id: z.string(),
  version: Version,
  setAside: z.array(z.string()),
  signatures: z.int(),
  until: Time,
  /** The promotion that went through it; null: none yet. */
  usedBy: z.string().nullable(),
  /** By when somebody else reviews it. */
  due: Time.nullable(),
});
export type GlassMark = z.infer<typeof GlassMark>;

export const LaneView = z.object({
  /** By what the live release is live; null: nothing is. Absent: an older server. */
  evidence: EvidenceView.nullable().optional(),
  /** Whether releases may go to users now, and what keeps them back; absent: an older server. */
  goes: z
    .object({
      open: z.boolean(),
      until: z.iso.datetime().nullable(),
      because: z.array(z.string()),
    })
    .optional(),
  service: Name,
  environment: Name,
  tier: z.string(),
  order: z.int(),
  address: z.string().nullable(),
  colours: z.array(ColourView),
  live: z
    .object({
      id: Digest,
      version: Version,
      colour: Colour,
      since: Time,
      /** Users meet what somebody has banned. Absent: it is not banned. */
      banned: BanView.optional(),
    })
    .nullable(),
  /** Until when a rollback is a plain switch; null when there is no old colour. */
  rollbackUntil: Time.nullable(),
  lastGood: z.object({ id: Digest, version: Version, verifiedAt: Time }).nullable(),
  /** Glasses that are broken there, or whose review is owed; absent: none. */
  glasses: z.array(GlassMark).optional(),
  current: PromotionView.omit({ steps: true, checks: true, decision: true }).nullable(),
  queued: z.int(),
});
export type LaneView = z.infer<typeof LaneView>;

export const DeploymentView = z.object({
  id: z.string(),
  service: Name,
  environment: Name,
  release: z.object({ id: Digest, version: Version }),
  configuration: z.int(),
  colour: Colour,
  promotion: z.string(),
  kind: z.enum(["promotion", "rollback"]),
  from: Time,
  until: Time.nullable(),
  by: z.string(),
});
export type DeploymentView = z.infer<typeof DeploymentView>;

/** A commit's way: which releases carry it and which environments it has reached (S4-01). */
export const TraceView = z.object({
  revision: z.string(),
  subject: z.string(),
  author: z.string(),
  at: Time,
  releases: z.array(
    z.object({
      id: Digest,
      service: Name,
      version: Version,
      environments: z.array(
        z.object({
          environment: z.string(),
          live: z.boolean(),
          first: Time,
          until: Time.nullable(),
        }),
      ),
    }),
  ),
});
export type TraceView = z.infer<typeof TraceView>;

export const EventView = z.object({
  /** Resumable: send it back as `Last-Event-ID`. */
  id: z.int(),
  at: Time,
  kind: z.string(),
  service: z.string().nullable(),
  environment: z.string().nullable(),
  promotion: z.string().nullable(),
  message: z.string(),
});
export type EventView = z.infer<typeof EventView>;

export const ConfigurationView = z.object({
  service: Name,
  environment: Name,
  version: z.int(),
  digest: Digest,
  values: z.record(z.string(), z.string()),
  /** References; a secret's value is shown nowhere. */
  secrets: Bindings.shape.secrets,
  isolated: Bindings,
  /** Keys that can do no harm on a colour under test, as their owner says. */
  shared: z.array(z.string()).optional(),
  delivery: z.enum(["files", "variables"]),
  createdAt: Time,
  createdBy: z.string(),
});
export type ConfigurationView = z.infer<typeof ConfigurationView>;

export const ServerInfoView = z.object({
  name: z.literal("tidelock"),
  version: z.string(),
  apiVersion: z.literal("v1"),
  url: z.string(),
  dataDir: z.string(),
  database: z.enum(["embedded", "external"]),
  agent: z.object({ connected: z.boolean(), isolation: z.string(), reason: z.string().nullable() }),
  /** Why nothing is written or decided here until somebody recovers the ledger; null when all is well. */
  readOnly: z.string().nullable(),
  startedAt: Time,
});
export type ServerInfoView = z.infer<typeof ServerInfoView>;

export const LogLineView = z.object({ at: Time, instance: z.string(), text: z.string() });
export type LogLineView = z.infer<typeof LogLineView>;

/** A wish to erase something of the ledger: asked for by one person, confirmed by another. */
export const ErasureView = z.object({
  id: z.string(),
  /** Index in the log; null for a person. */
  entry: z.int().nullable(),
  pseudonym: z.string().nullable(),
  reason: z.string(),
  requestedAt: Time,
  requestedBy: z.string(),
  confirmedAt: Time.nullable(),
  confirmedBy: z.string().nullable(),
});
export type ErasureView = z.infer<typeof ErasureView>;

/** A legal hold. */
export const HoldView = z.object({
  id: z.string(),
  /** Null: everything. */
  stream: z.string().nullable(),
  reason: z.string(),
  addedAt: Time,
  addedBy: z.string(),
});
export type HoldView = z.infer<typeof HoldView>;
