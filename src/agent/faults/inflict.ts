import { setTimeout as sleep } from "node:timers/promises";
import { TidelockError } from "../../model/errors.ts";
import type { RelayCounts } from "../../ports/host-agent-faults.ts";
import { isAlive } from "../os/identity.ts";
import { sendSignal } from "../os/process-table.ts";
import type { Parts } from "../parts.ts";
import { waitGone } from "../processes/sweep.ts";
import type { SlotRunner } from "../slots/slot.ts";
import { fillDisk, freeBytes, isMounted } from "./disk.ts";
import { areStopped, stopProcesses } from "./injure.ts";
import type { FaultRecord } from "./record.ts";

/** What was seen of a fault. */
export interface Sight {
  readonly injected: boolean;
  readonly evidence: string;
  readonly relay: RelayCounts | null;
}

/** SIGKILL is not waited for, but a machine may be busy. Milliseconds. */
const killMs = 5_000;
const pollMs = 10;

/** Does it, and reads back that it is done. */
export async function inflict(
  parts: Parts,
  runner: SlotRunner,
  record: FaultRecord,
): Promise<Sight> {
  const { fault, targets } = record;
  switch (fault.kind) {
    case "kill":
      return kill(runner, record);
    case "pause":
      await stopProcesses(parts.agentId, targets);
      return look(parts, record);
    case "latency":
    case "error": {
      const { slot, generation, operation, forMs } = record;
      const order = { kind: "begin" as const, operation, fault, forMs };
      await parts.faultPoints.order(slot, generation, order);
      return look(parts, record);
    }
    case "disk-full":
      if (record.disk !== null) fillDisk(record.disk);
      return look(parts, record);
  }
}

/** What of it is to be seen now. */
export async function look(parts: Parts, record: FaultRecord): Promise<Sight> {
  const { fault, targets } = record;
  switch (fault.kind) {
    case "kill":
      return { injected: record.injected, evidence: record.evidence, relay: null };
    case "pause": {
      const injected = areStopped(parts.agentId, targets);
      const who = targets.map(({ name, identity }) => `${name} (pid ${identity.pid})`).join(", ");
      const evidence = injected
        ? `every process of ${who} is stopped, says the kernel`
        : `not every process of ${who} is stopped`;
      return { injected, evidence, relay: null };
    }
    case "latency":
    case "error":
      return lookAtRelay(parts, record);
    case "disk-full":
      return lookAtDisk(record);
  }
}

async function lookAtRelay(parts: Parts, record: FaultRecord): Promise<Sight> {
  const { slot, generation, operation } = record;
  const said = await parts.faultPoints.order(slot, generation, { kind: "read" });
  if (said === null || said.operation !== operation || !said.active) {
    const why = said === null ? "does not answer" : "does not carry out this fault";
    return { injected: false, evidence: `the relay ${why}`, relay: record.relay };
  }
  const { delayed, meanMs, abandoned, resets, statuses } = said.counts;
  const evidence = `the relay carries it out: ${delayed} pieces late by ${meanMs} ms on average, ${abandoned} given up before that, ${resets} connections reset, ${statuses} requests answered with an error`;
  return { injected: true, evidence, relay: said.counts };
}

/** Full is a disk that has no page left; what the service itself removes makes room again, as on any disk. */
function lookAtDisk({ disk, injected }: FaultRecord): Sight {
  if (disk === null || !isMounted(disk)) {
    return { injected: false, evidence: "the disk is not there", relay: null };
  }
  const free = freeBytes(disk);
  return {
    injected: injected || free === 0,
    evidence: free === 0 ? "the disk has no byte left" : `the disk has ${free} bytes left`,
    relay: null,
  };
}

async function kill(runner: SlotRunner, { targets }: FaultRecord): Promise<Sight> {
  for (const { id, name, identity } of targets) {
    const instance = runner.instances.find(({ record }) => record.id === id);
    instance?.expectEnd();
    if (!isAlive(identity) || !sendSignal(identity.pid, "SIGKILL")) {
      throw new TidelockError("unavailable", `${name} ended by itself before it could be killed`, {
        where: name,
      });
    }
  }
  const gone = await Promise.all(targets.map(({ identity }) => waitGone(identity, killMs)));
  await noticed(runner, targets);
  const who = targets.map(({ name, identity }) => `${name} (pid ${identity.pid})`).join(", ");
  const injected = gone.every(Boolean);
  return {
    injected,
    evidence: injected ? `${who} was killed and is gone` : `${who} is still there`,
    relay: null,
  };
}

/** Whoever is told that it was killed must not be told a moment later that it is ready. */
async function noticed(runner: SlotRunner, targets: FaultRecord["targets"]): Promise<void> {
  const deadline = performance.now() + killMs;
  const unaware = (): boolean =>
    targets.some(({ id, identity }) => {
      const instance = runner.instances.find(({ record }) => record.id === id);
      const { pid } = instance?.record.identity ?? {};
      return instance?.state === "ready" && pid === identity.pid;
    });
  while (unaware() && performance.now() < deadline) await sleep(pollMs);
}
