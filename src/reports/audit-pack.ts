import { toHex } from "../ledger/bytes.ts";
import { parseCheckpoint } from "../ledger/checkpoint.ts";
import { parseNote } from "../ledger/note.ts";
import type { SharedNameLine, Subject } from "../audit/format.ts";
import { reviewOf } from "../audit/review/of-pack.ts";
import { makePack, type PackContent } from "../audit/write-pack.ts";
import type { ContentStore } from "../ports/content-store.ts";
import { hashSource } from "../store/queries/ledger-checkpoints.ts";
import type { Db } from "../store/schema.ts";
import { blobsOf } from "./pack-blobs.ts";
import { closeOthers } from "./pack-closed.ts";
import { entriesOf, entryLines, type StreamEnd } from "./pack-entries.ts";
import { historyOf } from "./pack-history.ts";
import { peopleBlobs } from "./pack-people.ts";
import { journalOf } from "./pack-journal.ts";

export interface PackRequest {
  readonly subject: Subject;
  /** The ends that were appended for this export; the checkpoint covers them. */
  readonly ends: readonly StreamEnd[];
  readonly log: number;
  /** Signed note with cosignatures. */
  readonly checkpoint: string;
  /** As the ends say them. */
  readonly sharedNames: readonly SharedNameLine[];
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
  const people = await peopleBlobs(db, subject, leaves);
  const { blobs, attestations } = await blobsOf(db, content, leaves, people);
  const pack: PackContent = {
    subject,
    checkpoint: { origin, size, root: toHex(root), note: checkpoint },
    history,
    entries: await entryLines(leaves, size, hashAt),
    journal: await journalOf(db, subject, leaves),
    sharedNames: request.sharedNames,
    attestations,
    blobs,
  };
  const review = reviewOf(pack);
  return makePack(review === null ? pack : { ...pack, review });
}
