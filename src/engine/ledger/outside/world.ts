import { verifyCheckpoint } from "../../../ledger/checkpoint.ts";
import { claimOf, formatEvidence } from "../../../ledger/evidence-file.ts";
import { type NoteKey, noteKey, noteKeyTypes } from "../../../ledger/note.ts";
import { hashSource, newestCheckpoint } from "../../../store/queries/ledger-checkpoints.ts";
import { everyLogKey } from "../../../store/queries/ledger-outside.ts";
import { readTree } from "../../../store/queries/ledger-tree.ts";
import type { Db } from "../../../store/schema.ts";
import { whyBehind } from "../mirror.ts";

/** What the world outside says of this database, in one of its parts. */
export type WorldAnswer =
  | { readonly kind: "agrees" }
  /** Signed by our own key, and not what this database holds: it was put back, or rewritten. */
  | {
      readonly kind: "behind";
      readonly why: string;
      /** The checkpoint that shows it, signed by our own key. */
      readonly note: string;
      readonly evidence: string | null;
    }
  /** Not signed by a key of this log: it says nothing, and somebody should look why it is there. */
  | { readonly kind: "strange"; readonly why: string };

/**
 * Holds a checkpoint that somebody outside kept against this database. Only what our own key signed can show that
 * the database is behind: nobody else's word makes a server read-only.
 *
 * @param origin of the log it was kept for
 * @param from for the message: `the witness w1`
 */
export async function compareWithWorld(
  db: Db,
  note: string,
  origin: string,
  from: string,
): Promise<WorldAnswer> {
  const material = await everyLogKey(db);
  const keys = material.map((key) => noteKey(origin, noteKeyTypes.ed25519, Uint8Array.from(key)));
  const answer = verifyCheckpoint(note, { origin, keys });
  if (!answer.ok) {
    return {
      kind: "strange",
      why: `what ${from} shows is no checkpoint that a key of this log signed: ${answer.problem}`,
    };
  }
  // After the note: a tree that grew in between still contains what it says.
  const head = await readTree(db);
  const why = await whyBehind(db, head, answer.checkpoint, from);
  if (why === null) return { kind: "agrees" };
  const evidence = await evidenceOf(db, {
    origin,
    keys,
    shown: note,
    shownSize: answer.checkpoint.size,
  });
  return { kind: "behind", why, note, evidence };
}

/** What shows it to somebody who believes neither side: both notes, and what our tree says of its beginning. */
async function evidenceOf(
  db: Db,
  given: { origin: string; keys: readonly NoteKey[]; shown: string; shownSize: number },
): Promise<string | null> {
  const { origin, keys, shown, shownSize } = given;
  const ours = await newestCheckpoint(db);
  if (ours === undefined) return null;
  const size = Number(ours.size);
  const proof =
    shownSize >= 1 && shownSize < size
      ? await claimOf(shownSize, size, hashSource(db, size))
      : null;
  return formatEvidence({ origin, keys, earlier: shown, later: ours.note, proof });
}
