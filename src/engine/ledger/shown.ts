import { equalBytes } from "../../ledger/bytes.ts";
import { type Checkpoint, verifyCheckpoint } from "../../ledger/checkpoint.ts";
import { noteKey, noteKeyTypes } from "../../ledger/note.ts";
import { rootFromHashes } from "../../ledger/proof.ts";
import {
  checkpointAt,
  hashSource,
  keepCheckpoint,
} from "../../store/queries/ledger-checkpoints.ts";
import { everyLogKey } from "../../store/queries/ledger-outside.ts";
import { hasSucceeded, introducedName } from "../../store/queries/ledger-state.ts";
import type { TreeHead } from "../../store/queries/ledger-tree.ts";
import type { Ledger } from "../../ports/ledger.ts";
import type { Db } from "../../store/schema.ts";
import { activeKeys, publicForm } from "./key-rows.ts";
import { about, type Difference } from "./state/difference.ts";

/** What was shown to the world must still be here before anything further is signed. */

/** A checkpoint that this server has shown, kept outside of the database. */
export interface ShownCheckpoint {
  readonly note: string;
  readonly checkpoint: Pick<Checkpoint, "origin" | "size" | "root">;
}

/**
 * Why the log must not go on under its name: the store's id or the log's number is not what keys were introduced
 * under and recoveries have opened. Null when it may.
 */
export async function nameProblem(db: Db, { log, origin }: TreeHead): Promise<Difference | null> {
  const number = (message: string) => ({ ...about("ledger_tree", message), column: "log" });
  if (!(await hasSucceeded(db, log))) {
    return number(
      `the database calls its ledger ${origin}, and no recovery has opened that: somebody has changed it`,
    );
  }
  if (await hasSucceeded(db, log + 1)) {
    return number(
      `the database calls its ledger ${origin}, and a recovery has opened its successor: somebody has changed it`,
    );
  }
  for (const row of await activeKeys(db, "log")) {
    const name = await introducedName(db, row.key_id);
    if (name === null || name === publicForm(row, origin)) continue;
    const message = `the database calls its ledger ${origin}, and its key ${row.key_id} was introduced as ${name}: somebody has changed the store's id`;
    return { ...about("store", message), column: "store_id" };
  }
  return null;
}

/** Which one was shown of this log and is not in the database; null when none is missing. */
export async function missingOf(
  db: Db,
  { log, origin, size }: TreeHead,
  shown: ShownCheckpoint | null,
): Promise<ShownCheckpoint | null> {
  if (shown === null || shown.checkpoint.origin !== origin) return null;
  if (shown.checkpoint.size === 0 || shown.checkpoint.size > size) return null;
  return (await checkpointAt(db, log, shown.checkpoint.size)) === undefined ? shown : null;
}

/**
 * Somebody has deleted checkpoints. While the history is the one that was shown, the last of them is put back and
 * the log says so; another history is never signed.
 *
 * @returns what people have to hear; `why` when this database tells another history
 */
export async function putBack(
  db: Db,
  ledger: Ledger<Db>,
  { log, origin, size: treeSize }: TreeHead,
  { note, checkpoint: { size, root } }: ShownCheckpoint,
): Promise<{ readonly why: string } | { readonly message: string }> {
  const material = await everyLogKey(db);
  const keys = material.map((key) => noteKey(origin, noteKeyTypes.ed25519, Uint8Array.from(key)));
  const own = verifyCheckpoint(note, { origin, keys });
  const stored = await rootFromHashes(size, hashSource(db, treeSize));
  if (!own.ok || !equalBytes(stored, root)) {
    return {
      why: `the checkpoint of size ${size} that this server has shown is not in the database, and the database tells another history`,
    };
  }
  await db.transaction().execute(async (tx) => {
    await keepCheckpoint(tx, { log, size, root: Buffer.from(root), note });
    await ledger.append(tx, {
      operation: `checkpoint/${log}/${size}`,
      kind: "checkpoint.missed",
      stream: "system",
      actor: "tidelock",
      payload: { origin, size },
    });
  });
  return {
    message: `somebody has deleted checkpoints of the ledger from the database; the one of size ${size} was put back, older ones are gone: see \`tidelock ledger verify --state\``,
  };
}
