import { existsSync, readFileSync } from "node:fs";
import { processStatus } from "../os/identity.ts";

export interface Outlives {
  readonly outlives: boolean;
  /** Why it does not, and what to do about it; null when it does. */
  readonly reason: string | null;
}

/**
 * Whether this process would go on when the one that started it ends (law 6). A session of its own keeps
 * signals away; two things it cannot leave by itself: a systemd service's cgroup, which is killed as a
 * whole when the service stops, and a container, which ends with its first process.
 */
export function outlivesStarter(starter: number | null): Outlives {
  if (starter === null || process.platform !== "linux") return { outlives: true, reason: null };
  const unit = serviceOf(process.pid);
  if (unit !== null && unit === serviceOf(starter)) {
    return {
      outlives: false,
      reason:
        `systemd kills ${unit} as a whole: install deploy/systemd/tidelock-agent.service, ` +
        "which keeps the agent in a unit of its own",
    };
  }
  if (inContainer() && belongsToFirst(starter)) {
    return {
      outlives: false,
      reason:
        "this container ends with the server: run the agent as a container of its own, " +
        "with the same data directory and pid namespace as its services",
    };
  }
  return { outlives: true, reason: null };
}

/** The innermost systemd service of a process (cgroups(7)); a user's own manager is no such service. */
function serviceOf(pid: number): string | null {
  try {
    const lines = readFileSync(`/proc/${pid}/cgroup`, "utf8").trim().split("\n");
    const path = lines.map((line) => line.split(":").slice(2).join(":")).find(isUnitPath);
    return path?.split("/").findLast((part) => part.endsWith(".service")) ?? null;
  } catch {
    return null;
  }
}

function isUnitPath(path: string): boolean {
  const last = path.split("/").findLast((part) => /\.(service|scope|slice)$/.test(part));
  return last?.endsWith(".service") === true && !last.startsWith("user@");
}

function inContainer(): boolean {
  return (
    existsSync("/.dockerenv") ||
    existsSync("/run/.containerenv") ||
    process.env["container"] !== undefined
  );
}

/**
 * Whether a container's first process, unless it is an init, waits for this one: they share a session. What
 * was brought in from outside (`docker exec`) has one of its own.
 */
function belongsToFirst(pid: number): boolean {
  return !isInit() && (pid === 1 || processStatus(pid)?.session === 1);
}

/** A full init keeps the container alive whatever ends. */
function isInit(): boolean {
  try {
    return ["systemd", "init"].includes(readFileSync("/proc/1/comm", "utf8").trim());
  } catch {
    return false;
  }
}
