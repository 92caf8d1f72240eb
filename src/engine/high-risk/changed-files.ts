import { mostChangedPaths } from "../../model/gate-facts.ts";
import { type Artifact, type Release, treeMediaType } from "../../model/release.ts";
import type { ContentStore } from "../../ports/content-store.ts";
import type { ChangedFile } from "../../policy/high-risk/classify.ts";
import { type TreeIndex, treeIndex } from "./tree-index.ts";
import { treeFiles } from "./tree-files.ts";

/**
 * Files in which two releases differ, sorted, out of the bytes of both; of releases with several artifacts each path
 * begins with the artifact's name. Null when an artifact that differs is no tree of ours, cannot be read, or differs in
 * too much: then nobody knows.
 */
export async function changedFiles(
  content: ContentStore,
  before: Release,
  after: Release,
  { contents }: { readonly contents: boolean },
): Promise<readonly ChangedFile[] | null> {
  const names = [...new Set([...before.artifacts, ...after.artifacts].map(({ name }) => name))];
  const changed: ChangedFile[] = [];
  for (const name of names) {
    const [old, fresh] = [named(before, name), named(after, name)];
    if (old?.digest === fresh?.digest) continue;
    const [was, is] = [await indexOf(content, old), await indexOf(content, fresh)];
    if (was === null || is === null) return null;
    const paths = differing(was, is);
    if (changed.length + paths.length > mostChangedPaths) return null;
    const prefix = names.length > 1 ? `${name}/` : "";
    const bytes = contents ? await bytesOf(content, [old, fresh], new Set(paths)) : null;
    for (const path of paths) {
      const place = prefix === "" ? {} : { within: path };
      changed.push({ path: `${prefix}${path}`, ...place, contents: bytes?.(path) ?? null });
    }
  }
  return changed.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Paths at which something else stands, or nothing on one side. Pure. */
export function differing(before: TreeIndex, after: TreeIndex): readonly string[] {
  return [
    ...[...after].flatMap(([path, here]) => (before.get(path) === here ? [] : [path])),
    ...[...before.keys()].filter((path) => !after.has(path)),
  ].sort();
}

async function bytesOf(
  content: ContentStore,
  artifacts: readonly (Artifact | undefined)[],
  wanted: ReadonlySet<string>,
): Promise<(path: string) => readonly Uint8Array[] | null> {
  const sides = await Promise.all(
    artifacts.map(async (artifact) =>
      artifact === undefined ? null : treeFiles(content, artifact.digest, wanted),
    ),
  );
  return (path) => {
    const found = sides.flatMap((files) => {
      const bytes = files?.get(path);
      return bytes === undefined ? [] : [bytes];
    });
    return found.every((bytes) => bytes !== null) ? found : null;
  };
}

const nothing: TreeIndex = new Map();

async function indexOf(
  content: ContentStore,
  artifact: Artifact | undefined,
): Promise<TreeIndex | null> {
  if (artifact === undefined) return nothing;
  return artifact.mediaType === treeMediaType ? treeIndex(content, artifact.digest) : null;
}

function named({ artifacts }: Release, name: string): Artifact | undefined {
  return artifacts.find((one) => one.name === name);
}
