import { mkdir, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { Readable } from "node:stream";
import { TidelockError } from "../model/errors.ts";
import type { Pipeline } from "../model/pipeline.ts";
import type { Digest } from "../model/primitives.ts";
import {
  type Build,
  emptyTree,
  Release,
  releaseId,
  type Source,
  treeMediaType,
} from "../model/release.ts";
import { packTree } from "../tree/pack-tree.ts";
import { unpackTree } from "../tree/unpack-tree.ts";
import { removeTree } from "../tree/remove-tree.ts";
import type { Exclude } from "../tree/walk.ts";
import { extractArchive } from "./archive/extract.ts";
import { runBuild } from "./build/build.ts";
import { buildEnvironment } from "./build/environment.ts";
import { bundleCommits } from "./git/commit-bundle.ts";
import { commitTime } from "./git/commits.ts";
import { packGitTree } from "./git/git-tree.ts";
import { excludeIgnored } from "./git/tracked-files.ts";
import { excludePatterns } from "./pack/exclude.ts";
import { stageBlob, type StagedBlob } from "./pack/stage.ts";
import { checkClean, describeSource, findCheckout } from "./source.ts";

/** Where the artifact comes from. */
export type Origin =
  /** A finished folder; default the service's own. */
  | { readonly kind: "folder"; readonly path?: string }
  /** The service's folder as committed at a branch, tag or revision. */
  | { readonly kind: "git"; readonly ref: string }
  /** A finished tar file, plain or gzip; `revision` is the commit it was made from, if it is known. */
  | { readonly kind: "tarball"; readonly path: string; readonly revision?: string }
  /** The pipeline's declared build, run in a clean copy; of the folder as it is, or of a ref. */
  | { readonly kind: "build"; readonly ref?: string };

export interface PrepareRequest {
  readonly pipelineFile: string;
  readonly pipeline: Pipeline;
  readonly version: string;
  readonly from: Origin;
  /** The revision that users have now (`GET /services/:service/since`); absent for a first release. */
  readonly since?: string;
  readonly allowDirty?: boolean;
  readonly onProgress?: (progress: IntakeProgress) => void;
}

export type IntakeProgress =
  | { readonly phase: "source" | "copy" | "unpack" }
  | { readonly phase: "build"; readonly line: string }
  /** Bytes. `total` is unknown while a stream is read that does not say it. */
  | { readonly phase: "pack"; readonly done: number; readonly total: number };

/** A release that is ready to be sent: first the blobs, each under its digest, then the release. */
export interface PreparedRelease {
  readonly id: Digest;
  readonly release: Release;
  readonly blobs: readonly StagedBlob[];
  /** Its commits, signatures and all, to be stated about it once it is there; null where none is signed. */
  readonly commits: StagedBlob | null;
  /** Removes the temporary files; call it in any case. */
  dispose(): Promise<void>;
}

/**
 * Packs a release on the operator's machine: where it comes from, how it was made, and its tree as one
 * blob in our format. The same tree gives the same digest.
 *
 * Needs the size of the tree once in the folder for temporary files (`TMPDIR`), a build or a tarball
 * twice; never in memory.
 *
 * @throws TidelockError `conflict` (dirty, or changed meanwhile), `invalid-input`, `not-found`, `failed`,
 *   `timeout`, `disk-full`; nothing is left behind then
 */
export async function prepareRelease(request: PrepareRequest): Promise<PreparedRelease> {
  const folder = resolve(dirname(request.pipelineFile), request.pipeline.spec.path);
  const workFolder = await mkdtemp(join(tmpdir(), "tidelock-intake-"));
  const dispose = () => removeTree(workFolder);
  try {
    const intake = new Intake(request, folder, workFolder);
    request.onProgress?.({ phase: "source" });
    const source = await intake.source();
    const { blob, build } = await intake.artifact(source);
    if (blob.digest === emptyTree) throw nothingIn(request);
    await intake.requireUnchanged(source);
    const release = Release.parse({
      kind: "Release",
      formatVersion: 1,
      service: request.pipeline.metadata.name,
      version: request.version,
      artifacts: [{ name: "tree", digest: blob.digest, size: blob.size, mediaType: treeMediaType }],
      source,
      build,
      configuration: request.pipeline.spec.configuration.toSorted(),
    });
    const commits = await intake.commits(source);
    return { id: releaseId(release), release, blobs: [blob], commits, dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

function nothingIn({ from, pipelineFile }: PrepareRequest): TidelockError {
  const what = from.kind === "tarball" ? "the archive is empty" : "there is nothing to pack";
  return new TidelockError("invalid-input", `${what}: a release holds at least one file`, {
    fault: "operator",
    where: from.kind === "tarball" ? from.path : pipelineFile,
    hint: "look at spec.path and spec.exclude, and at how the archive or the build's output is made",
  });
}

class Intake {
  readonly #request: PrepareRequest;
  readonly #folder: string;
  readonly #workFolder: string;
  readonly #exclude: Exclude;

  constructor(request: PrepareRequest, folder: string, workFolder: string) {
    this.#request = request;
    this.#folder = folder;
    this.#workFolder = workFolder;
    this.#exclude = excludePatterns(request.pipeline.spec.exclude);
  }

  /** Revision and lineage of what is packed. A tarball without a revision has none that we could prove. */
  async source(): Promise<Source> {
    const { from, since } = this.#request;
    if (from.kind === "tarball" && from.revision === undefined) return { kind: "none" };
    const ref = namedRef(from);
    const dirty = ref === undefined && (await this.#isDirty());
    return await describeSource({
      folder: this.#folder,
      dirty,
      ...(ref !== undefined && { revision: ref }),
      ...(since !== undefined && { since }),
    });
  }

  /** The commits themselves, so that a server can verify who signed them. */
  async commits(source: Source): Promise<StagedBlob | null> {
    if (source.kind !== "git") return null;
    const revisions = source.commits.map(({ revision }) => revision);
    const bundle = await bundleCommits(this.#folder, revisions, source.since);
    if (bundle === null) return null;
    return await stageBlob(Readable.from([bundle]), join(this.#workFolder, "commits"));
  }

  async artifact(source: Source): Promise<{ blob: StagedBlob; build: Build }> {
    const { from } = this.#request;
    const finished: Build = { kind: "finished" };
    switch (from.kind) {
      case "folder": {
        const root = from.path === undefined ? this.#folder : resolve(from.path);
        return { blob: await this.#packFolder(root), build: finished };
      }
      case "git":
        return { blob: await this.#stage(await this.#gitTree(from.ref)), build: finished };
      case "tarball":
        return { blob: await this.#packTarball(from.path), build: finished };
      case "build":
        return await this.#runBuild(source);
    }
  }

  /** The folder may have been changed while it was read: then neither revision nor `dirty` would be true. */
  async requireUnchanged(before: Source): Promise<void> {
    const { from } = this.#request;
    if (namedRef(from) !== undefined || from.kind === "tarball" || before.kind === "none") return;
    const after = await findCheckout(this.#folder);
    const dirty = await this.#isDirty();
    if (after?.revision === before.revision && dirty === before.dirty) return;
    throw new TidelockError("conflict", "the repository changed while the release was packed", {
      fault: "operator",
      retryable: true,
      where: this.#folder,
      hint: "try again when nobody commits or edits there",
    });
  }

  async #isDirty(): Promise<boolean> {
    if ((await findCheckout(this.#folder)) === undefined) return false;
    const { dirty } = await checkClean(
      this.#folder,
      this.#exclude,
      this.#request.allowDirty === true,
    );
    return dirty;
  }

  async #packFolder(root: string): Promise<StagedBlob> {
    return await this.#stage(
      packTree(root, { exclude: this.#exclude, onProgress: this.#packProgress }),
    );
  }

  async #packTarball(path: string): Promise<StagedBlob> {
    this.#request.onProgress?.({ phase: "unpack" });
    const unpacked = join(this.#workFolder, "unpacked");
    await mkdir(unpacked, { mode: 0o700 });
    await extractArchive(resolve(path), unpacked);
    const blob = await this.#packFolder(unpacked);
    await removeTree(unpacked);
    return blob;
  }

  async #runBuild(source: Source): Promise<{ blob: StagedBlob; build: Build }> {
    const { from, pipeline, onProgress } = this.#request;
    const declaration = pipeline.spec.build;
    if (!declaration) {
      throw new TidelockError("invalid-input", "the pipeline declares no build", {
        fault: "operator",
        where: `${this.#request.pipelineFile}: spec.build`,
        hint: "add spec.build.command, or pack a finished folder",
      });
    }
    onProgress?.({ phase: "copy" });
    const copy = join(this.#workFolder, "build");
    const ref = namedRef(from);
    const tree =
      ref === undefined ? await this.#cleanFolder() : await this.#gitTree(ref, noExclude);
    await unpackTree(tree, copy);
    const time =
      source.kind === "git" ? await commitTime(this.#folder, source.revision) : undefined;
    const { output, tools } = await runBuild({
      folder: copy,
      declaration,
      env: buildEnvironment(this.#workFolder, time),
      onLine: (line) => onProgress?.({ phase: "build", line }),
    });
    const blob = await this.#packFolder(output);
    await removeTree(copy);
    return { blob, build: { kind: "declared", command: declaration.command, tools } };
  }

  /** The folder without what git ignores; all of it outside of a repository. */
  async #cleanFolder(): Promise<AsyncIterable<Buffer>> {
    const checkout = await findCheckout(this.#folder);
    const exclude = checkout ? await excludeIgnored(this.#folder) : noExclude;
    return packTree(this.#folder, { exclude });
  }

  async #gitTree(ref: string, exclude = this.#exclude): Promise<AsyncIterable<Buffer>> {
    const checkout = await findCheckout(this.#folder, ref);
    if (checkout) {
      const options = { exclude, onProgress: this.#packProgress };
      return packGitTree(this.#folder, checkout.revision, checkout.prefix, options);
    }
    throw new TidelockError("not-found", "this folder is not in a git repository", {
      fault: "operator",
      where: this.#folder,
      hint: "pack the folder itself, without naming a ref",
    });
  }

  #stage(stream: AsyncIterable<Buffer>): Promise<StagedBlob> {
    return stageBlob(stream, join(this.#workFolder, "tree.tar"));
  }

  readonly #packProgress = (done: number, total: number): void => {
    this.#request.onProgress?.({ phase: "pack", done, total });
  };
}

const noExclude: Exclude = () => false;

/** The commit that the operator named, when the working folder plays no part. */
function namedRef(from: Origin): string | undefined {
  if (from.kind === "git" || from.kind === "build") return from.ref;
  return from.kind === "tarball" ? from.revision : undefined;
}
