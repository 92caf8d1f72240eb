import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { z } from "zod";

/**
 * Who a process is. A pid alone is reused sooner or later, so a record of a process carries when it
 * started and in which boot of the machine; only all three together name one process.
 */
export const ProcessIdentity = z.object({
  pid: z.int().positive(),
  /** Opaque: clock ticks since boot on Linux, `ps -o lstart` elsewhere. Compared for equality only. */
  startTime: z.string(),
  bootId: z.string(),
});
export type ProcessIdentity = z.infer<typeof ProcessIdentity>;

let cachedBootId: string | undefined;

/** The id of the running kernel: a new one after every boot. */
export function bootId(): string {
  cachedBootId ??=
    process.platform === "linux"
      ? readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()
      : execFileSync("sysctl", ["-n", "kern.bootsessionuuid"], { encoding: "utf8" }).trim();
  return cachedBootId;
}

/** The identity of a running process, or undefined when there is none (a zombie is none). */
export function identifyProcess(pid: number): ProcessIdentity | undefined {
  const startTime = process.platform === "linux" ? linuxStartTime(pid) : psStartTime(pid);
  return startTime === undefined ? undefined : { pid, startTime, bootId: bootId() };
}

/** This process's own identity. */
export function ownIdentity(): ProcessIdentity {
  const own = identifyProcess(process.pid);
  // A process always sees itself; without /proc there is no honest answer.
  return own ?? { pid: process.pid, startTime: "unknown", bootId: bootId() };
}

/** Whether exactly this process (not a later one with its pid) still runs. */
export function isRunning(identity: ProcessIdentity): boolean {
  if (identity.bootId !== bootId()) return false;
  return identifyProcess(identity.pid)?.startTime === identity.startTime;
}

/** The command line of a process as one list, or undefined when it is gone or not ours to see. */
export function commandLine(pid: number): readonly string[] | undefined {
  try {
    if (process.platform === "linux") {
      return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").slice(0, -1);
    }
    const text = execFileSync("ps", ["-ww", "-o", "command=", "-p", String(pid)], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    return text.trim().split(" ");
  } catch {
    return undefined;
  }
}

/** proc(5): field 3 is the state, field 22 the start; the name in field 2 may hold blanks and brackets. */
function linuxStartTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" || fields[0] === "X" ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

function psStartTime(pid: number): string | undefined {
  try {
    const text = execFileSync("ps", ["-o", "state=,lstart=", "-p", String(pid)], {
      encoding: "utf8",
      env: { ...process.env, LC_ALL: "C" },
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
    return text === "" || text.startsWith("Z") ? undefined : text.replace(/^\S+\s+/, "");
  } catch {
    return undefined;
  }
}
