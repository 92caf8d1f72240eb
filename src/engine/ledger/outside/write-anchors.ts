import { AnchorSettings } from "../../../model/anchor.ts";
import { z } from "zod";
import { cosignedNote } from "../../../reports/pack-history.ts";
import { type AnchorRecord, keepAnchored } from "../../../store/queries/ledger-outside.ts";
import type { CheckpointRow } from "../../../store/schema-ledger.ts";
import type { Db } from "../../../store/schema.ts";
import { openAnchor } from "../../../witness/anchors/open-anchor.ts";
import type { OutsideAnswer } from "./ask-witnesses.ts";
import { compareWithWorld } from "./world.ts";

/** An anchor as it is stored: where, and at most how often. */
export const StoredAnchor = z.object({
  place: AnchorSettings,
  everyMs: z.int().nonnegative(),
});
export type StoredAnchor = z.infer<typeof StoredAnchor>;

/** Writes a checkpoint down, with the cosignatures that it has by now. Throws what the place throws. */
export async function anchorAt(
  db: Db,
  record: AnchorRecord,
  checkpoint: CheckpointRow,
  { origin, now }: { readonly origin: string; readonly now: number },
): Promise<OutsideAnswer> {
  const { place: where, everyMs } = StoredAnchor.parse(record.settings);
  const size = Number(checkpoint.size);
  if (Number(record.size ?? 0) >= size) return { kind: "done" };
  if (record.at !== null && now - record.at.getTime() < everyMs) return { kind: "done" };
  const note = (await cosignedNote(db, checkpoint.log, size)) ?? checkpoint.note;
  const place = await openAnchor(where).write({ origin, size, note });
  await keepAnchored(db, { anchor: record.name, log: checkpoint.log, size, place });
  return { kind: "done" };
}

/** Looks at the newest checkpoint of a log of ours that lies there. Throws what the place throws. */
export async function compareWithAnchor(
  db: Db,
  record: AnchorRecord,
  origin: string,
): Promise<OutsideAnswer> {
  const { place } = StoredAnchor.parse(record.settings);
  const [newest] = await openAnchor(place).read(origin, 1);
  if (newest === undefined) return { kind: "done" };
  const answer = await compareWithWorld(db, newest.note, origin, `the anchor ${record.name}`);
  if (answer.kind === "behind") return answer;
  return answer.kind === "agrees" ? { kind: "done" } : { kind: "trouble", message: answer.why };
}
