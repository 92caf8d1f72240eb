import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toHex } from "./bytes.ts";
import { emptyRoot, hashLeaf, hashNode } from "./hash.ts";
import {
  consistencyPlan,
  inclusionPlan,
  proveConsistency,
  proveInclusion,
  rootFromHashes,
  verifyConsistency,
  verifyInclusion,
} from "./proof.ts";
import { Frontier, frontierPlaces } from "./range.ts";

/** MTH of RFC 6962, section 2.1, word for word. */
function treeHash(leaves: readonly Uint8Array[]): Uint8Array {
  const [only] = leaves;
  if (only === undefined) return emptyRoot();
  if (leaves.length === 1) return only;
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  return hashNode(treeHash(leaves.slice(0, k)), treeHash(leaves.slice(k)));
}

const leavesOf = (size: number) =>
  Array.from({ length: size }, (_, index) => hashLeaf(new TextEncoder().encode(`entry ${index}`)));

/** Every complete hash of a tree, as a store would keep them. */
function grow(leaves: readonly Uint8Array[]) {
  const frontier = Frontier.empty();
  const stored = new Map<string, Uint8Array>();
  for (const leaf of leaves) {
    frontier.append(leaf, (level, index, hash) => stored.set(`${level}/${index}`, hash));
  }
  const hashAt = (level: number, index: number) => {
    const hash = stored.get(`${level}/${index}`);
    if (hash === undefined) throw new Error(`nothing complete at ${level}/${index}`);
    return hash;
  };
  return { frontier, hashAt };
}

const all = leavesOf(300);
const tree = grow(all);
const roots = Array.from({ length: 301 }, (_, size) => treeHash(all.slice(0, size)));
const rootOf = (size: number) => roots[size] ?? emptyRoot();

describe("a growing tree", () => {
  it("has the root of RFC 6962 at every size, also when continued from what was stored", () => {
    let frontier = Frontier.empty();
    expect(toHex(frontier.root())).toBe(toHex(emptyRoot()));
    all.forEach((leaf, index) => {
      frontier.append(leaf);
      expect(toHex(frontier.root())).toBe(toHex(rootOf(index + 1)));
      frontier = Frontier.from(frontier.size, frontier.hashes);
    });
  });

  it("can be continued from the hashes at its edge", async () => {
    for (const size of [1, 2, 3, 7, 8, 255, 256, 257, 300]) {
      const { hashAt } = grow(all.slice(0, size));
      const edge = frontierPlaces(size).map(({ level, index }) => hashAt(level, index));
      expect(toHex(Frontier.from(size, edge).root())).toBe(toHex(rootOf(size)));
      expect(toHex(await rootFromHashes(size, hashAt))).toBe(toHex(rootOf(size)));
    }
  });

  it("refuses an edge that does not fit its size", () => {
    const hash = new Uint8Array(32);
    for (const [size, hashes] of [
      [0, [hash]],
      [3, [hash]],
      [1, [new Uint8Array(31)]],
      [-1, []],
      [0.5, []],
      [Number.NaN, []],
      [2 ** 53, [hash]],
    ] as const) {
      expect(() => Frontier.from(size, hashes)).toThrow(/size|edge/);
    }
  });
});

