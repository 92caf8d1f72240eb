import { createHash } from "node:crypto";
import { equalBytes, toHex } from "../../ledger/bytes.ts";
import { type Checkpoint, parseCheckpoint } from "../../ledger/checkpoint.ts";
import { parseNote } from "../../ledger/note.ts";
import { TidelockError } from "../../model/errors.ts";

/**
 * Where checkpoints are written down besides the database: a place that who rewrites the database does not rewrite
 * too. A checkpoint that lies there for a day says what the log was a day ago.
 */
export interface Anchor {
  /**
   * Durable when it answers. The same checkpoint again is the same place.
   *
   * @returns where it is, for people and for the report: a commit, a path
   * @throws TidelockError `digest-mismatch` when another root for this size lies there already
   */
  write(checkpoint: {
    readonly origin: string;
    readonly size: number;
    readonly note: string;
  }): Promise<string>;
  /** The newest of a log that lie there, biggest size first. */
  read(origin: string, most: number): Promise<readonly AnchoredNote[]>;
}

export interface AnchoredNote {
  /** A signed note; who signed it is for the reader to verify. */
  readonly note: string;
  readonly from: string;
}

/** `tidelock%2F1f…/0000000000000042.checkpoint`: sorts by size, and stays inside its folder whatever the origin. */
export function pathOfAnchor(origin: string, size: number): string {
  return `${folderOf(origin)}/${String(size).padStart(16, "0")}.checkpoint`;
}

export function folderOf(origin: string): string {
  const name = encodeURIComponent(origin);
  if (/^[A-Za-z0-9]/.test(name) && name.length <= 200) return name;
  return createHash("sha256").update(origin).digest("hex");
}

export function sizeInPath(path: string): number | null {
  const digits = /(?:^|\/)([0-9]{16})\.checkpoint$/.exec(path)?.[1];
  const size = Number(digits);
  return digits !== undefined && Number.isSafeInteger(size) ? size : null;
}

/** What lies there is the same tree, or the most important news that there is. */
export function requireSame(lies: string, given: string, where: string): void {
  const found = attempt(lies);
  const ours = parseCheckpoint(parseNote(given).text);
  if (found !== null && found.size === ours.size && equalBytes(found.root, ours.root)) return;
  throw new TidelockError(
    "digest-mismatch",
    found === null
      ? "what lies where a checkpoint is to be anchored is none"
      : `another root is anchored for size ${ours.size}: ${toHex(found.root)}, not ${toHex(ours.root)}: the log shows two histories`,
    { where, hint: "keep it: it is evidence; then run `tidelock ledger verify`" },
  );
}

function attempt(note: string): Checkpoint | null {
  try {
    return parseCheckpoint(parseNote(note).text);
  } catch {
    return null;
  }
}
