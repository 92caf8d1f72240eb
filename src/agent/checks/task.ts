import type { z } from "zod";
import type { methods } from "../../ports/host-agent.ts";
import type { Parts } from "../parts.ts";
import { resolveCommand } from "../processes/command.ts";
import { baseEnvironment, markers } from "../processes/environment.ts";
import { wrap } from "../processes/limits.ts";
import type { RunRecord, RunTask } from "./run-files.ts";
import type { SlotProgram } from "./slot-program.ts";

export type StartRequest = z.output<(typeof methods)["check.start"]["params"]>;

/**
 * What the runner shall run, with an environment made from nothing. Throws `invalid-input` when a program
 * is not there.
 *
 * @param mark by which a stray of this run is recognised
 */
export function makeTask(
  parts: Parts,
  request: StartRequest,
  record: RunRecord,
  folders: { readonly cwd: string; readonly home: string },
  slot: SlotProgram | null,
  mark: string,
): RunTask {
  const { cwd, home } = folders;
  const { runtime } = parts.paths;
  const env: Record<string, string> = {
    ...slot?.variables,
    ...request.env,
    ...baseEnvironment({ runtime, home, temporary: home }),
    ...slot?.environment,
    [markers.agent]: parts.agentId,
    [markers.instance]: mark,
  };
  const wrapping = wrap({}, record.ownUser, 1);
  const programs = [request.argv, ...(request.andThen ?? [])].map(([command = "", ...args]) => [
    ...wrapping.argv,
    resolveCommand(command, cwd, env["PATH"] ?? ""),
    ...args,
  ]);
  const { user, ownUser, timeoutMs } = record;
  return { programs, env, cwd, user, ownUser, timeoutMs, outputBytes: request.outputBytes };
}
