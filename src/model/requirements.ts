import { z } from "zod";
import { Duration, Name } from "./primitives.ts";

/** What has to be shown about a release before users get it, by ids that people and auditors use. */

const line = (most: number) =>
  z
    .string()
    .min(1)
    .max(most)
    .regex(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]*$/u, "write one line without control characters");

/** As in a catalogue of controls: `ASVS-3.3.2`, `PCI-6.2.4`, `T-01`. */
const ControlId = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, "write letters, digits, `.`, `_` or `-`");

/**
 * Runs of a check that show something, named by adapter and least configuration: a check that merely bears the name
 * shows nothing.
 */
export const Proof = z.strictObject({
  /** Adapter id. */
  uses: Name,
  /** Only a check of this name. */
  name: Name.optional(),
  /** What its configuration has to say at least; further keys are free. */
  with: z.record(z.string(), z.unknown()).default({}),
  /** Where it has to have run; without it in the environment that the release is to go to. */
  in: z.array(Name).min(1).max(64).optional(),
  /** An older pass shows nothing of today. */
  maxAge: Duration.optional(),
});
export type Proof = z.infer<typeof Proof>;

export const Requirement = z.strictObject({
  id: ControlId,
  text: line(400),
  /** Where it comes from: a paragraph, a contract, an incident. */
  source: line(200).optional(),
  /** Environments whose gates ask for it. */
  environments: z.array(Name).min(1).max(64),
  /** All of these. */
  satisfiedBy: z.array(Proof).min(1).max(16),
});
export type Requirement = z.infer<typeof Requirement>;

/** Microsoft's six: https://learn.microsoft.com/azure/security/develop/threat-modeling-tool-threats */
export const Stride = z.enum([
  "spoofing",
  "tampering",
  "repudiation",
  "information-disclosure",
  "denial-of-service",
  "elevation-of-privilege",
]);
export type Stride = z.infer<typeof Stride>;

const points = z.int().min(0).max(10);
/** Each from 0 to 10; the rating is their mean. */
export const Dread = z.strictObject({
  damage: points,
  reproducibility: points,
  exploitability: points,
  affectedUsers: points,
  discoverability: points,
});
export type Dread = z.infer<typeof Dread>;

export const Threat = z.strictObject({
  id: ControlId,
  text: line(400),
  stride: z.array(Stride).min(1).max(6),
  /** Of the catalogue of attacks on delivery (`tidelock threat-model vectors`). */
  vector: Name.optional(),
  dread: Dread.optional(),
  /** What shows that it is met: all of these. */
  mitigatedBy: z.array(Proof).min(1).max(16),
});
export type Threat = z.infer<typeof Threat>;

export const ThreatModel = z.strictObject({
  method: z.enum(["stride", "pasta"]).default("stride"),
  /** Who looked last, and when: a name and a date that people know. */
  reviewedBy: line(200),
  reviewed: z.iso.date(),
  /** Environments whose gates ask for it. */
  environments: z.array(Name).min(1).max(64),
  /** The attack surface that was looked at, as `tidelock threat-model review` prints it. */
  surface: z.array(line(400)).max(500),
  threats: z.array(Threat).min(1).max(200),
});
export type ThreatModel = z.infer<typeof ThreatModel>;

/** Something that a plan's gate asks for: a requirement, or a threat that has to be met. */
export const Obligation = z.strictObject({
  kind: z.enum(["requirement", "threat"]),
  id: z.string(),
  text: z.string(),
  /** As read from the documents: a plan keeps milliseconds, and is read again from its own form. */
  proofs: z.array(Proof.extend({ maxAge: z.int().nonnegative().optional() })),
});
export type Obligation = z.infer<typeof Obligation>;

/** The attack surface as it was reviewed and as it is. */
export const SurfaceChange = z.strictObject({
  reviewed: z.string(),
  added: z.array(z.string()),
  removed: z.array(z.string()),
});
export type SurfaceChange = z.infer<typeof SurfaceChange>;

/** What a plan's gate asks for besides its own checks. */
export const Obligations = z.strictObject({
  asked: z.array(Obligation),
  /** Null: no threat model gates here. */
  surface: SurfaceChange.nullable(),
});
export type Obligations = z.infer<typeof Obligations>;
