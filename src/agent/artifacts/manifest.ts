import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { lstat, readdir, readlink } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { z } from "zod";

export const ManifestEntry = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("directory"), path: z.string() }),
  z.strictObject({
    kind: z.literal("file"),
    path: z.string(),
    executable: z.boolean(),
    size: z.int().nonnegative(),
    sha256: z.string(),
  }),
  z.strictObject({ kind: z.literal("link"), path: z.string(), target: z.string() }),
]);
export type ManifestEntry = z.infer<typeof ManifestEntry>;

/** What an artifact's bytes said the tree is, written while they were being verified. */
export const Manifest = z.strictObject({
  formatVersion: z.literal(1),
  digest: z.string(),
  size: z.int().nonnegative(),
  entries: z.array(ManifestEntry),
});
export type Manifest = z.infer<typeof Manifest>;

export const directoryMode = 0o555;

export function fileMode(executable: boolean): number {
  return executable ? 0o555 : 0o444;
}

/**
 * Compares an unpacked tree with its manifest, reading every byte again: content, modes, owners, links,
 * and nothing that should not be there.
 *
 * @param owner numeric user that must own everything
 * @returns what is wrong first, in words; null when all is as it was unpacked.
 */
export async function findChange(
  root: string,
  manifest: Manifest,
  owner: number,
): Promise<string | null> {
  const expected = new Map(manifest.entries.map((entry) => [entry.path, entry]));
  const seen = new Set<string>();
  const change = await compareDirectory(root, "", { expected, seen, owner });
  if (change !== null) return change;
  for (const path of expected.keys()) if (!seen.has(path)) return `${path} is missing`;
  return null;
}

interface Comparison {
  readonly expected: ReadonlyMap<string, ManifestEntry>;
  readonly seen: Set<string>;
  readonly owner: number;
}

async function compareDirectory(
  root: string,
  path: string,
  comparison: Comparison,
): Promise<string | null> {
  const stat = await lstat(join(root, path)).catch(() => null);
  const label = path === "" ? "the release's folder" : path;
  if (stat === null) return `${label} is missing`;
  if (!stat.isDirectory()) return `${label} is no folder`;
  if ((stat.mode & 0o7777) !== directoryMode) return `${label} has another mode`;
  if (stat.uid !== comparison.owner) return `${label} has another owner`;
  for (const name of (await readdir(join(root, path))).sort()) {
    const child = path === "" ? name : `${path}/${name}`;
    const entry = comparison.expected.get(child);
    if (entry === undefined) return `${child} is not part of the release`;
    comparison.seen.add(child);
    const change =
      entry.kind === "directory"
        ? await compareDirectory(root, child, comparison)
        : await compareLeaf(join(root, child), entry, comparison.owner);
    if (change !== null) return change;
  }
  return null;
}

async function compareLeaf(
  file: string,
  entry: Exclude<ManifestEntry, { kind: "directory" }>,
  owner: number,
): Promise<string | null> {
  const stat = await lstat(file);
  if (stat.uid !== owner) return `${entry.path} has another owner`;
  if (entry.kind === "link") {
    if (!stat.isSymbolicLink()) return `${entry.path} is no symbolic link`;
    return (await readlink(file)) === entry.target ? null : `${entry.path} points elsewhere`;
  }
  if (!stat.isFile()) return `${entry.path} is no file`;
  if ((stat.mode & 0o7777) !== fileMode(entry.executable)) return `${entry.path} has another mode`;
  if (stat.size !== entry.size) return `${entry.path} has another size`;
  return (await sha256Of(file)) === entry.sha256 ? null : `${entry.path} has other content`;
}

export async function sha256Of(file: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  return hash.digest("hex");
}
