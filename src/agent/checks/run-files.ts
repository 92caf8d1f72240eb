import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { Digest } from "../../model/primitives.ts";
import { errorCode } from "../os/durable.ts";
import { ProcessIdentity } from "../os/identity.ts";

/**
 * One run has one folder, `<agent>/checks/<id>/`, whose existence means that it was begun and never will
 * be again:
 *
 *   record.json   what it is, without its environment        by the agent, before the start
 *   task.json     what to run; removed when it was read       by the agent, before the start
 *   runner.json   the runner's identity                       by the runner, first
 *   stdout, stderr                                            by the runner, up to the limit
 *   result.json   how it ended                                by the runner, last, atomically
 */
export interface RunFiles {
  readonly id: string;
  readonly directory: string;
  readonly record: string;
  readonly task: string;
  readonly runner: string;
  readonly stdout: string;
  readonly stderr: string;
  readonly result: string;
}

/** @param checks `<agent>/checks` */
export function runFiles(checks: string, run: string): RunFiles {
  return filesOf(checks, createHash("sha256").update(run).digest("hex").slice(0, 32));
}

export function filesOf(checks: string, id: string): RunFiles {
  const directory = join(checks, id);
  const at = (name: string): string => join(directory, name);
  return {
    id,
    directory,
    record: at("record.json"),
    task: at("task.json"),
    runner: at("runner.json"),
    stdout: at("stdout"),
    stderr: at("stderr"),
    result: at("result.json"),
  };
}

export const RunRecord = z.strictObject({
  run: z.string(),
  lane: z.string().nullable(),
  /** Keyed digest of everything that was asked for. */
  content: z.string(),
  startedAt: z.number(),
  tree: Digest.nullable(),
  timeoutMs: z.int().positive(),
  /** Numeric user it runs as; null: the agent's own. */
  user: z.int().nullable(),
  /** Whether that user runs nothing else, so that whatever runs as it can be ended. */
  ownUser: z.boolean(),
});
export type RunRecord = z.infer<typeof RunRecord>;

const Argv = z.array(z.string().min(1)).min(1);

export const RunTask = z.strictObject({
  /** One after the other; the first that does not exit with 0 is the last. */
  programs: z.array(Argv).min(1),
  env: z.record(z.string(), z.string()),
  cwd: z.string(),
  user: z.int().nullable(),
  ownUser: z.boolean(),
  timeoutMs: z.int().positive(),
  /** Kept of each of the two streams. */
  outputBytes: z.int().positive(),
});
export type RunTask = z.infer<typeof RunTask>;

const KeptStream = z.strictObject({ bytes: z.int().nonnegative(), sha256: z.string() });

export const RunResult = z.strictObject({
  exitCode: z.int().nullable(),
  signal: z.string().nullable(),
  timedOut: z.boolean(),
  truncated: z.boolean(),
  durationMs: z.number(),
  /** Why the program could not be started at all. */
  error: z.string().nullable(),
  /** What lies in the two files. Runners of earlier versions wrote none. */
  kept: z.strictObject({ stdout: KeptStream, stderr: KeptStream }).optional(),
});
export type RunResult = z.infer<typeof RunResult>;

export const RunnerIdentity = ProcessIdentity;

/** Null when the file is not there or is not (yet) what it should be. */
export async function readJson<T>(path: string, schema: z.ZodType<T>): Promise<T | null> {
  try {
    return schema.parse(JSON.parse(await readFile(path, "utf8")));
  } catch (error) {
    if (errorCode(error) === "ENOENT" || error instanceof SyntaxError) return null;
    if (error instanceof z.ZodError) return null;
    throw error;
  }
}