describe("proofs", () => {
  it("of every entry in every tree up to 40 verify, and only at their place", async () => {
    for (let size = 1; size <= 40; size++) {
      for (let index = 0; index < size; index++) {
        const proof = await proveInclusion(index, size, tree.hashAt);
        const given = {
          index,
          size,
          leafHash: all[index] as Uint8Array,
          proof,
          root: rootOf(size),
        };
        expect(verifyInclusion(given)).toBe(true);
        for (let other = 0; other < size; other++) {
          if (other !== index) expect(verifyInclusion({ ...given, index: other })).toBe(false);
        }
      }
    }
  });

  it("between all sizes up to 40 verify, and not with a root swapped", async () => {
    for (let to = 1; to <= 40; to++) {
      for (let from = 1; from <= to; from++) {
        const proof = await proveConsistency(from, to, tree.hashAt);
        const given = { from, to, fromRoot: rootOf(from), toRoot: rootOf(to), proof };
        expect(verifyConsistency(given)).toBe(true);
        const swapped = { ...given, fromRoot: rootOf(to), toRoot: rootOf(from) };
        expect(verifyConsistency(swapped)).toBe(from === to);
      }
    }
  });

  it("verify for random trees, and no damage of any part does", async () => {
    const sizes = fc.integer({ min: 2, max: 300 }).chain((to) =>
      fc.record({
        to: fc.constant(to),
        from: fc.integer({ min: 1, max: to - 1 }),
        index: fc.integer({ min: 0, max: to - 1 }),
        at: fc.nat(),
        bit: fc.nat(255),
      }),
    );
    await fc.assert(
      fc.asyncProperty(sizes, async ({ to, from, index, at, bit }) => {
        const inclusion = {
          index,
          size: to,
          leafHash: all[index] as Uint8Array,
          proof: await proveInclusion(index, to, tree.hashAt),
          root: rootOf(to),
        };
        const consistency = {
          from,
          to,
          fromRoot: rootOf(from),
          toRoot: rootOf(to),
          proof: await proveConsistency(from, to, tree.hashAt),
        };
        expect(verifyInclusion(inclusion)).toBe(true);
        expect(verifyConsistency(consistency)).toBe(true);
        for (const proof of damaged(inclusion.proof, at, bit)) {
          expect(verifyInclusion({ ...inclusion, proof })).toBe(false);
        }
        for (const proof of damaged(consistency.proof, at, bit)) {
          expect(verifyConsistency({ ...consistency, proof })).toBe(false);
        }
        const leafHash = flipped(inclusion.leafHash, bit);
        expect(verifyInclusion({ ...inclusion, leafHash })).toBe(false);
        const fromRoot = flipped(consistency.fromRoot, bit);
        expect(verifyConsistency({ ...consistency, fromRoot })).toBe(false);
        const toRoot = flipped(consistency.toRoot, bit);
        expect(verifyConsistency({ ...consistency, toRoot })).toBe(false);
      }),
      { numRuns: 300 },
    );
  });

  it("reach to the largest size that a number holds, with the hashes named there", () => {
    const size = Number.MAX_SAFE_INTEGER;
    expect(inclusionPlan(0, size)).toHaveLength(53);
    expect(consistencyPlan(1, size)).toHaveLength(53);
    const places = inclusionPlan(size - 1, size).flat();
    expect(places.every(({ level, index }) => (index + 1) * 2 ** level <= size)).toBe(true);
  });

  it("answer no to sizes that are none, without an error", () => {
    const root = new Uint8Array(32);
    for (const bad of [-1, 0.5, Number.NaN, Infinity, 2 ** 53, 2 ** 64]) {
      expect(verifyInclusion({ index: bad, size: 8, leafHash: root, proof: [], root })).toBe(false);
      expect(verifyInclusion({ index: 0, size: bad, leafHash: root, proof: [], root })).toBe(false);
      const roots = { fromRoot: root, toRoot: root, proof: [] };
      expect(verifyConsistency({ from: bad, to: bad, ...roots })).toBe(false);
      expect(verifyConsistency({ from: 1, to: bad, ...roots })).toBe(false);
      expect(() => inclusionPlan(bad, 8)).toThrow(/has no entry/);
      expect(() => consistencyPlan(1, bad)).toThrow(/no consistency proof/);
    }
    expect(() => consistencyPlan(0, 5)).toThrow(/no consistency proof/);
    expect(verifyConsistency({ from: 0, to: 0, fromRoot: root, toRoot: root, proof: [] })).toBe(
      false,
    );
    const long = Array.from({ length: 10_000 }, () => root);
    expect(verifyInclusion({ index: 0, size: 8, leafHash: root, proof: long, root })).toBe(false);
  });
});

function flipped(hash: Uint8Array, bit: number): Uint8Array {
  const copy = Uint8Array.from(hash);
  copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return copy;
}

function damaged(proof: readonly Uint8Array[], at: number, bit: number): Uint8Array[][] {
  const place = at % Math.max(1, proof.length);
  const more = [...proof, new Uint8Array(32)];
  if (proof.length === 0) return [more];
  return [
    more,
    [new Uint8Array(32), ...proof],
    proof.filter((_, index) => index !== place),
    proof.map((hash, index) => (index === place ? flipped(hash, bit) : hash)),
    proof.map((hash, index) => (index === place ? hash.subarray(1) : hash)),
  ];
}
