import { setTimeout as sleep } from "node:timers/promises";
import { type ProcessIdentity, bootId, isAlive, processStatus } from "../os/identity.ts";
import { environmentOf, familyOf, processTable, sendSignal, uidsOf } from "../os/process-table.ts";
import { markers } from "./environment.ts";

/** Kills what is left of an instance: its group, its session, its descendants, and whoever carries its mark. */
export function killRemains(
  agentId: string,
  instance: string,
  identity: ProcessIdentity | null,
): void {
  // Again, because a process may fork between the reading of the table and the signal.
  for (let round = 0; round < 10; round += 1) {
    const leader = usableLeader(identity);
    if (leader !== null) sendSignal(-leader, "SIGKILL");
    const table = processTable();
    const family = new Set(leader === null ? [] : familyOf(leader, table));
    const remains = table.filter(
      ({ pid }) => family.has(pid) || markedAs(pid, agentId) === instance,
    );
    if (remains.length === 0) return;
    for (const { pid } of remains) sendSignal(pid, "SIGKILL");
  }
}

/**
 * The leader's number, when it still means our group: the kernel gives a pid to nobody else while a group
 * has that number, but after the group it may; a stranger that has it now must not be touched.
 */
function usableLeader(identity: ProcessIdentity | null): number | null {
  if (identity === null || identity.bootId !== bootId()) return null;
  const now = processStatus(identity.pid);
  return now === null || now.startTime === identity.startTime ? identity.pid : null;
}

/** Kills every process that carries this agent's mark for an instance that is not among the living. */
export function killStrays(agentId: string, living: ReadonlySet<string>): number {
  let killed = 0;
  for (const { pid } of processTable()) {
    const instance = markedAs(pid, agentId);
    if (instance === null || living.has(instance)) continue;
    if (sendSignal(pid, "SIGKILL")) killed += 1;
  }
  return killed;
}

interface Living {
  readonly id: string;
  readonly identity: ProcessIdentity | null;
}

/**
 * Kills what runs under a number that several deployments share and is of none of the `living`: neither in
 * the family of one, nor with the mark of one or of a check.
 */
export function killUnrelated(agentId: string, user: number, living: readonly Living[]): void {
  const ids = new Set(living.map(({ id }) => id));
  for (let round = 0; round < 10; round += 1) {
    const table = processTable();
    const family = new Set(
      living.flatMap(({ identity }) =>
        identity !== null && isAlive(identity) ? familyOf(identity.pid, table) : [],
      ),
    );
    const strays = table.filter(({ pid }) => {
      if (family.has(pid) || uidsOf(pid)?.includes(user) !== true) return false;
      const mark = markedAs(pid, agentId);
      return mark === null || !(ids.has(mark) || mark.startsWith("check-"));
    });
    if (strays.length === 0) return;
    for (const { pid } of strays) sendSignal(pid, "SIGKILL");
  }
}

/** The instance (or relay, check …) that a process carries the mark of, when it is this agent's; else null. */
export function markedAs(pid: number, agentId: string): string | null {
  const environment = environmentOf(pid);
  if (environment?.get(markers.agent) !== agentId) return null;
  return environment.get(markers.instance) ?? null;
}

/** Waits until exactly this process is gone; false when it still lives after the limit. */
export async function waitGone(identity: ProcessIdentity, limitMs: number): Promise<boolean> {
  const deadline = performance.now() + limitMs;
  for (let wait = 10; isAlive(identity); wait = Math.min(wait * 2, 100)) {
    const left = deadline - performance.now();
    if (left <= 0) return false;
    await sleep(Math.min(wait, left));
  }
  return true;
}
