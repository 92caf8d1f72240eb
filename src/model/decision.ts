import { z } from "zod";
import { Digest } from "./primitives.ts";

/**
 * `break-glass`: it goes on although a requirement is not met, because people set that aside in an emergency. It is never
 * an `allow`: whoever asks for one does not get it.
 */
export const Outcome = z.enum(["allow", "deny", "wait", "break-glass"]);
export type Outcome = z.infer<typeof Outcome>;

/** Whether something may go on, by its evidence or by people who broke the glass. */
export function letsThrough(outcome: Outcome | undefined): boolean {
  return outcome === "allow" || outcome === "break-glass";
}

/** Why a gate said what it said; `rule` is stable for programs, `message` is for people. */
export const Reason = z.object({
  outcome: Outcome,
  rule: z.string(),
  message: z.string(),
});
export type Reason = z.infer<typeof Reason>;

/** Claims carry their grade (law 13). */
export const Grades = z.object({
  isolation: z.enum(["none", "separate-user", "sandbox"]),
  identity: z.enum(["none", "bound", "native"]),
  governance: z.enum(["solo", "team"]),
});
export type Grades = z.infer<typeof Grades>;

/** What people set aside, and who did. */
export const BrokenGlassMark = z.object({
  /** `BG-3`. */
  glass: z.string(),
  request: z.string(),
  /** By pseudonym. */
  people: z.array(z.string()),
  /** One person, in `solo` mode: nobody else looked. */
  alone: z.boolean(),
  /** `check sast`, `window`; each once, in order. */
  setAside: z.array(z.string()),
  until: z.string(),
});
export type BrokenGlassMark = z.infer<typeof BrokenGlassMark>;

export const Decision = z.object({
  outcome: Outcome,
  reasons: z.array(Reason),
  grades: Grades,
  /** Digest of every input the policy saw: SHA-256 of its canonical JSON, which is kept under it. */
  inputs: Digest,
  /** Which rules decided, by version; a decision of before inputs were kept names none. */
  evaluator: z.string().optional(),
  /** Digest of the policy that it was made under (policy/policy-of.ts); one of before it was said names none. */
  policy: Digest.optional(),
  /** RFC 3339: when a `wait` is worth asking again, if only time has to pass. */
  until: z.string().optional(),
  /** Of a decision that is no `allow` and lets through all the same. */
  brokenGlass: BrokenGlassMark.optional(),
});
export type Decision = z.infer<typeof Decision>;
