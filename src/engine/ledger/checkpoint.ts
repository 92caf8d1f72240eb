import { equalBytes } from "../../ledger/bytes.ts";
import { formatCheckpoint } from "../../ledger/checkpoint.ts";
import { formatNote, signNote } from "../../ledger/note.ts";
import { rootFromHashes } from "../../ledger/proof.ts";
import { TidelockError } from "../../model/errors.ts";
import type { Signer } from "../../ports/signer.ts";
import {
  hashSource,
  keepCheckpoint,
  newestCheckpoint,
} from "../../store/queries/ledger-checkpoints.ts";
import type { TreeHead } from "../../store/queries/ledger-tree.ts";
import type { CheckpointRow } from "../../store/schema-ledger.ts";
import type { Db } from "../../store/schema.ts";
import type { ReachLedgerPoint } from "./sequencer.ts";

/**
 * Signs the tree as it stands, unless that was done. What is answered is in the database already: nobody
 * sees a checkpoint that a crash could make us forget, and another root for its size is impossible there.
 *
 * @returns the newest checkpoint; undefined while the log is empty
 * @throws TidelockError `unavailable` when no key is here, `digest-mismatch` for a second root, or one that the
 *   stored leaves do not have
 */
export async function makeCheckpoint(
  db: Db,
  { log, origin, size, root }: TreeHead,
  signers: () => Promise<readonly Signer[]>,
  reach?: ReachLedgerPoint,
): Promise<CheckpointRow | undefined> {
  const newest = await newestCheckpoint(db);
  if (size === 0 || Number(newest?.size ?? 0) >= size) return newest;
  await requireRootOfLeaves(db, size, root);
  const text = formatCheckpoint({ origin, size, root });
  const signatures = [];
  for (const signer of await signers()) signatures.push(await signNote(text, signer));
  if (signatures.length === 0) {
    throw new TidelockError("unavailable", "there is no key to sign the ledger's checkpoint with", {
      hint: "make one: tidelock ledger key rotate",
    });
  }
  await reach?.("ledger:signed");
  return keepCheckpoint(db, { log, size, root, note: formatNote({ text, signatures }) });
}

/** Nobody who may write to the database gets a root signed that is not the stored leaves': it could be of any tree. */
async function requireRootOfLeaves(db: Db, size: number, root: Uint8Array): Promise<void> {
  const stored = await rootFromHashes(size, hashSource(db, size)).catch((error: unknown) => {
    if (error instanceof TidelockError) return null;
    throw error;
  });
  if (stored !== null && equalBytes(stored, root)) return;
  throw new TidelockError("digest-mismatch", "the ledger's tree has another root than its leaves", {
    where: `ledger_tree, size ${size}`,
    hint: "somebody changed the database: run `tidelock ledger verify`, and restore from a backup",
  });
}
