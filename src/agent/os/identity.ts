import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { z } from "zod";

/**
 * A process, named so that it cannot be mistaken for a later one with the same number: the boot it
 * belongs to, its pid, and the moment the kernel says it started (proc_pid_stat(5), field 22, in clock
 * ticks since boot; on macOS the text of `ps -o lstart`).
 */
export const ProcessIdentity = z.strictObject({
  bootId: z.string(),
  pid: z.int().positive(),
  startTime: z.string(),
});
export type ProcessIdentity = z.infer<typeof ProcessIdentity>;

let knownBootId: string | undefined;

/** Names the running kernel; it changes with every boot and with nothing else. */
export function bootId(): string {
  knownBootId ??=
    process.platform === "linux"
      ? readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()
      : execFileSync("/usr/sbin/sysctl", ["-n", "kern.bootsessionuuid"], {
          encoding: "utf8",
        }).trim();
  return knownBootId;
}

export interface ProcessStatus {
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  readonly startTime: string;
}

/** The kernel's view of a running process; null when there is none, or only a zombie of one. */
export function processStatus(pid: number): ProcessStatus | null {
  return process.platform === "linux" ? linuxStatus(pid) : psStatus(pid);
}

function linuxStatus(pid: number): ProcessStatus | null {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return null;
  }
  // The second field is the program's name in parentheses and may hold spaces and parentheses itself.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const [state, parent, group, session] = fields;
  if (state === undefined || state === "Z" || state === "X") return null;
  return {
    parent: Number(parent),
    group: Number(group),
    session: Number(session),
    startTime: fields[19] ?? "",
  };
}

function psStatus(pid: number): ProcessStatus | null {
  try {
    const line = execFileSync(
      "/bin/ps",
      ["-o", "stat=,ppid=,pgid=,sess=,lstart=", "-p", String(pid)],
      { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] },
    ).trim();
    const match = /^(\S+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(.+)$/.exec(line);
    if (match === null || match[1]?.startsWith("Z")) return null;
    const group = Number(match[3]);
    // A detached child leads its session and its group; ps on macOS does not print the session's pid.
    return { parent: Number(match[2]), group, session: group, startTime: match[5] ?? "" };
  } catch {
    return null;
  }
}

/** The kernel's letter for what a process does now: `R`, `S`, `T` for stopped …; null when it is gone. Linux only. */
export function stateOf(pid: number): string | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    return text.charAt(text.lastIndexOf(")") + 2);
  } catch {
    return null;
  }
}

/** The identity of a process that runs now; null when there is none. */
export function identify(pid: number): ProcessIdentity | null {
  const status = processStatus(pid);
  return status === null ? null : { bootId: bootId(), pid, startTime: status.startTime };
}

/** Whether exactly this process still runs: never true for a reused pid or after a reboot. */
export function isAlive(identity: ProcessIdentity): boolean {
  if (identity.bootId !== bootId()) return false;
  return processStatus(identity.pid)?.startTime === identity.startTime;
}
