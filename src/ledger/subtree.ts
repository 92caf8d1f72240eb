import { equalBytes, isCount } from "./bytes.ts";
import { emptyRoot, hashLength, hashNode } from "./hash.ts";
import { verifyInclusion } from "./proof.ts";

/**
 * Subtrees: parts of a tree that are trees themselves, draft-ietf-plants-merkle-tree-certs, section 4. Witnesses may
 * cosign one (C2SP tlog-witness, sign-subtree); our own log is always cosigned whole.
 */
export interface Subtree {
  /** Its first leaf. */
  readonly start: number;
  /** Behind its last leaf. */
  readonly end: number;
}

/** Section 4.1: `start` is a multiple of the smallest power of two that is not below the subtree's size. */
export function isSubtree({ start, end }: Subtree): boolean {
  if (!isCount(start) || !isCount(end) || start > end) return false;
  let width = 1;
  while (width < end - start) width *= 2;
  return start % width === 0;
}

/** Section 4.3: the entry at `index` of the whole tree stands in the subtree with this hash. Never throws. */
export function verifySubtreeInclusion(given: {
  readonly subtree: Subtree;
  readonly index: number;
  readonly leafHash: Uint8Array;
  readonly proof: readonly Uint8Array[];
  readonly root: Uint8Array;
}): boolean {
  const { subtree, leafHash, proof, root } = given;
  if (!isSubtree(subtree) || !isCount(given.index) || given.index < subtree.start) return false;
  const index = given.index - subtree.start;
  return verifyInclusion({ index, size: subtree.end - subtree.start, leafHash, proof, root });
}

/** Section 4.4.3: the subtree with hash `node` is part of the tree of `size` leaves with `root`. Never throws. */
export function verifySubtreeConsistency(given: {
  readonly subtree: Subtree;
  readonly size: number;
  readonly node: Uint8Array;
  readonly proof: readonly Uint8Array[];
  readonly root: Uint8Array;
}): boolean {
  const { subtree, size, node, root } = given;
  const { start, end } = subtree;
  if (!isSubtree(subtree) || !isCount(size) || end > size) return false;
  if (start === end) return given.proof.length === 0 && equalBytes(node, emptyRoot());
  if (given.proof.length > 64 || given.proof.some((hash) => hash.length !== hashLength)) {
    return false;
  }
  let at: Path = { first: start, last: end - 1, edge: size - 1 };
  // A subtree at the edge of the tree stays there; another one is left behind at its first left turn.
  while (at.first !== at.last && (at.last === at.edge || at.last % 2 === 1)) at = up(at);
  const [seed, ...rest] = at.first === at.last ? [node, ...given.proof] : given.proof;
  if (seed === undefined) return false;
  let [old, whole] = [seed, seed];
  for (const hash of rest) {
    if (at.edge === 0) return false;
    if (at.last % 2 === 1 || at.last === at.edge) {
      if (at.first < at.last) old = hashNode(hash, old);
      whole = hashNode(hash, whole);
      while (at.last % 2 === 0 && at.last !== 0) at = up(at);
    } else {
      whole = hashNode(whole, hash);
    }
    at = up(at);
  }
  return at.edge === 0 && equalBytes(old, node) && equalBytes(whole, root);
}

/** Where one level of the tree has the subtree's first and last node and its own last node. */
interface Path {
  readonly first: number;
  readonly last: number;
  readonly edge: number;
}

function up({ first, last, edge }: Path): Path {
  return { first: half(first), last: half(last), edge: half(edge) };
}

const half = (value: number) => Math.floor(value / 2);
