import { equalBytes } from "../ledger/bytes.ts";
import { type Checkpoint, parseCheckpoint, verifyNote } from "../ledger/checkpoint.ts";
import { emptyRoot } from "../ledger/hash.ts";
import type { Note, NoteKey } from "../ledger/note.ts";
import { verifyConsistency } from "../ledger/proof.ts";
import { TidelockError } from "../model/errors.ts";
import { type AddCheckpoint, parseRequest } from "./request.ts";

/** A log that a witness watches: its origin and the keys it believes for it. */
export interface WatchedLog {
  readonly origin: string;
  readonly keys: readonly NoteKey[];
}

/** What a witness cosigned last for a log. */
export interface Cosigned {
  readonly size: number;
  readonly root: Uint8Array;
}

export type Verdict =
  | {
      readonly kind: "cosign";
      readonly origin: string;
      readonly checkpoint: Checkpoint;
      /** The log's own signatures, verified: what the witness keeps of the note. */
      readonly note: Note;
    }
  | {
      readonly kind: "refuse";
      readonly status: 400 | 403 | 404 | 409 | 422;
      /** For a person; the body of all but 409. */
      readonly message: string;
      /** 409: what the witness has cosigned. */
      readonly size?: number;
      /** Signed by the log and not shown to continue what was cosigned: worth keeping as evidence. */
      readonly suspicious?: {
        readonly log: WatchedLog;
        readonly note: Note;
        /** Impossible beside what was cosigned, whatever proof is given. */
        readonly proven: boolean;
      };
    };

/**
 * What a witness answers, C2SP tlog-witness, in the order of its rules. Pure: whoever calls it makes sure that
 * nobody cosigns for this log between `latest` and what becomes of the verdict.
 */
export function decide(
  body: Uint8Array,
  logs: readonly WatchedLog[],
  latest: (origin: string) => Cosigned | null,
): Verdict {
  let request: AddCheckpoint;
  let checkpoint: Checkpoint;
  try {
    request = parseRequest(body);
    checkpoint = parseCheckpoint(request.note.text);
  } catch (error) {
    if (error instanceof TidelockError) return refuse(400, error.message);
    throw error;
  }
  const { oldSize, proof, note } = request;
  const log = logs.find(({ origin }) => origin === checkpoint.origin);
  if (log === undefined) return refuse(404, "this log is not watched here");
  const signed = verifyNote(note, log.keys);
  if (!signed.ok) return refuse(403, signed.problem);
  const kept: Note = {
    text: note.text,
    signatures: signed.verified.map(({ signature }) => signature),
  };

  if (oldSize > checkpoint.size) {
    return refuse(400, `the old size ${oldSize} is above the checkpoint's, ${checkpoint.size}`);
  }
  const last = latest(log.origin) ?? { size: 0, root: emptyRoot() };
  if (oldSize !== last.size) {
    const message = `cosigned last was the size ${last.size}, not ${oldSize}`;
    const another = checkpoint.size === last.size && !equalBytes(checkpoint.root, last.root);
    const suspicious = another ? { suspicious: { log, note: kept, proven: true } } : {};
    return { kind: "refuse", status: 409, message, size: last.size, ...suspicious };
  }
  const wrong = whyInconsistent(last, checkpoint, proof);
  if (wrong !== null) {
    const proven = checkpoint.size === 0 || checkpoint.size === last.size;
    const suspicious = { log, note: kept, proven: proven && !sameTree(checkpoint, last) };
    return { kind: "refuse", status: 422, message: wrong, suspicious };
  }
  return { kind: "cosign", origin: log.origin, checkpoint, note: kept };
}

function refuse(status: 400 | 403 | 404, message: string): Verdict {
  return { kind: "refuse", status, message };
}

function sameTree(a: Cosigned, b: Cosigned): boolean {
  return a.size === b.size && equalBytes(a.root, b.root);
}

function whyInconsistent(
  last: Cosigned,
  { size, root }: Checkpoint,
  proof: readonly Uint8Array[],
): string | null {
  if (size === 0 && !equalBytes(root, emptyRoot())) return "the empty tree has another root";
  if (last.size === 0) {
    // Everything continues the empty tree; a proof of it would prove nothing.
    return proof.length === 0 ? null : "from size 0 the proof has to be empty";
  }
  const given = { from: last.size, to: size, fromRoot: last.root, toRoot: root, proof };
  if (verifyConsistency(given)) return null;
  return last.size === size
    ? `another root was cosigned for the size ${size}`
    : `the proof does not lead from size ${last.size} to size ${size}`;
}
