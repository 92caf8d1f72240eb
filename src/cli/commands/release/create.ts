import { createReadStream } from "node:fs";
import type { Client } from "../../../api/client.ts";
import type { ReleaseView } from "../../../api/views.ts";
import type { Origin, PreparedRelease } from "../../../intake/create.ts";
import { checkKinds } from "../../../compose-local.ts";
import { TidelockError } from "../../../model/errors.ts";
import type { Pipeline } from "../../../model/pipeline.ts";
import { Version } from "../../../model/primitives.ts";
import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import {
  connectionOptions,
  flag,
  outputOption,
  required,
  serviceOption,
  text,
} from "../../options.ts";
import { printOne } from "../../output/print.ts";
import { bytesText } from "../../output/words.ts";
import { transferProgress, type TransferProgress } from "../../transfer-progress.ts";
import { releaseCard } from "../../release-text.ts";

export const command = defineCommand({
  arguments: {},
  options: {
    version: required(text("--version <version>", "what this release is called, e.g. 1.4.2")),
    from: text("--from <folder>", "a finished folder (default: the service's own)"),
    gitRef: text("--git-ref <ref>", "what is committed at a branch, tag or revision"),
    tarball: text("--tarball <file>", "a finished tar file, plain or gzip"),
    revision: text("--revision <commit>", "with --tarball: the commit it was made from"),
    build: flag("--build", "run the declared build in a clean copy; with --git-ref, of that ref"),
    allowDirty: flag("--allow-dirty", "take a folder that differs from its commit; it is recorded"),
    file: text("-f, --file <path>", "the pipeline file (default: ./tidelock.yaml)"),
    ...serviceOption,
    ...connectionOptions,
    ...outputOption,
  },
  details:
    "Packs on this machine, sends only what the server does not have yet, and registers the release. The same files give the same release; a version that is taken by others is refused.",
  examples: [
    "tidelock release create --version 1.4.2",
    "tidelock release create --version 1.4.2 --git-ref v1.4.2 --build",
  ],
  async run(context, { options }) {
    const origin = originOf(options);
    const version = checkedVersion(options.version);
    const client = context.connect(options);
    const file = context.projectFile(options.file);
    const pipeline = await choosePipeline(file, options.service);
    requireStatedBuild(pipeline, origin);
    const { revision } = await client.call("releaseSince", {
      params: { service: pipeline.metadata.name },
    });
    const progress = transferProgress(context.terminal);
    const { prepareRelease } = await import("../../../intake/create.ts");
    let prepared: PreparedRelease | null = null;
    try {
      prepared = await prepareRelease({
        pipelineFile: file.path,
        pipeline,
        version,
        from: origin,
        ...(revision === null ? {} : { since: revision }),
        allowDirty: options.allowDirty,
        onProgress: (step) => {
          if (step.phase === "build") progress.line(step.line);
          else if (step.phase === "pack") progress.bytes("packing", step.done, step.total);
          else progress.phase(phaseTexts[step.phase]);
        },
      });
      if (context.signal.aborted) return exit.interrupted;
      await sendBlobs(client, prepared.blobs, progress);
      const created = await client.call("releaseCreate", { body: { release: prepared.release } });
      const release = await stateCommits(client, prepared, created, progress);
      progress.end();
      if (release.source.kind === "git" && release.source.dirty) {
        context.terminal.note("the folder differed from its commit; the release says so");
      }
      await printOne(context.terminal, context.format(options), releaseCard(release));
      return exit.done;
    } finally {
      progress.end();
      await prepared?.dispose();
    }
  },
});

const phaseTexts = {
  source: "reading where it comes from",
  copy: "copying to a clean folder",
  unpack: "unpacking the archive",
} as const;

interface OriginOptions {
  readonly from: string | undefined;
  readonly gitRef: string | undefined;
  readonly tarball: string | undefined;
  readonly revision: string | undefined;
  readonly build: boolean;
}

