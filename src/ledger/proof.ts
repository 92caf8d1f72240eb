import { TidelockError } from "../model/errors.ts";
import { equalBytes, isCount } from "./bytes.ts";
import { hashLength, hashNode } from "./hash.ts";
import { type HashPlace, coverOf, foldEdge } from "./range.ts";

/**
 * Inclusion and consistency, RFC 6962 sections 2.1.1 and 2.1.2: made from stored hashes, and verified with the
 * algorithms of RFC 9162, sections 2.1.3.2 and 2.1.4.2. Sizes go up to 2^53 - 1.
 */

/** Hands out complete hashes of the tree (HashPlace): from a table, from tiles, over HTTP. */
export type HashSource = (level: number, index: number) => Uint8Array | Promise<Uint8Array>;

interface Range {
  readonly start: number;
  readonly end: number;
}

/** The hashes that a proof is folded from, in the proof's order; several that stand in one row fold into one. */
export type ProofPlan = readonly (readonly HashPlace[])[];

/** Which stored hashes prove that leaf `index` is in the tree of `size` leaves. Throws when it is not. */
export function inclusionPlan(index: number, size: number): ProofPlan {
  if (!isCount(index) || !isCount(size) || index >= size) {
    throw new TidelockError("invalid-input", `a tree of ${size} entries has no entry ${index}`);
  }
  const ranges: Range[] = [];
  let tree: Range = { start: 0, end: size };
  while (tree.end - tree.start > 1) {
    const middle = tree.start + split(tree.end - tree.start);
    const left = { start: tree.start, end: middle };
    const right = { start: middle, end: tree.end };
    ranges.push(index < middle ? right : left);
    tree = index < middle ? left : right;
  }
  return planOf(ranges);
}

/** Which stored hashes prove that the first `from` of `to` leaves are the whole tree of size `from`. */
export function consistencyPlan(from: number, to: number): ProofPlan {
  if (!isCount(from) || !isCount(to) || from < 1 || from > to) {
    throw new TidelockError(
      "invalid-input",
      `there is no consistency proof from size ${from} to size ${to}`,
      { hint: "the first size is at least 1 and at most the second" },
    );
  }
  const ranges: Range[] = [];
  let tree: Range = { start: 0, end: to };
  // While the old tree ends at the end of a subtree from 0 on, its own root is known to the verifier.
  let known = true;
  while (tree.end !== from) {
    const middle = tree.start + split(tree.end - tree.start);
    const left = { start: tree.start, end: middle };
    const right = { start: middle, end: tree.end };
    ranges.push(from <= middle ? right : left);
    if (from > middle) known = false;
    tree = from <= middle ? left : right;
  }
  if (!known) ranges.push(tree);
  return planOf(ranges);
}

/** Leaf's sibling first. Throws `invalid-input` when the tree has no such leaf, and what `hashAt` throws. */
export function proveInclusion(
  index: number,
  size: number,
  hashAt: HashSource,
): Promise<Uint8Array[]> {
  return foldPlan(inclusionPlan(index, size), hashAt);
}

export function proveConsistency(
  from: number,
  to: number,
  hashAt: HashSource,
): Promise<Uint8Array[]> {
  return foldPlan(consistencyPlan(from, to), hashAt);
}

/** The root of the first `size` leaves, at least one. */
export async function rootFromHashes(size: number, hashAt: HashSource): Promise<Uint8Array> {
  if (!isCount(size) || size === 0) {
    throw new TidelockError("invalid-input", `no root is folded from a tree of size ${size}`);
  }
  const [root] = await foldPlan([coverOf(0, size)], hashAt);
  if (root === undefined) throw new Error("a tree without root");
  return root;
}

/** True when `proof` shows that the leaf with this hash stands at `index` of the tree with this root. Never throws. */
export function verifyInclusion(given: {
  readonly index: number;
  readonly size: number;
  readonly leafHash: Uint8Array;
  readonly proof: readonly Uint8Array[];
  readonly root: Uint8Array;
}): boolean {
  const root = rootFromInclusion(given);
  return root !== null && equalBytes(root, given.root);
}

