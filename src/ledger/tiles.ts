import { TidelockError } from "../model/errors.ts";
import { isCount, malformed } from "./bytes.ts";
import { hashLength, hashNode } from "./hash.ts";
import type { HashSource } from "./proof.ts";

/** C2SP tlog-tiles: the tree as files of up to 256 hashes, the entries as bundles of up to 256 entries. */
export const tileWidth = 256;
export const tileHeight = 8;

/** The `index`-th tile of a tile level (each spans 8 levels of the tree); `width` is 256 for a full one. */
export interface Tile {
  readonly kind: "hashes";
  readonly level: number;
  readonly index: number;
  readonly width: number;
}

/** Entries from `index * 256` on. */
export interface Bundle {
  readonly kind: "entries";
  readonly index: number;
  readonly width: number;
}

/** `tile/0/x001/x234/067.p/8` or `tile/entries/000`, without a leading slash. */
export function pathOf(resource: Tile | Bundle): string {
  const level = resource.kind === "hashes" ? String(resource.level) : "entries";
  const partial = resource.width === tileWidth ? "" : `.p/${resource.width}`;
  return `tile/${level}/${formatIndex(resource.index)}${partial}`;
}

/** Null for whatever is not the one right path of a tile or a bundle. */
export function parsePath(path: string): Tile | Bundle | null {
  const match =
    /^tile\/(entries|0|[1-9][0-9]?)\/((?:x[0-9]{3}\/){0,5}[0-9]{3})(?:\.p\/([1-9][0-9]{0,2}))?$/.exec(
      path,
    );
  if (match === null) return null;
  const [, level = "", digits = "", partial] = match;
  const index = Number(digits.replaceAll(/[x/]/g, ""));
  const width = partial === undefined ? tileWidth : Number(partial);
  if (!Number.isSafeInteger(index) || formatIndex(index) !== digits) return null;
  if (partial !== undefined && width >= tileWidth) return null;
  if (level === "entries") return { kind: "entries", index, width };
  return Number(level) <= 63 ? { kind: "hashes", level: Number(level), index, width } : null;
}

/** 1234067 as `x001/x234/067`. */
function formatIndex(index: number): string {
  const digits = String(index);
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, "0").match(/[0-9]{3}/g) ?? [];
  return groups.map((group, at) => (at === groups.length - 1 ? group : `x${group}`)).join("/");
}

/** The tiles that a tree of `to` leaves has and one of `from` leaves had not, or had narrower; lowest level first. */
export function changedTiles(from: number, to: number): Tile[] {
  checkGrowth(from, to);
  const tiles: Tile[] = [];
  let [before, after] = [from, to];
  for (let level = 0; after > 0; level++) {
    for (const { index, width } of changedRow(before, after)) {
      tiles.push({ kind: "hashes", level, index, width });
    }
    [before, after] = [Math.floor(before / tileWidth), Math.floor(after / tileWidth)];
  }
  return tiles;
}

/** The bundles that became, or grew, between two sizes. */
export function changedBundles(from: number, to: number): Bundle[] {
  checkGrowth(from, to);
  return changedRow(from, to).map(({ index, width }) => ({ kind: "entries", index, width }));
}

function changedRow(from: number, to: number): { index: number; width: number }[] {
  const row: { index: number; width: number }[] = [];
  if (from === to) return row;
  for (let index = Math.floor(from / tileWidth); index * tileWidth < to; index++) {
    row.push({ index, width: Math.min(tileWidth, to - index * tileWidth) });
  }
  return row;
}

function checkGrowth(from: number, to: number): void {
  if (!isCount(from) || !isCount(to) || from > to) {
    throw new TidelockError("invalid-input", `a tree does not grow from ${from} to ${to} leaves`);
  }
}

/** In which tile a hash of the tree stands: directly, or as the root over `count` hashes from `first` on. */
export function tileOf(
  level: number,
  index: number,
  size: number,
): Tile & { first: number; count: number } {
  const count = 2 ** (level % tileHeight);
  const tileLevel = Math.floor(level / tileHeight);
  const start = index * count;
  const tileIndex = Math.floor(start / tileWidth);
  const inRow = Math.floor(size / tileWidth ** tileLevel);
  const width = Math.min(tileWidth, inRow - tileIndex * tileWidth);
  const first = start - tileIndex * tileWidth;
  if (!isCount(index) || !isCount(size) || first + count > width) {
    throw new TidelockError(
      "invalid-input",
      `a tree of ${size} leaves has no complete hash at level ${level}, index ${index}`,
    );
  }
  return { kind: "hashes", level: tileLevel, index: tileIndex, width, first, count };
}

/**
 * Hashes out of the tiles of a tree of `size` leaves. Each tile is read once. What was read from somebody else is
 * worth nothing until a proof made of it has been verified against a signed root.
 *
 * @param readTile the bytes of a tile, `width * 32` of them
 */
export function hashesFromTiles(
  size: number,
  readTile: (tile: Tile) => Uint8Array | Promise<Uint8Array>,
): HashSource {
  const tiles = new Map<string, Promise<Uint8Array>>();
  const read = (tile: Tile) => {
    const path = pathOf(tile);
    let bytes = tiles.get(path);
    if (bytes === undefined) {
      bytes = Promise.resolve(readTile(tile)).then((found) => {
        if (found.length === tile.width * hashLength) return found;
        throw malformed(`${path} has ${found.length} bytes instead of ${tile.width * hashLength}`);
      });
      tiles.set(path, bytes);
    }
    return bytes;
  };
  return async (level, index) => {
    const { first, count, ...tile } = tileOf(level, index, size);
    const bytes = await read(tile);
    let hashes = Array.from({ length: count }, (_, at) =>
      bytes.subarray((first + at) * hashLength, (first + at + 1) * hashLength),
    );
    while (hashes.length > 1) hashes = pairwise(hashes);
    return Uint8Array.from(hashes[0] ?? []);
  };
}

function pairwise(hashes: readonly Uint8Array[]): Uint8Array[] {
  const parents: Uint8Array[] = [];
  for (let at = 0; at + 1 < hashes.length; at += 2) {
    parents.push(hashNode(hashes[at] as Uint8Array, hashes[at + 1] as Uint8Array));
  }
  return parents;
}

/** Each entry with its length before it, 16 bits big-endian. Throws `invalid-input` for one above 65,535 bytes. */
export function encodeBundle(entries: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(entries.reduce((sum, entry) => sum + 2 + entry.length, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const entry of entries) {
    if (entry.length > 0xffff) {
      throw new TidelockError("invalid-input", `an entry of ${entry.length} bytes is too long`, {
        hint: "an entry has at most 65,535 bytes: record a digest of what is bigger",
      });
    }
    view.setUint16(at, entry.length);
    bytes.set(entry, at + 2);
    at += 2 + entry.length;
  }
  return bytes;
}

/** The entries as views into `bytes`. Throws `invalid-input` when a length runs over the end. */
export function decodeBundle(bytes: Uint8Array): Uint8Array[] {
  const entries: Uint8Array[] = [];
  let at = 0;
  while (at < bytes.length) {
    const length = at + 2 <= bytes.length ? ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0) : null;
    if (length === null || at + 2 + length > bytes.length) {
      throw malformed(`the bundle ends inside its entry ${entries.length}`);
    }
    entries.push(bytes.subarray(at + 2, at + 2 + length));
    at += 2 + length;
  }
  return entries;
}