function originOf({ from, gitRef, tarball, revision, build }: OriginOptions): Origin {
  const given = [
    from === undefined ? "" : "--from",
    gitRef === undefined || build ? "" : "--git-ref",
    tarball === undefined ? "" : "--tarball",
    build ? "--build" : "",
  ].filter((name) => name !== "");
  if (given.length > 1) {
    throw new TidelockError("invalid-input", `${given.join(" and ")} exclude each other`, {
      fault: "operator",
      hint: "a release comes from one place; only --build and --git-ref go together",
    });
  }
  if (revision !== undefined && tarball === undefined) {
    throw new TidelockError("invalid-input", "--revision belongs to --tarball", {
      fault: "operator",
      hint: "--git-ref names the commit of everything else",
    });
  }
  if (build) return { kind: "build", ...(gitRef === undefined ? {} : { ref: gitRef }) };
  if (gitRef !== undefined) return { kind: "git", ref: gitRef };
  if (tarball !== undefined) {
    return { kind: "tarball", path: tarball, ...(revision === undefined ? {} : { revision }) };
  }
  return { kind: "folder", ...(from === undefined ? {} : { path: from }) };
}

/** A pipeline that declares a build ships what the build makes: its sources alone are a mistake. */
function requireStatedBuild({ metadata, spec }: Pipeline, origin: Origin): void {
  if (spec.build === undefined || origin.kind === "build" || origin.kind === "tarball") return;
  if (origin.kind === "folder" && origin.path !== undefined) return;
  throw new TidelockError(
    "invalid-input",
    `${metadata.name} declares a build, and this would ship its sources unbuilt`,
    {
      fault: "operator",
      where: "spec.build",
      hint: "add --build to run it, or name what is finished with --from <folder> or --tarball <file>",
    },
  );
}

function checkedVersion(text: string): string {
  const parsed = Version.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new TidelockError("invalid-input", "this is not a version", {
    fault: "operator",
    where: "--version",
    hint: parsed.error.issues[0]?.message ?? "write it like 1.4.2",
  });
}

async function choosePipeline(
  file: { readonly path: string; readonly text: string },
  named: string | undefined,
): Promise<Pipeline> {
  const { parseDocuments } = await import("../../../pipeline-file/parse.ts");
  const { pipelines } = parseDocuments(file.path, file.text, { checks: await checkKinds() });
  const service =
    pipelines.length === 1 && named === undefined ? pipelines[0]?.metadata.name : named;
  const found = pipelines.find((pipeline) => pipeline.metadata.name === service);
  if (found !== undefined) return found;
  const names = pipelines.map((pipeline) => pipeline.metadata.name).join(", ");
  throw new TidelockError(
    named === undefined ? "invalid-input" : "not-found",
    named === undefined ? "which service?" : `the file has no pipeline ${named}`,
    {
      fault: "operator",
      where: file.path,
      hint:
        names === "" ? "add a document with `kind: Pipeline`" : `--service with one of ${names}`,
    },
  );
}

async function sendBlobs(
  client: Client,
  blobs: PreparedRelease["blobs"],
  progress: TransferProgress,
): Promise<void> {
  for (const { digest, size, path } of blobs) {
    if (await client.hasBlob(digest)) {
      progress.phase(`the server has these ${bytesText(size)} already`);
      continue;
    }
    await client.putBlob(digest, size, counted(path, size, progress));
  }
}

/** Hands the signed commits in, by which a server can tell whose they are; the release stands without them. */
async function stateCommits(
  client: Client,
  { commits }: PreparedRelease,
  release: ReleaseView,
  progress: TransferProgress,
): Promise<ReleaseView> {
  if (commits === null) return release;
  const params = { service: release.service, release: release.id };
  if (release.attestations.some(({ digest }) => digest === commits.digest)) return release;
  await sendBlobs(client, [commits], progress);
  await client.call("releaseAttest", { params, body: { digest: commits.digest } });
  return await client.call("releaseShow", { params });
}

async function* counted(
  path: string,
  size: number,
  progress: TransferProgress,
): AsyncGenerator<Uint8Array> {
  let sent = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 64 * 1024 })) {
    const bytes = chunk as Buffer;
    sent += bytes.length;
    progress.bytes("sending", sent, size);
    yield bytes;
  }
}
