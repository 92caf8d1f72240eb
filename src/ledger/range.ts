import { TidelockError } from "../model/errors.ts";
import { isCount } from "./bytes.ts";
import { emptyRoot, hashLength, hashNode } from "./hash.ts";

/**
 * The hash at (level, index) covers the 2^level leaves from index * 2^level on. Only complete ones exist: they
 * never change again.
 */
export interface HashPlace {
  readonly level: number;
  readonly index: number;
}

/** Told of every hash that becomes complete, leaves included, in the order in which they do. */
export type OnHash = (level: number, index: number, hash: Uint8Array) => void;

/**
 * The right edge of a growing tree (a compact range from 0): the roots of its complete subtrees, biggest first,
 * one for each bit of its size. That is all it takes to append and to say the root.
 */
export class Frontier {
  #size: number;
  readonly #hashes: Uint8Array[];

  private constructor(size: number, hashes: Uint8Array[]) {
    this.#size = size;
    this.#hashes = hashes;
  }

  static empty(): Frontier {
    return new Frontier(0, []);
  }

  /** From what was stored, see `hashes`. Throws `invalid-input` when number or length of the hashes do not fit. */
  static from(size: number, hashes: readonly Uint8Array[]): Frontier {
    if (!isCount(size)) throw new TidelockError("invalid-input", `${size} is no size of a tree`);
    const expected = frontierPlaces(size).length;
    if (hashes.length !== expected || hashes.some((hash) => hash.length !== hashLength)) {
      throw new TidelockError(
        "invalid-input",
        `a tree of ${size} leaves has an edge of ${expected} hashes of ${hashLength} bytes`,
      );
    }
    return new Frontier(
      size,
      hashes.map((hash) => Uint8Array.from(hash)),
    );
  }

  get size(): number {
    return this.#size;
  }

  /** Biggest subtree first: what `Frontier.from` takes. */
  get hashes(): readonly Uint8Array[] {
    return this.#hashes.map((hash) => Uint8Array.from(hash));
  }

  /** @param leaf its hash, not its bytes */
  append(leaf: Uint8Array, onHash?: OnHash): void {
    this.appendTree(0, leaf, onHash);
  }

  /** A complete subtree of 2^level leaves at once; the size so far has to be a multiple of that. */
  appendTree(level: number, root: Uint8Array, onHash?: OnHash): void {
    const width = 2 ** level;
    let hash = root;
    let index = this.#size / width;
    if (!Number.isInteger(index)) {
      throw new Error(`a tree of ${width} leaves does not fit behind ${this.#size}`);
    }
    let at = level;
    onHash?.(at, index, hash);
    while (index % 2 === 1) {
      const left = this.#hashes.pop();
      if (left === undefined) throw new Error("the edge lost a hash");
      hash = hashNode(left, hash);
      index = (index - 1) / 2;
      at += 1;
      onHash?.(at, index, hash);
    }
    this.#hashes.push(hash);
    this.#size += width;
  }

  root(): Uint8Array {
    return foldEdge(this.#hashes) ?? emptyRoot();
  }
}

/** Hashes of neighbouring complete subtrees, biggest first, to the root over all of them; null for none. */
export function foldEdge(hashes: readonly Uint8Array[]): Uint8Array | null {
  return hashes.reduceRight<Uint8Array | null>(
    (right, left) => (right === null ? left : hashNode(left, right)),
    null,
  );
}

/** Where the hashes of a tree's edge stand, biggest subtree first: what to read to continue a stored tree. */
export function frontierPlaces(size: number): HashPlace[] {
  return coverOf(0, size);
}

/**
 * The complete subtrees that cover the leaves from `start` (inclusive) to `end` (exclusive), from left to right.
 * `start` is a multiple of the smallest power of two that is not below `end - start`, as all ranges of
 * RFC 6962 are, so that their sizes only fall.
 */
export function coverOf(start: number, end: number): HashPlace[] {
  const places: HashPlace[] = [];
  let at = start;
  while (at < end) {
    let level = 0;
    let width = 1;
    while (width * 2 <= end - at) {
      width *= 2;
      level += 1;
    }
    places.push({ level, index: at / width });
    at += width;
  }
  return places;
}
