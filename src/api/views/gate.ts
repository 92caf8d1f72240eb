import { z } from "zod";
import { Outcome } from "../../model/decision.ts";
import { Digest, Name } from "../../model/primitives.ts";
import { EvidenceView } from "../views.ts";

/** What explains a gate: what it asks, and why it said what it said. */

const Origin = z.enum(["preset", "floor", "pipeline", "server"]);

export const ExplainedPart = z.object({
  outcome: Outcome,
  /** It has not been looked at yet: a check that has not run. Says nothing about what it will say. */
  pending: z.boolean(),
  /** For programs. */
  rule: z.string(),
  message: z.string(),
  /** Who asks for it; `server`: Tidelock itself, everywhere. */
  from: Origin,
  /** What it read, by name, each value short enough to read. */
  read: z.array(z.object({ name: z.string(), value: z.string() })),
  /** The evidence that it leaned on. */
  leansOn: z.array(
    z.object({
      kind: z.enum(["check-run", "answer", "promotion", "import", "attestation", "waiver"]),
      id: z.string(),
      /** RFC 3339: how old it is. */
      at: z.iso.datetime().nullable(),
      text: z.string(),
    }),
  ),
  /** What would change it, as a person can do it; null where nothing needs to. */
  next: z.string().nullable(),
});
export type ExplainedPart = z.infer<typeof ExplainedPart>;

/** What users meet now, how it came there, and what would be decided of it today. */
export const LiveExplanation = z.object({
  release: z.object({ id: Digest, version: z.string() }),
  since: z.iso.datetime(),
  /** That brought it; null: nobody knows any more. */
  promotion: z.string().nullable(),
  /** Its last decision; null: none is kept. */
  decided: z.object({ outcome: Outcome, at: z.iso.datetime() }).nullable(),
  today: z.object({
    outcome: Outcome,
    summary: z.string(),
    /** What is known to be against it, in sentences, worst first. */
    against: z.array(z.string()),
  }),
});
export type LiveExplanation = z.infer<typeof LiveExplanation>;

export const GateExplanation = z.object({
  service: z.string(),
  environment: z.string(),
  release: z.object({ id: Digest, version: z.string() }),
  /** Null: nothing was promoted, and it is asked what would be. */
  promotion: z.string().nullable(),
  state: z.string(),
  /**
   * `decision`: it was made, and these are the inputs that were kept. `waiting`: it is being made again and again until
   * it no longer waits. `preview`: it is not at its gate yet, and this is what it would say over what is there now.
   */
  about: z.enum(["decision", "waiting", "preview"]),
  /** Which one: of admission, over the checks so far, or the gate's. */
  place: z.enum(["admission", "gate"]),
  outcome: Outcome,
  summary: z.string(),
  /** What it waits for now; null: for nothing. */
  waiting: z
    .object({ reason: z.string(), who: z.string(), until: z.string().nullable() })
    .nullable(),
  /** Of the decision (RFC 3339), or of now. */
  at: z.iso.datetime(),
  /** Under which its inputs are kept; null for what was not decided. */
  inputs: Digest.nullable(),
  /** Worst first. */
  parts: z.array(ExplainedPart),
  /** Of a lane that was asked about; absent: nothing is live there, or a promotion was asked about. */
  live: LiveExplanation.optional(),
  /** How the evidence of what is live stands now, where it is this release; absent: it is not live. */
  evidence: EvidenceView.optional(),
});
export type GateExplanation = z.infer<typeof GateExplanation>;

export const GateDemand = z.object({
  /** `preset`, `check`, `rule`, `soak`, … */
  what: z.string(),
  name: z.string().nullable(),
  /** One sentence. */
  text: z.string(),
  from: Origin,
});
export type GateDemand = z.infer<typeof GateDemand>;

export const GateView = z.object({
  environment: Name,
  tier: z.string(),
  service: z.string().nullable(),
  demands: z.array(GateDemand),
});
export type GateView = z.infer<typeof GateView>;

/** `not-run`: nothing counts, whether nothing ran or only what shows nothing (too old, inconclusive, nothing exercised). */
const ShownState = z.enum(["pass", "fail", "not-run"]);

/** What was shown of each requirement and threat that gates ask for. */
export const RequirementReport = z.object({
  service: Name,
  release: z.object({ id: Digest, version: z.string() }),
  /** Null: of a release, in every environment that asks for something. */
  promotion: z.string().nullable(),
  counts: z.object({ pass: z.int(), fail: z.int(), notRun: z.int() }),
  environments: z.array(
    z.object({
      environment: Name,
      /** `decision`: as it was decided, over the inputs that were kept. `now`: over what is there. */
      about: z.enum(["decision", "now"]),
      at: z.iso.datetime(),
      /** Whether the threat model is of this attack surface; null: none is asked for. */
      threatModel: z
        .object({
          reviewed: z.string(),
          stale: z.boolean(),
          added: z.array(z.string()),
          removed: z.array(z.string()),
        })
        .nullable(),
      items: z.array(
        z.object({
          kind: z.enum(["requirement", "threat"]),
          id: z.string(),
          text: z.string(),
          from: Origin,
          state: ShownState,
          /** What is missing; null: nothing. */
          why: z.string().nullable(),
          proofs: z.array(
            z.object({
              name: z.string(),
              environment: z.string(),
              state: ShownState,
              lack: z.string().nullable(),
              run: z.object({ check: z.string(), verdict: z.string(), at: z.string() }).nullable(),
            }),
          ),
        }),
      ),
    }),
  ),
});
export type RequirementReport = z.infer<typeof RequirementReport>;
