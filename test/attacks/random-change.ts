import { paths } from "../../src/audit/format.ts";
import { readZip } from "../../src/audit/zip/read-zip.ts";
import { withManifest } from "../../src/audit/write-pack.ts";
import type { PackInput } from "../../src/audit/read-pack.ts";
import { writeZip } from "../../src/audit/zip/write-zip.ts";
import { Manifest } from "../../src/audit/format.ts";

/** Mulberry32: small, and the same changes for the same seed everywhere. Numbers in [0, 1). */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export interface Change {
  readonly what: string;
  readonly pack: PackInput;
}

/** A genuine pack, taken apart once. */
export interface Original {
  readonly zip: Uint8Array;
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly manifest: Manifest;
}

export function takeApart(zip: Uint8Array): Original {
  const files = readZip(zip);
  const text = new TextDecoder().decode(files.get(paths.manifest));
  return { zip, files, manifest: Manifest.parse(JSON.parse(text)) };
}

type Random = () => number;
const pick = <T>(random: Random, from: readonly T[]): T =>
  from[Math.floor(random() * from.length)] as T;

/**
 * One change somewhere. Half of the kinds leave the rest as it is; the other half ("and the manifest") also
 * correct the manifest and zip again, as whoever has a text editor and this program could.
 */
export function randomChange(original: Original, random: Random): Change {
  return pick(random, kinds)(original, random);
}

type Kind = (original: Original, random: Random) => Change;

const kinds: readonly Kind[] = [
  function flipZip({ zip }, random) {
    const changed = zip.slice();
    const at = flip(changed, random);
    return { what: `bit flipped in the zip, byte ${at}`, pack: changed };
  },
  function cutZip({ zip }, random) {
    const at = Math.floor(random() * zip.length);
    return { what: `zip cut off at byte ${at}`, pack: zip.slice(0, at) };
  },
  function shiftZip({ zip }, random) {
    const at = Math.floor(random() * (zip.length + 1));
    const changed = new Uint8Array(zip.length + 1);
    changed.set(zip.subarray(0, at));
    changed[at] = Math.floor(random() * 256);
    changed.set(zip.subarray(at), at + 1);
    return { what: `byte put into the zip at ${at}`, pack: changed };
  },
  function flipFile({ files }, random) {
    const path = pick(random, [...files.keys()]);
    const { changed, at } = flipped(files, path, random);
    return { what: `bit flipped in ${path}, byte ${at}`, pack: changed };
  },
  function dropFile({ files }, random) {
    const path = pick(random, [...files.keys()]);
    const changed = new Map(files);
    changed.delete(path);
    return { what: `${path} removed`, pack: changed };
  },
  function flipFileAndManifest(original, random) {
    const path = pick(random, without(original.files, paths.manifest));
    const { changed, at } = flipped(original.files, path, random);
    return consistent(original, changed, `bit flipped in ${path}, byte ${at}, and the manifest`);
  },
  function dropFileAndManifest(original, random) {
    const path = pick(random, without(original.files, paths.manifest));
    const changed = new Map(original.files);
    changed.delete(path);
    return consistent(original, changed, `${path} removed, and the manifest`);
  },
  function swapFilesAndManifest(original, random) {
    const path = pick(random, without(original.files, paths.manifest));
    const other = pick(random, without(original.files, paths.manifest, path));
    const changed = new Map(original.files);
    changed.set(path, original.files.get(other) ?? new Uint8Array());
    return consistent(original, changed, `${path} replaced by ${other}, and the manifest`);
  },
  function dropLine(original, random) {
    return withLines(original, random, "removed", (lines, at) => lines.toSpliced(at, 1));
  },
  function doubleLine(original, random) {
    return withLines(original, random, "doubled", (lines, at) =>
      lines.toSpliced(at, 0, lines[at] ?? ""),
    );
  },
  function moveLine(original, random) {
    return withLines(original, random, "moved", (lines, at) => {
      const [line = ""] = lines.splice(at, 1);
      const to = Math.floor(random() * lines.length);
      return lines.toSpliced(to >= at ? to + 1 : to, 0, line);
    });
  },
  function closeLine(original, random) {
    return withLines(original, random, "closed (as if erased)", (lines, at) =>
      lines.with(
        at,
        (lines[at] ?? "").replace(/"opening":\{.*\},"proof"/, '"opening":null,"proof"'),
      ),
    );
  },
  function replayCheckpoint(original, random) {
    const [earlier = ""] = [...original.files.keys()].filter((path) => path.startsWith("history/"));
    const path = pick(random, [earlier]);
    const changed = new Map(original.files);
    changed.set(paths.checkpoint, original.files.get(path) ?? new Uint8Array());
    return consistent(original, changed, `checkpoint replaced by ${path}, and the manifest`);
  },
  function flipManifest(original, random) {
    const { changed, at } = flipped(original.files, paths.manifest, random);
    return {
      what: `bit flipped in the manifest, byte ${at}, and zipped again`,
      pack: writeZip(changed),
    };
  },
];

function without(files: ReadonlyMap<string, Uint8Array>, ...paths: string[]): string[] {
  return [...files.keys()].filter((path) => !paths.includes(path));
}

function flip(bytes: Uint8Array, random: Random): number {
  const at = Math.floor(random() * bytes.length);
  bytes[at] = (bytes[at] ?? 0) ^ (1 << Math.floor(random() * 8));
  return at;
}

function flipped(files: ReadonlyMap<string, Uint8Array>, path: string, random: Random) {
  const bytes = (files.get(path) ?? new Uint8Array()).slice();
  // An empty file has no bit: one is put there.
  const changed = bytes.length === 0 ? Uint8Array.of(0x0a) : bytes;
  const at = bytes.length === 0 ? 0 : flip(changed, random);
  return { changed: new Map(files).set(path, changed), at };
}

function consistent(
  { manifest }: Original,
  files: ReadonlyMap<string, Uint8Array>,
  what: string,
): Change {
  const rest = new Map([...files].filter(([path]) => path !== paths.manifest));
  const { subject, checkpoint } = manifest;
  return {
    what,
    pack: writeZip(withManifest({ subject, checkpoint }, rest)),
  };
}

function withLines(
  original: Original,
  random: Random,
  what: string,
  change: (lines: string[], at: number) => string[],
): Change {
  const text = new TextDecoder().decode(original.files.get(paths.entries));
  const lines = text.split("\n").slice(0, -1);
  const open = lines.flatMap((line, at) => (line.includes('"opening":null') ? [] : [at]));
  const at = pick(random, open);
  const changed = change([...lines], at)
    .map((line) => `${line}\n`)
    .join("");
  const files = new Map(original.files).set(paths.entries, new TextEncoder().encode(changed));
  return consistent(original, files, `line ${at + 1} of the entries ${what}, and the manifest`);
}
