import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { toHex, equalBytes } from "../../ledger/bytes.ts";
import { type Checkpoint, parseCheckpoint } from "../../ledger/checkpoint.ts";
import { parseNote } from "../../ledger/note.ts";
import { rootFromHashes } from "../../ledger/proof.ts";
import { hashSource } from "../../store/queries/ledger-checkpoints.ts";
import type { TreeHead } from "../../store/queries/ledger-tree.ts";
import type { Db } from "../../store/schema.ts";

/**
 * The last checkpoint, as a file beside the database: what tells a server that its database was put back
 * to an older state. It proves nothing to anybody else; witnesses and anchors do that.
 */
export interface Mirror {
  read(): Checkpoint | null;
  /** The whole note; null when there is none, or it is damaged. */
  readNote(): string | null;
  write(note: string): void;
}

export function fileMirror(path: string): Mirror {
  const readBoth = () => {
    try {
      const note = readFileSync(path, "utf8");
      return { note, checkpoint: parseCheckpoint(parseNote(note).text) };
    } catch {
      // None yet, or damaged by a power cut: then it says nothing.
      return null;
    }
  };
  return {
    read: () => readBoth()?.checkpoint ?? null,
    readNote: () => readBoth()?.note ?? null,
    write(note) {
      // Whole or not at all; not flushed, because a power cut that loses it loses no record.
      const draft = `${path}.${process.pid}.tmp`;
      writeFileSync(draft, note, { mode: 0o600 });
      renameSync(draft, path);
    },
  };
}

/** What makes the stored tree one that must not go on, given what is known outside; null when nothing does. */
export async function whyBehind(
  db: Db,
  head: TreeHead,
  known: Pick<Checkpoint, "origin" | "size" | "root">,
  from: string,
): Promise<string | null> {
  if (known.origin !== head.origin) return successorProblem(head, known, from);
  if (known.size > head.size) {
    return `the database holds ${head.size} entries of the ledger, and ${from} knows ${known.size}: it was put back to an older state`;
  }
  if (known.size === 0) return null;
  const root =
    known.size === head.size
      ? head.root
      : await rootFromHashes(known.size, hashSource(db, head.size));
  if (equalBytes(root, known.root)) return null;
  return `the database's ledger has root ${toHex(root).slice(0, 16)}… at size ${known.size}, and ${from} knows ${toHex(known.root).slice(0, 16)}…: it tells another history`;
}

/** A log that a recovery opened later than this database remembers; another store's says nothing. */
function successorProblem(
  head: TreeHead,
  known: Pick<Checkpoint, "origin">,
  from: string,
): string | null {
  const [store, number] = split(known.origin);
  const [ownStore] = split(head.origin);
  if (store !== ownStore || number < head.log) return null;
  return `the database holds the ledger ${head.origin}, and ${from} knows its successor ${known.origin}: it was put back to an older state`;
}

export type KnownTree = Pick<Checkpoint, "origin" | "size" | "root">;

/** Whether a tree of this store's logs is a later one: of a later log, or a bigger one of the same. */
export function isNewer(one: KnownTree | null, other: KnownTree | null): boolean {
  if (one === null || other === null) return one !== null;
  const [store, log] = split(one.origin);
  const [otherStore, otherLog] = split(other.origin);
  return store === otherStore && (log > otherLog || (log === otherLog && one.size > other.size));
}

function split(origin: string): readonly [string, number] {
  const match = /^(tidelock\/[^/]+)(?:\/(\d+))?$/.exec(origin);
  return [match?.[1] ?? origin, Number(match?.[2] ?? 1)];
}
