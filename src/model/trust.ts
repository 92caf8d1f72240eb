import { z } from "zod";
import { Name } from "./primitives.ts";

/** A public key of the signed-note format: `name+hash+base64` (C2SP signed-note). */
export const VerifierKey = z
  .string()
  .regex(
    /^[^\s+]+\+[0-9a-f]{8}\+[A-Za-z0-9+/]+=*$/,
    "expected name+hash+base64, a signed-note key",
  );

/**
 * What an auditor trusts, given from outside of whatever is verified (`--trust trust.json`). Nothing in an
 * audit pack, a server or a database may add to it.
 */
export const TrustRoot = z.strictObject({
  kind: z.literal("TrustRoot"),
  formatVersion: z.literal(1),
  log: z.strictObject({
    /** The checkpoint's first line. */
    origin: z.string().min(1),
    /** One is enough: later keys are accepted when the log, as signed by an accepted key, introduces them. */
    keys: z.array(VerifierKey).min(1),
    /** Who administers the log: witnesses run by the same people do not count towards the quorum. */
    operator: z.string().min(1).default("unknown"),
  }),
  witnesses: z.array(z.strictObject({ key: VerifierKey, operator: z.string().min(1) })).default([]),
  /** How many independent operators must have cosigned. */
  quorum: z.int().nonnegative().default(0),
  /** Checkpoints (whole signed notes) seen earlier, e.g. from a git repository: history must contain them. */
  anchors: z.array(z.strictObject({ note: z.string(), from: z.string().default("") })).default([]),
  /** Keys that sign our attestations (DSSE), PEM (SubjectPublicKeyInfo). */
  attestors: z.array(z.string()).default([]),
  /** Producers of foreign evidence by name; each kind's verifier documents its own shape. */
  producers: z.record(Name, z.record(z.string(), z.unknown())).default({}),
});
export type TrustRoot = z.infer<typeof TrustRoot>;

/** How strong a record is, as an auditor may state it; never more than was verified (law 13). */
export const Assurance = z.discriminatedUnion("grade", [
  /** No trust root was given: it fits together, and who made it is unknown. */
  z.object({ grade: z.literal("consistent-not-authenticated") }),
  /** Signed by the log's key alone: whoever holds key and database could have written another history. */
  z.object({ grade: z.literal("self-signed") }),
  z.object({ grade: z.literal("anchored"), anchors: z.array(z.string()) }),
  z.object({
    grade: z.literal("witnessed"),
    operators: z.array(z.string()),
    anchors: z.array(z.string()),
  }),
]);
export type Assurance = z.infer<typeof Assurance>;
