import { createHash } from "node:crypto";
import { join } from "node:path";
import { z } from "zod";
import { socketPath } from "../../model/layout.ts";
import { Digest, Slot, slotKey } from "../../model/primitives.ts";
import { Fault, FaultEnding, RelayCounts } from "../../ports/host-agent-faults.ts";
import { ProcessIdentity } from "../os/identity.ts";

/**
 * The last fault of one colour, in the agent's state. It is written before anything is injured, and `ended`
 * only when it was undone: whoever finds it without an end undoes it.
 */
export const FaultRecord = z.strictObject({
  operation: z.string(),
  slot: Slot,
  generation: z.string(),
  release: Digest,
  fault: Fault,
  /** The first processes of the instances that it is done to. */
  targets: z.array(z.strictObject({ name: z.string(), id: z.string(), identity: ProcessIdentity })),
  /** Mount point of the disk that it fills. */
  disk: z.string().nullable(),
  forMs: z.int(),
  /** Whether it was seen to be there, and what was seen. */
  injected: z.boolean(),
  evidence: z.string(),
  relay: RelayCounts.nullable(),
  /** A process of its own that undoes it in time should the agent be gone by then. */
  keeper: ProcessIdentity.nullable(),
  ended: z.strictObject({ at: z.string(), how: FaultEnding, clean: z.boolean() }).nullable(),
});
export type FaultRecord = z.infer<typeof FaultRecord>;

/**
 * What one deployment offers to be injured has one folder, `<agent>/faults/<id>/`: `record.json`, written
 * before its relay is started, `relay.log`, and the socket by which the relay is told.
 */
export const PointsRecord = z.strictObject({
  slot: Slot,
  generation: z.string(),
  host: z.string(),
  dependencies: z.array(
    z.strictObject({
      name: z.string(),
      /** What is behind it. */
      host: z.string(),
      port: z.int(),
      /** Where the relay listens. */
      listen: z.int(),
    }),
  ),
  disk: z.int().nullable(),
  user: z.int().nullable(),
  identity: ProcessIdentity.nullable(),
});
export type PointsRecord = z.infer<typeof PointsRecord>;

export interface PointsFiles {
  readonly id: string;
  readonly directory: string;
  readonly record: string;
  readonly log: string;
  readonly control: string;
}

/** @param folder `<agent>/faults` */
export function pointsFiles(folder: string, id: string): PointsFiles {
  const directory = join(folder, id);
  return {
    id,
    directory,
    record: join(directory, "record.json"),
    log: join(directory, "relay.log"),
    control: socketPath(directory, "relay.sock"),
  };
}

export function pointsId(slot: Slot, generation: string): string {
  const named = JSON.stringify([slotKey(slot), generation]);
  return createHash("sha256").update(named).digest("hex").slice(0, 24);
}

/** By which a stray relay is recognised. */
export function relayMark(id: string): string {
  return `relay-${id}`;
}