/** The root that an inclusion proof leads to; null when it cannot be a proof for this index and size. */
export function rootFromInclusion(given: {
  readonly index: number;
  readonly size: number;
  readonly leafHash: Uint8Array;
  readonly proof: readonly Uint8Array[];
}): Uint8Array | null {
  const { index, size, leafHash, proof } = given;
  if (!isCount(index) || !isCount(size) || index >= size) return null;
  if (leafHash.length !== hashLength || !areHashes(proof)) return null;
  let [node, last] = [index, size - 1];
  let root = leafHash;
  for (const sibling of proof) {
    if (last === 0) return null;
    if (isOdd(node) || node === last) {
      root = hashNode(sibling, root);
      while (!isOdd(node) && node !== 0) [node, last] = [half(node), half(last)];
    } else {
      root = hashNode(root, sibling);
    }
    [node, last] = [half(node), half(last)];
  }
  return last === 0 ? root : null;
}

/**
 * True when the tree of `from` leaves with `fromRoot` is the beginning of the one of `to` leaves with `toRoot`.
 * Never throws. Nothing is consistent with a size of 0: that proves nothing (C2SP tlog-witness has a rule of its
 * own for the first checkpoint that a witness sees).
 */
export function verifyConsistency(given: {
  readonly from: number;
  readonly to: number;
  readonly fromRoot: Uint8Array;
  readonly toRoot: Uint8Array;
  readonly proof: readonly Uint8Array[];
}): boolean {
  const { from, to, fromRoot, toRoot, proof } = given;
  if (!isCount(from) || !isCount(to) || from < 1 || from > to) return false;
  if (from === to) return proof.length === 0 && equalBytes(fromRoot, toRoot);
  if (!areHashes([fromRoot, toRoot, ...proof])) return false;
  const path = isPowerOfTwo(from) ? [fromRoot, ...proof] : proof;
  const [first, ...rest] = path;
  if (first === undefined || rest.length === 0) return false;
  let [node, last] = [from - 1, to - 1];
  while (isOdd(node)) [node, last] = [half(node), half(last)];
  let [old, young] = [first, first];
  for (const hash of rest) {
    if (last === 0) return false;
    if (isOdd(node) || node === last) {
      old = hashNode(hash, old);
      young = hashNode(hash, young);
      while (!isOdd(node) && node !== 0) [node, last] = [half(node), half(last)];
    } else {
      young = hashNode(young, hash);
    }
    [node, last] = [half(node), half(last)];
  }
  return last === 0 && equalBytes(old, fromRoot) && equalBytes(young, toRoot);
}

async function foldPlan(plan: ProofPlan, hashAt: HashSource): Promise<Uint8Array[]> {
  return Promise.all(
    plan.map(async (places) => {
      const hashes = await Promise.all(places.map(({ level, index }) => hashAt(level, index)));
      const folded = foldEdge(hashes);
      if (folded === null || hashes.some((hash) => hash.length !== hashLength)) {
        throw new TidelockError("invalid-input", "a stored hash of the tree has not 32 bytes");
      }
      return folded;
    }),
  );
}

/** From the leaf upwards, which is against the order in which the tree is cut. */
function planOf(ranges: readonly Range[]): ProofPlan {
  return ranges.toReversed().map(({ start, end }) => coverOf(start, end));
}

/** The largest power of two below `count`, which is 2 or more. */
function split(count: number): number {
  let power = 1;
  while (power * 2 < count) power *= 2;
  return power;
}

function areHashes(proof: readonly Uint8Array[]): boolean {
  return proof.length <= 66 && proof.every((hash) => hash.length === hashLength);
}

const isOdd = (value: number) => value % 2 === 1;
const half = (value: number) => Math.floor(value / 2);

function isPowerOfTwo(value: number): boolean {
  let power = 1;
  while (power < value) power *= 2;
  return power === value;
}
