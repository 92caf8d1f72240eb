import { z } from "zod";
import { canonicalJson } from "../model/canonical.ts";
import type { Calendar } from "../model/calendar.ts";
import { Grades, Outcome } from "../model/decision.ts";
import { ScanKind } from "../model/diversity.ts";
import { GateFacts } from "../model/gate-facts.ts";
import { CheckMinimum, GatePreset, IsolationGrade } from "../model/pipeline.ts";
import { Colour, Digest } from "../model/primitives.ts";
import { SurfaceChange } from "../model/requirements.ts";
import { Severity } from "../model/observation.ts";
import { Verdict } from "../model/verdict.ts";
import { Waived } from "../model/waiver.ts";
import { ApprovalsInputs, GlassInputs } from "./approvals-schema.ts";
import { decideAdmission } from "./admission.ts";
import type { Decided } from "./decide.ts";
import { decideGate } from "./gate.ts";

/*
 * Inputs as they were kept, perhaps in a stranger's pack. What a rule reads has to be of its form; what no rule
 * reads (a document's further fields) passes, because the digest covers it all the same. No schema here fills
 * in or converts anything: the rules see what is written.
 */

const shared = {
  policy: Digest.optional(),
  now: z.string(),
  preset: GatePreset,
  minimumIsolation: IsolationGrade,
  grades: z.looseObject(Grades.shape),
  predecessors: z.array(
    z.looseObject({
      environment: z.string(),
      verifiedAt: z.string().nullable(),
      healthy: z.looseObject({ from: z.string(), until: z.string().nullable() }).nullable(),
      soakMs: z.number(),
    }),
  ),
  dropped: z.array(z.string()).optional(),
  requirements: z.array(
    z.looseObject({
      asked: z.enum(["signature", "provenance", "sbom", "attestation"]),
      met: z.boolean(),
      message: z.string(),
    }),
  ),
  schedule: z
    .looseObject({
      open: z.boolean(),
      until: z.string().nullable(),
      because: z.array(z.string()),
      clock: z.looseObject({ message: z.string(), until: z.string() }).optional(),
      calendars: z.array(z.custom<Calendar>()),
      timeZones: z.string(),
    })
    .optional(),
  stops: z
    .array(
      z.looseObject({
        id: z.string(),
        kind: z.enum(["line", "ban"]),
        scope: z.string(),
        reason: z.string(),
        by: z.string(),
        since: z.string(),
      }),
    )
    .optional(),
  glass: GlassInputs.optional(),
  reviews: z
    .array(
      z.looseObject({
        glass: z.string(),
        promotion: z.string(),
        usedAt: z.string(),
        due: z.string(),
      }),
    )
    .optional(),
  ledger: z.array(z.looseObject({ outcome: Outcome, message: z.string() })).nullable(),
};

const GateInputs = z.looseObject({
  kind: z.literal("gate"),
  subject: z.looseObject({
    service: z.string(),
    environment: z.string(),
    release: Digest,
    configuration: Digest,
    colour: Colour,
  }),
  checks: z.array(
    z.looseObject({
      name: z.string(),
      uses: z.string(),
      with: z.record(z.string(), z.unknown()),
      phase: z.enum(["static", "deployed", "live"]),
      allowWarn: z.boolean(),
      minimum: CheckMinimum.optional(),
      maxDataAge: z.number().optional(),
      outOfBand: z.boolean().optional(),
    }),
  ),
  evidence: z.array(
    z.looseObject({
      check: z.string(),
      demand: Digest,
      service: z.string(),
      environment: z.string(),
      release: Digest,
      configuration: Digest.nullable(),
      colour: Colour.nullable(),
      verdict: Verdict,
      exercised: z.looseObject({ requests: z.number(), assertions: z.number(), files: z.number() }),
      summary: z.string(),
      at: z.string(),
      begunAt: z.string().optional(),
      expiresAt: z.string().nullable(),
      failing: z.array(z.string()).nullable().optional(),
      leansOn: z.array(z.string()).optional(),
    }),
  ),
  waivers: z
    .looseObject({
      policy: z
        .looseObject({
          longest: z.number(),
          allowed: z.enum(["findings", "checks", "both", "none"]),
        })
        .nullable(),
      signed: z.array(
        z.looseObject({
          waived: Waived,
          since: z.string(),
          people: z.tuple([z.string(), z.string()]),
        }),
      ),
      findings: z.array(
        z.looseObject({
          kind: z.literal("finding"),
          finding: z.string(),
          fingerprints: Digest,
          severity: Severity,
          knownExploited: z.boolean().nullable(),
        }),
      ),
    })
    .optional(),
  obligations: z
    .looseObject({
      asked: z.array(
        z.looseObject({
          kind: z.enum(["requirement", "threat"]),
          id: z.string(),
          text: z.string(),
          proofs: z.array(
            z.looseObject({
              uses: z.string(),
              name: z.string().optional(),
              with: z.record(z.string(), z.unknown()),
              in: z.array(z.string()).optional(),
              maxAge: z.number().optional(),
            }),
          ),
        }),
      ),
      surface: SurfaceChange.nullable(),
      runs: z.array(
        z.looseObject({
          environment: z.string(),
          check: z.string(),
          uses: z.string(),
          with: z.record(z.string(), z.unknown()),
          verdict: Verdict,
          exercised: z.boolean(),
          at: z.string(),
          expiresAt: z.string().nullable(),
        }),
      ),
    })
    .optional(),
  approvals: ApprovalsInputs.optional(),
  flaws: z
    .looseObject({
      known: z.array(
        z.looseObject({
          advisory: z.string(),
          aliases: z.array(z.string()),
          severity: Severity,
          package: z.string(),
          version: z.string(),
          fixedIn: z.string().nullable(),
          since: z.string(),
        }),
      ),
      lookedFor: z.array(z.string()),
    })
    .optional(),
  maxAgeMs: z.number().optional(),
  underWay: z.boolean().optional(),
  ended: z.enum(["static", "deployed"]).optional(),
  diversity: z
    .looseObject({
      asked: z.partialRecord(ScanKind, z.number()),
      scanners: z.array(
        z.looseObject({ check: z.string(), engine: z.string(), kinds: z.array(ScanKind) }),
      ),
    })
    .optional(),
  rules: z
    .array(
      z.looseObject({
        name: z.string(),
        require: z.string(),
        because: z.string().optional(),
        from: z.enum(["floor", "pipeline"]),
      }),
    )
    .optional(),
  facts: z.looseObject(GateFacts.shape).nullable().optional(),
  returning: z.boolean().optional(),
  ...shared,
});

