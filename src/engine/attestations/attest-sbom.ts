import { createReadStream } from "node:fs";
import { digestBytes } from "../../evidence/bytes.ts";
import { generateSbom, isSbomInput, type NodeTree } from "../../evidence/sbom/generate.ts";
import { type Release, releaseId, treeMediaType } from "../../model/release.ts";
import { BlockReader } from "../../tree/block-reader.ts";
import { TreeReader } from "../../tree/read-tree.ts";
import { blockBytes } from "../../tree/tar-format.ts";
import { keepAttestation } from "../../store/queries/attestations.ts";
import { indexSbom } from "../contradictions/components.ts";
import type { Digest } from "../../model/primitives.ts";
import type { Engine } from "../engine.ts";

/** Above any real lock or package.json; larger files are passed over. */
const maxFileBytes = 16 * 1024 * 1024;
const maxFiles = 50_000;

/**
 * Makes an SBOM of a Node service from the release's own tree and keeps it beside whatever is handed in.
 * Best effort: a tree that cannot be read this way has none, and whoever demands one refuses the release.
 */
export async function makeSbom(engine: Engine, release: Release): Promise<void> {
  const artifact = release.artifacts.find(({ mediaType }) => mediaType === treeMediaType);
  if (artifact === undefined) return;
  try {
    const tree = await nodeTree(await engine.content.path(artifact.digest));
    const { service: name, version } = release;
    const id = releaseId(release);
    const made = generateSbom({ name, version, release: id, artifact: artifact.digest }, tree);
    if (!made.ok) engine.notice(`no SBOM for ${name}@${version}: ${made.problem}`);
    else if (made.value !== null) await keep(engine, id, made.value);
  } catch (error) {
    engine.notice(`no SBOM for ${release.service}@${release.version}: ${String(error)}`);
  }
}

async function keep(engine: Engine, release: Digest, bytes: Uint8Array): Promise<void> {
  const digest = digestBytes(bytes);
  await engine.db.transaction().execute(async (tx) => {
    await keepAttestation(tx, {
      release,
      digest,
      format: "cyclonedx",
      origin: "made",
      size: bytes.length,
      content: Buffer.from(bytes),
      added_by: "tidelock",
    });
    await indexSbom(tx, release, digest, bytes);
  });
}

/** Reads through the artifact once and keeps the few files that say what is installed. */
async function nodeTree(path: string): Promise<NodeTree> {
  const reader = new BlockReader(createReadStream(path) as AsyncIterable<Buffer>);
  const tree = new TreeReader(reader);
  const manifests = new Map<string, string>();
  let lock: string | null = null;
  try {
    for (let entry = await tree.next(); entry; entry = await tree.next()) {
      if (entry.kind !== "file") continue;
      const padded = Math.ceil(entry.size / blockBytes) * blockBytes;
      const wanted = isSbomInput(entry.path) && entry.size <= maxFileBytes;
      if (!wanted || manifests.size >= maxFiles) {
        await skip(reader, padded);
        continue;
      }
      const bytes = await reader.take(padded);
      const text = bytes?.subarray(0, entry.size).toString("utf8") ?? "";
      if (entry.path.endsWith("/package.json")) manifests.set(entry.path, text);
      // The paths ascend: the installed lock comes first, and the service's own replaces it.
      else lock = text;
    }
  } finally {
    await reader.close().catch(() => undefined);
  }
  return { lock, manifests };
}

async function skip(reader: BlockReader, bytes: number): Promise<void> {
  for (let left = bytes; left > 0;) {
    const part = await reader.some(left);
    if (!part) return;
    left -= part.length;
  }
}
