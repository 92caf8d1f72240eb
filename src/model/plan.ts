import { z } from "zod";
import { ScanKind, Scanner } from "./diversity.ts";
import { Touched } from "./high-risk.ts";
import { AskedApproval } from "./approval.ts";
import type { PlannedRule } from "./gate-rule.ts";
import { Colour, Digest, Lane } from "./primitives.ts";
import { Obligations } from "./requirements.ts";
import {
  type CheckDemand,
  GatePreset,
  IsolationGrade,
  type Process,
  type Watch,
} from "./pipeline.ts";

/** Already parsed documents (durations in milliseconds) live in plans, hence the loose echo schemas. */
const Parsed = <T>() => z.custom<T>((value) => typeof value === "object" && value !== null);

/**
 * One step of a plan. Its position in the list and its `kind` are frozen when the promotion is created;
 * a program that does not know `formatVersion` refuses the plan visibly.
 */
export const PlanStep = z.discriminatedUnion("kind", [
  /** Digest of every artifact, predecessor verified and soaked, configuration complete. */
  z.object({ kind: z.literal("admit") }),
  /** Start the release on `colour` with `bindings`; replaces whatever is there, never edits it. */
  z.object({
    kind: z.literal("deploy"),
    colour: Colour,
    bindings: z.enum(["isolated", "live"]),
  }),
  z.object({ kind: z.literal("ready"), colour: Colour, bindings: z.enum(["isolated", "live"]) }),
  /** The agent shows socket -> process -> release directory (law 10). */
  z.object({
    kind: z.literal("prove-identity"),
    colour: Colour,
    bindings: z.enum(["isolated", "live"]),
  }),
  z.object({ kind: z.literal("check"), check: z.string(), colour: Colour.nullable() }),
  z.object({ kind: z.literal("gate") }),
  /** Strategy recreate: the old colour goes before the new one comes; the route answers 503 between. */
  z.object({ kind: z.literal("stop"), colour: Colour }),
  /** Arm the return, then move the traffic; read back. */
  z.object({ kind: z.literal("switch"), from: Colour.nullable(), to: Colour }),
  z.object({ kind: z.literal("verify-route"), colour: Colour }),
  z.object({ kind: z.literal("watch"), colour: Colour }),
  z.object({ kind: z.literal("complete"), colour: Colour }),
]);
export type PlanStep = z.infer<typeof PlanStep>;

/** Everything a promotion needs to know, frozen. Its digest is what people approve. */
export const Plan = z.object({
  formatVersion: z.literal(1),
  kind: z.enum(["promotion", "rollback"]),
  lane: Lane,
  release: Digest,
  configuration: Digest,
  /** Digest of the registered pipeline and of the environment document, as applied. */
  pipeline: Digest,
  environment: Digest,
  /** What of both is policy, as one digest (policy/policy-of.ts); plans of before it have none. */
  policy: Digest.optional(),
  strategy: z.enum(["blue-green", "recreate"]),
  target: z.string(),
  router: z.string(),
  /** What was live when the plan was made; a different answer at switch time voids the plan. */
  live: z.object({ release: Digest, configuration: Digest, colour: Colour }).nullable(),
  processes: z.record(z.string(), Parsed<Process>()),
  checks: z.array(Parsed<CheckDemand>()),
  watch: Parsed<Watch>(),
  gate: GatePreset,
  /** The floor's and the pipeline's, all of which have to be true. */
  rules: z.array(Parsed<PlannedRule>()).optional(),
  minimumIsolation: IsolationGrade,
  /** Different programs of a kind that have to pass, and what each demanded check counts as. */
  diversity: z
    .object({
      asked: z.partialRecord(ScanKind, z.int().positive()),
      scanners: z.array(Scanner),
    })
    .optional(),
  /** Evidence older than this is stale at the gate. Milliseconds. */
  maxAgeMs: z.int().positive().optional(),
  /** Requirements and threats of which the gate wants to be shown that they are met. */
  obligations: Obligations.optional(),
  /** Classes of high risk that the change to what is live touches, where somebody asks for a review of one. */
  risks: z.array(Touched).optional(),
  /** People who have to sign exactly this before users meet it. */
  approvals: z.array(AskedApproval).min(1).optional(),
  drainMs: z.int().nonnegative(),
  rollbackWindowMs: z.int().nonnegative(),
  soakMs: z.int().nonnegative(),
  onControlLoss: z.enum(["hold", "return"]),
  onLateFailure: z.enum(["hold", "return"]).optional(),
  timeoutMs: z.int().positive(),
  predecessors: z.array(z.string()),
  steps: z.array(PlanStep).min(1),
});
export type Plan = z.infer<typeof Plan>;