const AdmissionInputs = z.looseObject({
  kind: z.literal("admission"),
  of: z.enum(["promotion", "rollback"]),
  service: z.string(),
  environment: z.string(),
  release: Digest,
  configuration: Digest,
  artifacts: z.array(
    z.looseObject({
      name: z.string(),
      digest: Digest,
      state: z.enum(["verified", "missing", "mismatch"]),
    }),
  ),
  keys: z.looseObject({ needed: z.array(z.string()), given: z.array(z.string()) }),
  unresolved: z.string().nullable(),
  testBindings: z
    .looseObject({
      intrusive: z.array(z.string()),
      gaps: z.array(z.looseObject({ key: z.string(), what: z.enum(["secret", "endpoint"]) })),
      unproven: z.array(z.string()).optional(),
    })
    .optional(),
  live: z.looseObject({ release: Digest, configuration: Digest }).nullable(),
  ...shared,
});

const DecisionInputs = z.discriminatedUnion("kind", [GateInputs, AdmissionInputs]);
export type DecisionInputs = z.infer<typeof DecisionInputs>;

/** Kept inputs and what they decide, or a sentence on why they are no inputs of a decision. */
export type Replay =
  | { readonly ok: true; readonly inputs: DecisionInputs; readonly decided: Decided }
  | { readonly ok: false; readonly problem: string };

/**
 * Decides once more, from the text that was kept, by the rules of this version (`evaluator`). Never throws,
 * whatever the text is.
 */
export function replay(text: string): Replay {
  const read = readInputs(text);
  if (!read.ok) return read;
  try {
    return { ...read, decided: decideAgain(read.inputs) };
  } catch (error) {
    // Of their form, and of values that no rule can reckon with: a soak that ends after the last date there is.
    return bad(`no decision follows from them: ${(error as Error).message}`);
  }
}

/** The inputs alone, for whoever wants to know what was read and not what follows. Never throws. */
export function readInputs(
  text: string,
): { readonly ok: true; readonly inputs: DecisionInputs } | Extract<Replay, { ok: false }> {
  let value: unknown;
  try {
    value = JSON.parse(text);
    if (canonicalJson(value) !== text) return bad("they are not in canonical form (RFC 8785)");
  } catch {
    return bad("they are not JSON");
  }
  const read = DecisionInputs.safeParse(value);
  if (!read.success) {
    const [issue] = read.error.issues;
    return bad(`${issue?.path.join(".") || "they"}: ${issue?.message ?? "of no known form"}`);
  }
  return { ok: true, inputs: read.data };
}

/** By the same rules as the first time: from the object that was kept, nothing besides. */
export function decideAgain(inputs: DecisionInputs): Decided {
  return inputs.kind === "gate"
    ? decideGate(inputs.preset, inputs)
    : decideAdmission({ ...inputs, kind: inputs.of });
}

function bad(problem: string): Extract<Replay, { ok: false }> {
  return { ok: false, problem };
}
