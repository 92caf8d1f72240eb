import { fromBase64, equalBytes, toHex } from "../../ledger/bytes.ts";
import { type Checkpoint, parseCheckpoint, verifyNote } from "../../ledger/checkpoint.ts";
import { type Note, type NoteKey, parseNote } from "../../ledger/note.ts";
import { verifyConsistency } from "../../ledger/proof.ts";
import { paths } from "../format.ts";
import type { Pack } from "../read-pack.ts";
import type { Findings } from "../report.ts";

/** A checkpoint as it was read; who signed it is another question. */
export interface ReadCheckpoint extends Checkpoint {
  readonly file: string;
  readonly note: Note;
}

/**
 * The pack's checkpoint, and the earlier ones that are proven to be the beginning of its tree. Whether one under
 * another name is of a predecessor, `checks/succession.ts` says.
 */
export interface Checkpoints {
  readonly newest: ReadCheckpoint;
  readonly history: readonly ReadCheckpoint[];
}

/** Reads all checkpoints and connects them. Null: without the newest there is nothing to prove against. */
export function readCheckpoints(pack: Pack, findings: Findings): Checkpoints | null {
  const newest = readCheckpoint(pack, paths.checkpoint, findings);
  if (newest === null) return null;
  const { origin, size, root } = pack.manifest.checkpoint;
  if (newest.origin !== origin || newest.size !== size || toHex(newest.root) !== root) {
    findings.problem("checkpoint", { file: paths.manifest }, "it names another checkpoint");
  }
  return { newest, history: readHistory(pack, newest, findings) };
}

function readCheckpoint(pack: Pack, file: string, findings: Findings): ReadCheckpoint | null {
  const bytes = pack.files.get(file);
  if (bytes === undefined) return null;
  try {
    const note = parseNote(bytes);
    return { file, note, ...parseCheckpoint(note.text) };
  } catch (error) {
    findings.problem("checkpoint", { file }, (error as Error).message);
    return null;
  }
}

function readHistory(
  pack: Pack,
  newest: ReadCheckpoint,
  findings: Findings,
): readonly ReadCheckpoint[] {
  const history: ReadCheckpoint[] = [];
  const proofs = new Map(pack.consistency.map((line) => [line.size, line.proof]));
  for (const path of pack.files.keys()) {
    if (!path.startsWith("history/")) continue;
    const earlier = readCheckpoint(pack, path, findings);
    if (earlier === null) continue;
    findings.seen("consistency");
    const problem = (message: string) => findings.problem("consistency", { file: path }, message);
    if (path !== paths.history(earlier.size)) problem("its name is not its size");
    const proof = proofs.get(earlier.size);
    proofs.delete(earlier.size);
    if (proof === undefined) problem(`${paths.consistency} has no proof for it`);
    else if (isBeginning(earlier, newest, proof)) history.push(earlier);
    else problem(`a fork: its tree is not the beginning of the one with ${newest.size} entries`);
  }
  for (const size of proofs.keys()) {
    const message = `it has a proof for size ${size}, of which there is no checkpoint`;
    findings.problem("consistency", { file: paths.consistency }, message);
  }
  return history.sort((a, b) => a.size - b.size);
}

function isBeginning(earlier: Checkpoint, newest: Checkpoint, proof: readonly string[]): boolean {
  try {
    return verifyConsistency({
      from: earlier.size,
      to: newest.size,
      fromRoot: earlier.root,
      toRoot: newest.root,
      proof: proof.map((hash) => fromBase64(hash)),
    });
  } catch {
    return false;
  }
}

/** The checkpoint among the pack's that has this size; null when none has. */
export function ofSize({ newest, history }: Checkpoints, size: number): ReadCheckpoint | null {
  if (newest.size === size) return newest;
  return history.find((earlier) => earlier.size === size) ?? null;
}

export function sameTree(a: Checkpoint, b: Checkpoint): boolean {
  return a.size === b.size && equalBytes(a.root, b.root);
}

/** Keys among `keys` that signed the note, rightly. Null: one of them signed it wrongly. */
export function signersOf(note: Note, keys: readonly NoteKey[]): readonly NoteKey[] | null {
  const answer = verifyNote(note, keys);
  if (answer.ok) return answer.verified.map(({ key }) => key);
  return note.signatures.some(({ name, id }) =>
    keys.some((key) => key.name === name && key.id === id),
  )
    ? null
    : [];
}
