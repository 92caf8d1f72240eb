import { createHash } from "node:crypto";
import { join } from "node:path";
import { z } from "zod";
import { type Slot, Slot as SlotSchema, slotKey } from "../../model/primitives.ts";
import { SinkKind } from "../../model/sinks.ts";
import { ProcessIdentity } from "../os/identity.ts";

/**
 * The sinks of one deployment have one folder, `<agent>/sinks/<id>/`:
 *
 *   record.json   whose they are, their ports and their process; written before the process is started
 *   messages      what arrived, one JSON object a line
 */
export const SinkRecord = z.strictObject({
  slot: SlotSchema,
  generation: z.string(),
  host: z.string(),
  ports: z.partialRecord(SinkKind, z.int().min(1).max(65_535)),
  user: z.int().nullable(),
  identity: ProcessIdentity.nullable(),
});
export type SinkRecord = z.infer<typeof SinkRecord>;

export interface SinkFiles {
  readonly id: string;
  readonly directory: string;
  readonly record: string;
  readonly messages: string;
}

/** @param folder `<agent>/sinks` */
export function sinkFiles(folder: string, id: string): SinkFiles {
  const directory = join(folder, id);
  return {
    id,
    directory,
    record: join(directory, "record.json"),
    messages: join(directory, "messages"),
  };
}

export function sinkId(slot: Slot, generation: string): string {
  const named = JSON.stringify([slotKey(slot), generation]);
  return createHash("sha256").update(named).digest("hex").slice(0, 24);
}

/** By which a stray of these sinks is recognised. */
export function sinkMark(id: string): string {
  return `sink-${id}`;
}
