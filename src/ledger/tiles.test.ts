import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { concat, toHex } from "./bytes.ts";
import { hashLeaf } from "./hash.ts";
import { proveInclusion, rootFromHashes, verifyInclusion } from "./proof.ts";
import { Frontier } from "./range.ts";
import {
  type Tile,
  changedBundles,
  changedTiles,
  decodeBundle,
  encodeBundle,
  hashesFromTiles,
  parsePath,
  pathOf,
  tileOf,
} from "./tiles.ts";

describe("paths", () => {
  it.each([
    [{ kind: "hashes", level: 0, index: 0, width: 256 }, "tile/0/000"],
    [{ kind: "hashes", level: 1, index: 1_234_067, width: 256 }, "tile/1/x001/x234/067"],
    [{ kind: "hashes", level: 63, index: 273, width: 112 }, "tile/63/273.p/112"],
    [{ kind: "entries", index: 1_000, width: 1 }, "tile/entries/x001/000.p/1"],
    [
      { kind: "entries", index: Number.MAX_SAFE_INTEGER, width: 256 },
      "tile/entries/x009/x007/x199/x254/x740/991",
    ],
  ] as const)("%j is %s", (resource, path) => {
    expect(pathOf(resource)).toBe(path);
    expect(parsePath(path)).toEqual(resource);
  });

  it.each([
    "",
    "tile/0/0",
    "tile/0/0000",
    "tile/00/000",
    "tile/64/000",
    "tile/-1/000",
    "tile/0/x000/001",
    "tile/0/001/002",
    "tile/0/x001",
    "tile/0/000.p/0",
    "tile/0/000.p/256",
    "tile/0/000.p/01",
    "tile/0/000.p/",
    "/tile/0/000",
    "tile/0/000/",
    "tile/0/000\n",
    "tile/0/../000",
    "tile/data/000",
    "tile/entries/x999/x999/x999/x999/x999/999",
    "tile/entries/x001/x000/x000/x000/x000/x000/000",
  ])("%j is none", (path) => expect(parsePath(path)).toBeNull());
});

describe("a growing tree", () => {
  it("has the tiles that tlog-tiles counts for 70,000 and 256 leaves", () => {
    const tiles = changedTiles(0, 70_000);
    const count = (level: number, full: boolean) =>
      tiles.filter((tile) => tile.level === level && (tile.width === 256) === full);
    expect([count(0, true), count(0, false), count(1, true)].map(({ length }) => length)).toEqual([
      273, 1, 1,
    ]);
    expect(tiles.filter(({ width }) => width < 256).map(({ width }) => width)).toEqual([
      112, 17, 1,
    ]);
    expect(changedTiles(0, 256).map(pathOf)).toEqual(["tile/0/000", "tile/1/000.p/1"]);
  });

  it("changes only tiles at its right edge", () => {
    expect(changedTiles(255, 256).map(pathOf)).toEqual(["tile/0/000", "tile/1/000.p/1"]);
    expect(changedTiles(256, 257).map(pathOf)).toEqual(["tile/0/001.p/1"]);
    expect(changedTiles(300, 300)).toEqual([]);
    expect(changedBundles(300, 513).map(pathOf)).toEqual([
      "tile/entries/001",
      "tile/entries/002.p/1",
    ]);
    expect(() => changedTiles(2, 1)).toThrow(/does not grow/);
    expect(() => changedTiles(Number.NaN, 1)).toThrow(/does not grow/);
  });

  it("gives every hash back out of its tiles, grown in steps of any size", async () => {
    const steps = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(steps, async (counts) => {
        const { frontier, read, size, leaves } = growInTiles(counts);
        const hashAt = hashesFromTiles(size, read);
        expect(toHex(await rootFromHashes(size, hashAt))).toBe(toHex(frontier.root()));
        const index = size - 1;
        const proof = await proveInclusion(index, size, hashAt);
        const leafHash = leaves[index] as Uint8Array;
        expect(verifyInclusion({ index, size, leafHash, proof, root: frontier.root() })).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  it("refuses a tile of a wrong length and a hash that the tree has not", async () => {
    const hashAt = hashesFromTiles(300, () => new Uint8Array(31));
    await expect(hashAt(0, 0)).rejects.toThrow(/tile\/0\/000 has 31 bytes instead of 8192/);
    for (const [level, index] of [
      [0, 300],
      [8, 1],
      [9, 0],
      [0, -1],
      [0, 0.5],
      [0, Number.NaN],
      [2, 75],
    ] as const) {
      expect(() => tileOf(level, index, 300), `${level}/${index}`).toThrow(/no complete hash/);
    }
  });
});

/** Writes tiles as a store does: what changed, each time, from the tiles before and the new hashes. */
function growInTiles(counts: readonly number[]) {
  const files = new Map<string, Uint8Array>();
  const rows = new Map<number, Uint8Array[]>();
  const frontier = Frontier.empty();
  const leaves: Uint8Array[] = [];
  for (const count of counts) {
    const before = frontier.size;
    for (let i = 0; i < count; i++) {
      const leaf = hashLeaf(new TextEncoder().encode(`${leaves.length}`));
      leaves.push(leaf);
      frontier.append(leaf, (level, index, hash) => {
        if (level % 8 !== 0) return;
        const row = rows.get(level / 8) ?? [];
        row[index] = hash;
        rows.set(level / 8, row);
      });
    }
    for (const tile of changedTiles(before, frontier.size)) {
      const row = rows.get(tile.level) ?? [];
      const start = tile.index * 256;
      files.set(pathOf(tile), concat(...row.slice(start, start + tile.width)));
    }
  }
  const read = (tile: Tile) => {
    const bytes = files.get(pathOf(tile));
    if (bytes === undefined) throw new Error(`no ${pathOf(tile)}`);
    return bytes;
  };
  return { frontier, read, size: frontier.size, leaves };
}

describe("bundles", () => {
  it("give their entries back", () => {
    const entries = fc.array(fc.uint8Array({ maxLength: 400 }), { maxLength: 256 });
    fc.assert(
      fc.property(entries, (all) => {
        expect(decodeBundle(encodeBundle(all))).toEqual(all);
      }),
    );
    const biggest = new Uint8Array(65_535).fill(7);
    expect(decodeBundle(encodeBundle([biggest]))).toEqual([biggest]);
    expect(() => encodeBundle([new Uint8Array(65_536)])).toThrow(/too long/);
  });

  it("that end early are refused", () => {
    const whole = encodeBundle([Uint8Array.of(1, 2, 3), Uint8Array.of(4)]);
    const ends = [...whole.keys()].filter((end) => end > 0 && end !== 5);
    for (const end of ends)
      expect(() => decodeBundle(whole.subarray(0, end))).toThrow(/ends inside/);
  });
});
