import { z } from "zod";
import { Grades, Outcome, Reason } from "./decision.ts";
import { CheckMinimum, GatePreset, IsolationGrade } from "./pipeline.ts";
import { Colour, Digest } from "./primitives.ts";
import { Exercised, Verdict } from "./verdict.ts";

/** One run that spoke for or against a control. */
const ControlEvidence = z.strictObject({
  verdict: Verdict,
  summary: z.string(),
  /** RFC 3339. */
  at: z.string(),
  exercised: z.looseObject(Exercised.shape),
  /** Of the signed statement about the run, and what it says besides; null for a run of an earlier promotion. */
  statement: z
    .strictObject({
      digest: Digest,
      run: z.string(),
      tools: z.record(z.string(), z.string()),
      identity: Grades.shape.identity,
      /** Of the raw report. */
      report: Digest.nullable(),
    })
    .nullable(),
});

/** One demanded check, and what the gate made of its runs. */
const Control = z.strictObject({
  name: z.string(),
  uses: z.string(),
  /** SHA-256 over adapter, configuration and minimum: what identifies the check. */
  demand: Digest,
  phase: z.enum(["static", "deployed", "live"]),
  allowWarn: z.boolean(),
  minimum: CheckMinimum.nullable(),
  /** The environment's owners demand it; no pipeline can take it away. */
  floor: z.boolean(),
  /** `later`: it runs after the switch. */
  outcome: z.enum([...Outcome.options, "later"]),
  rule: z.string(),
  message: z.string(),
  evidence: z.array(ControlEvidence),
});

/**
 * The report before a switch (S0-23): what was demanded of the idle colour, and how each demand was met. It is
 * made from the inputs of the gate's decision and the signed statements about its runs alone, so that whoever has
 * these can make it again.
 */
export const Conformance = z.strictObject({
  formatVersion: z.literal(1),
  promotion: z.string(),
  subject: z.strictObject({
    service: z.string(),
    environment: z.string(),
    colour: Colour,
    release: Digest,
    configuration: Digest,
  }),
  policy: z.strictObject({
    plan: Digest,
    pipeline: Digest,
    environment: Digest,
    gate: GatePreset,
    minimumIsolation: IsolationGrade,
    /** What the environment's owners demand of everybody. */
    floor: z.strictObject({
      gate: GatePreset,
      isolation: IsolationGrade,
      minimumSoakMs: z.number(),
      /** Digests of demands. */
      checks: z.array(Digest),
    }),
  }),
  decision: z.strictObject({
    outcome: Outcome,
    /** Digest of everything that it was decided over. */
    inputs: Digest,
    evaluator: z.string(),
    /** RFC 3339: of when the inputs are. */
    asOf: z.string(),
  }),
  controls: z.array(Control),
  grades: Grades,
  predecessors: z.array(
    z.strictObject({
      environment: z.string(),
      verifiedAt: z.string().nullable(),
      soakMs: z.number(),
    }),
  ),
  /** What others had to state about the release. */
  requirements: z.array(
    z.strictObject({ asked: z.string(), met: z.boolean(), message: z.string() }),
  ),
  /** Everything that let it through, or would, without a plain pass. */
  exceptions: z.array(z.strictObject({ rule: z.string(), message: z.string() })),
  /** All that the gate said, the worst first. */
  reasons: z.array(Reason.strict()),
});
export type Conformance = z.infer<typeof Conformance>;
