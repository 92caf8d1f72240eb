import { z } from "zod";
import { Digest, Fence, Slot } from "../model/primitives.ts";

/** The host agent's methods that run programs: checks and scripts. */

const KeptStream = z.object({
  bytes: z.int().nonnegative(),
  /** SHA-256 of these bytes, hex. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

export const CheckProcess = z.object({
  /** `absent`: no such run was ever begun. `unknown`: it was, and how it ended is lost. */
  state: z.enum(["absent", "running", "finished", "unknown"]),
  exitCode: z.int().nullable(),
  signal: z.string().nullable(),
  timedOut: z.boolean(),
  stdout: z.string(),
  stderr: z.string(),
  truncated: z.boolean(),
  durationMs: z.number(),
  /** Of a run that ended: what of its output lies with the agent, for `check.read`. */
  kept: z
    .object({
      stdout: KeptStream,
      stderr: KeptStream,
      /** Whether more lies there than this answer shows. */
      more: z.boolean(),
      /** Whether something is missing there too, as the run wrote more than `outputBytes`. */
      limited: z.boolean(),
    })
    .optional(),
});
export type CheckProcess = z.infer<typeof CheckProcess>;

const None = z.object({});

/** Part of the protocol's table in host-agent.ts. */
export const checkMethods = {
  /** Runs a program as the check user; the same run id never starts twice. */
  "check.start": {
    params: z.object({
      /** Null for a run that is nobody's effect: a dry run, as a check's user. */
      fence: Fence.nullable(),
      run: z.string(),
      argv: z.array(z.string()).min(1),
      env: z.record(z.string(), z.string()),
      /** Artifact whose unpacked, read-only tree is the working directory; null for an empty folder. */
      tree: Digest.nullable(),
      timeoutMs: z.int().positive(),
      /** Kept of each of the two streams. */
      outputBytes: z.int().positive(),
      /** Further programs, each started only when the one before exited with 0; the last one's end is the run's. */
      andThen: z.array(z.array(z.string()).min(1)).optional(),
      /**
       * Runs for a slot instead of as a check: as its user, with its delivered configuration and
       * `$TIDELOCK_STATE_DIR`, in the release's tree. For an operator's install scripts; the slot must
       * be deployed.
       */
      slot: Slot.optional(),
    }),
    result: None,
  },
  "check.observe": { params: z.object({ run: z.string() }), result: CheckProcess },
  /**
   * A page of what a run that ended wrote, from a byte on: at most 2 MiB, and at the end nothing. The digest of
   * all of it is `check.observe`'s.
   */
  "check.read": {
    params: z.object({
      run: z.string(),
      stream: z.enum(["stdout", "stderr"]),
      offset: z.int().nonnegative(),
    }),
    /** base64 */
    result: z.object({ data: z.string().max(3 * 1024 * 1024) }),
  },
  "check.stop": { params: z.object({ run: z.string() }), result: None },
} as const;
