import { equalBytes, toHex } from "./bytes.ts";
import { type SignedCheckpoint, verifyCheckpoint } from "./checkpoint.ts";
import type { NoteKey } from "./note.ts";
import { verifyConsistency } from "./proof.ts";

/** Two checkpoints of one log, held against each other. */
export interface TwoCheckpoints {
  readonly origin: string;
  readonly keys: readonly NoteKey[];
  /** Whole signed notes: the one that was seen first, and the one that is shown now. */
  readonly earlier: string;
  readonly later: string;
  /** What leads from the smaller tree to the bigger one; null when there is none to be had. */
  readonly proof: ConsistencyClaim | null;
}

/** A consistency proof, and the root which the bigger tree really has at the smaller one's size. */
export interface ConsistencyClaim {
  readonly proof: readonly Uint8Array[];
  /** Left out where the proof is said to lead to the smaller checkpoint's own root. */
  readonly prefixRoot?: Uint8Array;
}

/**
 * What is wrong with a log, so that somebody who believes nobody here can see it: hand over both notes (and the
 * claim), and call `judgeCheckpoints` on them with the log's keys.
 */
export interface Evidence {
  readonly kind: "split-view" | "fork" | "rewind";
  readonly message: string;
  readonly sizes: readonly [earlier: number, later: number];
}

export type Judgement =
  /** The later tree continues the earlier one, or is the same. */
  | { readonly kind: "consistent" }
  /** Proven by the two signatures (split view), by them and the proof (fork), or by what was seen first (rewind). */
  | { readonly kind: "diverged"; readonly evidence: Evidence }
  /** The log does not prove that the trees belong together. It has to, so this is its problem; a proof may yet come. */
  | { readonly kind: "unproven"; readonly message: string }
  /** One of the two is no checkpoint of this log, and says nothing of it. */
  | { readonly kind: "invalid"; readonly message: string };

/** Never throws. Whoever has the log's key and signs two histories is caught here, by anybody who kept one of them. */
export function judgeCheckpoints(given: TwoCheckpoints): Judgement {
  const earlier = verifyCheckpoint(given.earlier, given);
  if (!earlier.ok)
    return { kind: "invalid", message: `the earlier checkpoint: ${earlier.problem}` };
  const later = verifyCheckpoint(given.later, given);
  if (!later.ok) return { kind: "invalid", message: `the later checkpoint: ${later.problem}` };
  const [a, b] = [earlier.checkpoint, later.checkpoint];
  const sizes = [a.size, b.size] as const;
  const diverged = (kind: Evidence["kind"], message: string): Judgement => ({
    kind: "diverged",
    evidence: { kind, message, sizes },
  });

  if (a.size === b.size) {
    if (equalBytes(a.root, b.root)) return { kind: "consistent" };
    const message = `split view: the log ${given.origin} signed two roots for the size ${a.size}: ${toHex(a.root)} and ${toHex(b.root)}`;
    return diverged("split-view", message);
  }
  const [small, big] = a.size < b.size ? [a, b] : [b, a];
  const forked = forkOf(small, big, given.proof);
  if (forked !== null) {
    const message = `fork: the log ${given.origin} signed ${toHex(small.root)} for the size ${small.size}; its tree of size ${big.size} has ${toHex(forked)} there`;
    return diverged("fork", message);
  }
  if (a.size > b.size) {
    const message = `rewind: the log ${given.origin} had ${a.size} entries when it was seen first, and shows ${b.size} now`;
    return diverged("rewind", message);
  }
  if (isContinued(small, big, given.proof)) return { kind: "consistent" };
  const message = `nothing proves that the tree of size ${big.size} continues the one of size ${small.size}`;
  return { kind: "unproven", message };
}

/** The other root that the bigger tree has at the smaller one's size, when the claim proves one. */
function forkOf(
  small: SignedCheckpoint,
  big: SignedCheckpoint,
  claim: ConsistencyClaim | null,
): Uint8Array | null {
  const other = claim?.prefixRoot;
  if (claim === null || other === undefined || equalBytes(other, small.root)) return null;
  const sizes = { from: small.size, to: big.size };
  const roots = { fromRoot: other, toRoot: big.root };
  return verifyConsistency({ ...sizes, ...roots, proof: claim.proof }) ? other : null;
}

/** Every tree continues the empty one; generic verification proves nothing of it. */
function isContinued(
  small: SignedCheckpoint,
  big: SignedCheckpoint,
  claim: ConsistencyClaim | null,
): boolean {
  if (small.size === 0) return true;
  if (claim === null) return false;
  const sizes = { from: small.size, to: big.size };
  const roots = { fromRoot: small.root, toRoot: big.root };
  return verifyConsistency({ ...sizes, ...roots, proof: claim.proof });
}
