import { createHash } from "node:crypto";
import { slotKey } from "../../model/primitives.ts";
import { type InstanceRecord, loopback } from "../state/schema.ts";
import type { StoredSpec } from "./spec.ts";

/** Records of what a specification wants, before anything of it runs. */
export function newInstances(spec: StoredSpec, user: number | null): InstanceRecord[] {
  return Object.entries(spec.processes).flatMap(([name, process]) =>
    Array.from({ length: process.replicas }, (_, index) => ({
      id: instanceId(spec, name, index),
      process: name,
      index,
      user,
      stop: process.stop,
      identity: null,
      startedAt: null,
      host: loopback,
      port: null,
      restarts: 0,
      lastExit: null,
      gaveUp: null,
    })),
  );
}

function instanceId(spec: StoredSpec, process: string, index: number): string {
  const unique = createHash("sha256")
    .update(JSON.stringify([slotKey(spec.slot), spec.generation, spec.release]))
    .digest("hex");
  return `${process}-${index}-${unique.slice(0, 8)}`;
}

/** For one that is only stopped any more: its specification may be gone, how to stop it is on its record. */
export function retiredProcess(record: InstanceRecord): StoredSpec["processes"][string] {
  return {
    command: ["retired"],
    port: "none",
    router: "none",
    replicas: 1,
    ready: { kind: "alive", for: 0 },
    stop: record.stop,
    state: false,
    resources: {},
  };
}
