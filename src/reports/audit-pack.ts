import { toHex } from "../ledger/bytes.ts";
import { parseCheckpoint } from "../ledger/checkpoint.ts";
import { parseNote } from "../ledger/note.ts";
import type { Subject } from "../audit/format.ts";
import { makePack } from "../audit/write-pack.ts";
import type { ContentStore } from "../ports/content-store.ts";
import { hashSource } from "../store/queries/ledger-checkpoints.ts";
import type { Db } from "../store/schema.ts";
import { blobsOf } from "./pack-blobs.ts";
import { closeOthers } from "./pack-closed.ts";
import { entriesOf, entryLines, type StreamEnd } from "./pack-entries.ts";
import { historyOf } from "./pack-history.ts";
import { journalOf } from "./pack-journal.ts";

export interface PackRequest {
  readonly subject: Subject;
  /** The ends that were appended for this export; the checkpoint covers them. */
  readonly ends: readonly StreamEnd[];
  readonly log: number;
  /** Signed note with cosignatures. */
  readonly checkpoint: string;
  /** Checkpoints that the asker has seen elsewhere. */
  readonly seen: readonly string[];
}

/** Puts an audit pack together from what is stored. The zip's bytes. */
export async function auditPack(
  db: Db,
  content: ContentStore,
  request: PackRequest,
): Promise<Uint8Array> {
  const { subject, ends, log, checkpoint } = request;
  const { origin, size, root } = parseCheckpoint(parseNote(checkpoint).text);
  const hashAt = hashSource(db, size);
  const leaves = closeOthers(await entriesOf(db, ends), subject);
  const history = await historyOf(db, { log, origin, size }, leaves, request.seen, hashAt);
  const { blobs, attestations } = await blobsOf(db, content, leaves);
  return makePack({
    subject,
    checkpoint: { origin, size, root: toHex(root), note: checkpoint },
    history,
    entries: await entryLines(leaves, size, hashAt),
    journal: await journalOf(db, subject, leaves),
    attestations,
    blobs,
  });
}
