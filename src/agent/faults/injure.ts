import { setTimeout as sleep } from "node:timers/promises";
import { type ProcessIdentity, isAlive, stateOf } from "../os/identity.ts";
import { familyOf, processTable, sendSignal } from "../os/process-table.ts";
import { markedAs } from "../processes/sweep.ts";

interface Target {
  readonly name: string;
  readonly id: string;
  readonly identity: ProcessIdentity;
}

const rounds = 25;
const betweenMs = 10;

/** Stops every process of the instances. Answers whether all of them stand still. */
export async function stopProcesses(agentId: string, targets: readonly Target[]): Promise<boolean> {
  // Again, because a process may fork between the reading of the table and the signal.
  for (let round = 0; round < rounds; round += 1) {
    for (const pid of familyOfAll(agentId, targets)) {
      if (!standsStill(pid)) sendSignal(pid, "SIGSTOP");
    }
    if (areStopped(agentId, targets)) return true;
    await sleep(betweenMs);
  }
  return false;
}

/** Lets them go on. Answers whether none of them stands still any more. */
export async function resumeProcesses(
  agentId: string,
  targets: readonly Target[],
): Promise<boolean> {
  for (let round = 0; round < rounds; round += 1) {
    const still = familyOfAll(agentId, targets).filter(standsStill);
    if (still.length === 0) return true;
    for (const pid of still) sendSignal(pid, "SIGCONT");
    await sleep(betweenMs);
  }
  return false;
}

export function areStopped(agentId: string, targets: readonly Target[]): boolean {
  return (
    targets.every(({ identity }) => isAlive(identity)) &&
    familyOfAll(agentId, targets).every(standsStill)
  );
}

/** By their first process, and by their mark where that is gone. */
function familyOfAll(agentId: string, targets: readonly Target[]): readonly number[] {
  const table = processTable();
  const ids = new Set(targets.map(({ id }) => id));
  const families = targets.flatMap(({ identity }) =>
    isAlive(identity) ? familyOf(identity.pid, table) : [],
  );
  const marked = table.map(({ pid }) => pid).filter((pid) => ids.has(markedAs(pid, agentId) ?? ""));
  return [...new Set([...families, ...marked])];
}

/** `T`, or `t` for one that a debugger stopped; one that just ended is no longer there to be stopped. */
function standsStill(pid: number): boolean {
  const state = stateOf(pid);
  return state === "T" || state === "t";
}
