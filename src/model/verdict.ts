import { z } from "zod";

/** The outcome of a check. Only `pass` passes (law 2); `warn` opens a gate only where the gate says so. */
export const Verdict = z.enum([
  "pass",
  "warn",
  "fail",
  "inconclusive",
  "partial",
  "error",
  "missing",
  "stale",
]);
export type Verdict = z.infer<typeof Verdict>;

/** What a check run touched. All zero means that nothing was exercised, which is inconclusive. */
export const Exercised = z.object({
  requests: z.int().nonnegative().default(0),
  assertions: z.int().nonnegative().default(0),
  files: z.int().nonnegative().default(0),
});
export type Exercised = z.infer<typeof Exercised>;

/** What a check adapter hands back; the engine turns it into evidence. */
export const CheckReport = z.object({
  verdict: Verdict,
  /** One sentence for a person: what was seen, and what was expected. */
  summary: z.string(),
  exercised: Exercised,
  /** Tool name to version. */
  tools: z.record(z.string(), z.string()).default({}),
  /** Single assertions, for the page and for evidence. */
  results: z
    .array(z.object({ name: z.string(), verdict: Verdict, message: z.string().default("") }))
    .default([]),
  /** The raw report, and the format a parser knows it by. Text, at most 1 MiB; longer ones are cut and said so. */
  raw: z.object({ format: z.string(), text: z.string(), truncated: z.boolean() }).optional(),
});
export type CheckReport = z.infer<typeof CheckReport>;
