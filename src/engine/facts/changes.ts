import { type GateFacts, mostChangedPaths } from "../../model/gate-facts.ts";
import { type Artifact, type Release, treeMediaType } from "../../model/release.ts";
import type { Engine } from "../engine.ts";
import { type FactsSite, releaseOf } from "./site.ts";
import { type TreeIndex, treeIndex } from "./tree-index.ts";

/** Files that are not as in what was live when the plan was made, out of the bytes of both. */
export async function changeFacts({
  engine,
  plan,
  release,
}: FactsSite): Promise<GateFacts["changes"]> {
  const before = plan.live && (await releaseOf(engine, plan.live.release));
  const paths = before && (await changedPaths(engine, before, release));
  return paths && { paths: [...paths], classes: [] };
}

/**
 * Sorted; of a release with several artifacts each path begins with the artifact's name. Null when one of them that
 * differs is no tree of ours, or cannot be read.
 */
async function changedPaths(
  { content }: Engine,
  before: Release,
  after: Release,
): Promise<readonly string[] | null> {
  const names = [...new Set([...before.artifacts, ...after.artifacts].map(({ name }) => name))];
  const paths: string[] = [];
  for (const name of names) {
    const [old, fresh] = [named(before, name), named(after, name)];
    if (old?.digest === fresh?.digest) continue;
    const [was, is] = [await read(content, old), await read(content, fresh)];
    if (was === null || is === null) return null;
    const prefix = names.length > 1 ? `${name}/` : "";
    for (const path of differing(was, is)) paths.push(`${prefix}${path}`);
    if (paths.length > mostChangedPaths) return null;
  }
  return paths.sort();
}

/** Paths at which something else stands, or nothing on one side. Pure. */
export function differing(before: TreeIndex, after: TreeIndex): readonly string[] {
  return [
    ...[...after].flatMap(([path, here]) => (before.get(path) === here ? [] : [path])),
    ...[...before.keys()].filter((path) => !after.has(path)),
  ].sort();
}

const nothing: TreeIndex = new Map();

async function read(
  content: Engine["content"],
  artifact: Artifact | undefined,
): Promise<TreeIndex | null> {
  if (artifact === undefined) return nothing;
  return artifact.mediaType === treeMediaType ? treeIndex(content, artifact.digest) : null;
}

function named({ artifacts }: Release, name: string): Artifact | undefined {
  return artifacts.find((one) => one.name === name);
}
