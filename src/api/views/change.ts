import { z } from "zod";
import { Digest, Name, Version } from "../../model/primitives.ts";
import { Decision } from "../../model/decision.ts";
import { Source } from "../../model/release.ts";
import { Verdict } from "../../model/verdict.ts";

/** What a release changes and what was found about it: its change log, from records only. */
export const ReleaseChangesView = z.object({
  service: Name,
  version: Version,
  id: Digest,
  createdAt: z.string(),
  createdBy: z.string(),
  /** Commits since what was live when it was made, oldest first; `truncated` says that there were more. */
  source: Source,
  /** For each environment: what its next promotion would change of the configuration that is live there. */
  configuration: z.array(
    z.object({
      environment: z.string(),
      /** Version that is live; 0: nothing is. */
      live: z.int(),
      newest: z.int(),
      added: z.array(z.string()),
      removed: z.array(z.string()),
      changed: z.array(z.string()),
    }),
  ),
  promotions: z.array(
    z.object({
      id: z.string(),
      kind: z.enum(["promotion", "rollback"]),
      environment: z.string(),
      state: z.string(),
      by: z.string(),
      at: z.string(),
      message: z.string(),
      checks: z.array(
        z.object({ name: z.string(), verdict: Verdict.nullable(), summary: z.string() }),
      ),
      decisions: z.array(z.object({ step: z.int(), at: z.string(), decision: Decision })),
    }),
  ),
});
export type ReleaseChangesView = z.infer<typeof ReleaseChangesView>;

/** Calls that changed something or were refused. */
export const AccessView = z.object({
  items: z.array(
    z.object({
      id: z.int(),
      at: z.string(),
      /** Pseudonym, or `unknown`. */
      actor: z.string(),
      action: z.string(),
      target: z.string(),
      /** HTTP status. */
      outcome: z.string(),
      /** Whether the digest of its run is in the ledger already. */
      recorded: z.boolean(),
    }),
  ),
  /** Runs that are not what the ledger says they were. */
  problems: z.array(z.string()),
});
export type AccessView = z.infer<typeof AccessView>;
