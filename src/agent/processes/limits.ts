import { existsSync } from "node:fs";
import type { z } from "zod";
import type { Resources } from "../../model/pipeline.ts";

const prlimit = "/usr/bin/prlimit";
const setpriv = "/usr/bin/setpriv";

export interface Wrapping {
  /** Put in front of the program's argv; each part replaces itself by the next (exec), so the pid stays. */
  readonly argv: readonly string[];
  /** What was asked for and cannot be enforced on this machine, for a person. */
  readonly notEnforced: readonly string[];
}

/**
 * Resource limits and the no-new-privileges bit (a set-uid program gives nothing to a service).
 *
 * Memory is limited as RLIMIT_DATA: private writable memory. RLIMIT_AS counts address space, of which
 * a modern runtime reserves gigabytes that it never uses.
 *
 * @param ownUser whether the program runs as a user that runs nothing else: RLIMIT_NPROC counts a user's
 *   processes, so among an ordinary user's own it would limit the wrong ones
 * @param sharing how many processes share that user
 * @param become user to change to on the way, for a program that is started as root; null: stay
 */
export function wrap(
  resources: z.infer<typeof Resources>,
  ownUser: boolean,
  sharing: number,
  become: number | null = null,
): Wrapping {
  const notEnforced: string[] = [];
  const limits: string[] = [];
  const hasPrlimit = existsSync(prlimit);
  const limit = (
    name: string,
    flag: string,
    value: number | undefined,
    possible: boolean,
  ): void => {
    if (value === undefined) return;
    if (possible && hasPrlimit) limits.push(`--${flag}=${value}`);
    else notEnforced.push(name);
  };
  const { memoryMb, openFiles, processes } = resources;
  limit("memoryMb", "data", memoryMb === undefined ? undefined : memoryMb * 1024 * 1024, true);
  limit("openFiles", "nofile", openFiles, true);
  limit("processes", "nproc", processes === undefined ? undefined : processes * sharing, ownUser);
  return {
    argv: [
      ...(limits.length === 0 ? [] : [prlimit, ...limits, "--"]),
      ...(existsSync(setpriv) ? [setpriv, ...identityOf(become), "--no-new-privs", "--"] : []),
    ],
    notEnforced,
  };
}

function identityOf(user: number | null): readonly string[] {
  return user === null ? [] : [`--reuid=${user}`, `--regid=${user}`, "--clear-groups"];
}
