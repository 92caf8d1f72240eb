import type { SlotSockets } from "../../ports/host-agent.ts";
import { isAlive } from "../os/identity.ts";
import { ownerInFamily, receiversAt } from "../os/sockets.ts";
import { type InstanceRecord, loopback } from "../state/schema.ts";
import type { SlotRunner } from "./slot.ts";

/** Who holds the sockets of a colour at this moment: cheap enough to ask every second while a check runs. */
export function socketsOf(runner: SlotRunner): SlotSockets {
  const spec = runner.record?.spec ?? null;
  const records = runner.instances.map(({ record }) => record);
  return {
    slot: runner.slot,
    deployed: spec === null ? null : { release: spec.release, generation: spec.generation },
    instances: records.map((record) => {
      const alive = aliveIn(record);
      return {
        name: `${record.process}-${record.index}`,
        pid: alive?.pid ?? null,
        startTime: alive?.startTime ?? null,
        port: record.port,
        ownsSocket:
          alive !== null && record.port !== null && ownerInFamily(alive.pid, record.port) !== null,
      };
    }),
    strangers: [...strangersAt(records)],
  };
}

/**
 * Ports that were given to these instances and that somebody else answers. Nobody answering is no stranger:
 * an instance that is being started again does not listen yet.
 */
export function strangersAt(records: readonly InstanceRecord[]): readonly number[] {
  return records.flatMap((record) => {
    const { port } = record;
    if (port === null) return [];
    const alive = aliveIn(record);
    // In a network of its own there is nobody when its process is gone.
    if (alive === null && record.host !== loopback) return [];
    if (receiversAt(alive?.pid ?? "self", port).length === 0) return [];
    return alive !== null && ownerInFamily(alive.pid, port) !== null ? [] : [port];
  });
}

function aliveIn({ identity }: InstanceRecord) {
  return identity !== null && isAlive(identity) ? identity : null;
}
