import { z } from "zod";
import { Digest, Name } from "../../model/primitives.ts";
import { Exercised, Verdict, WitnessedIdentity } from "../../model/verdict.ts";
import { Grades } from "../../model/decision.ts";
import { Address } from "../address.ts";
import type { PredicateKind } from "./predicate.ts";

/** One check run, with its full verdict: test-result v0.1 knows only three of our eight. */
export const CheckRunPredicate = z.strictObject({
  address: Address,
  check: z.strictObject({
    name: Name,
    /** The adapter. */
    uses: Name,
    /** SHA-256 over the canonical JSON of adapter and configuration: what identifies a check. */
    demand: Digest,
    phase: z.enum(["static", "deployed", "live"]),
  }),
  run: z.string().min(1),
  verdict: Verdict,
  summary: z.string(),
  exercised: Exercised,
  tools: z.record(z.string(), z.string()),
  /** How it was shown which process answered. */
  identity: Grades.shape.identity,
  /** The same before, during and after the run, of one that tested instances. */
  witnessed: WitnessedIdentity.optional(),
  /** RFC 3339, the database's clock. */
  startedOn: z.iso.datetime(),
  finishedOn: z.iso.datetime(),
  /** What people answered counts until then. */
  validUntil: z.iso.datetime().optional(),
  /** The raw report as it was kept (redacted, perhaps cut), by its UTF-8 bytes. */
  report: z.strictObject({ format: z.string(), digest: Digest, truncated: z.boolean() }).nullable(),
});
export type CheckRunPredicate = z.infer<typeof CheckRunPredicate>;

export const checkRun = {
  type: "https://tidelock.dev/predicate/check-run/v1",
  schema: CheckRunPredicate,
} as const satisfies PredicateKind<typeof CheckRunPredicate>;
