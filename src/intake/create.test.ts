import { execFileSync } from "node:child_process";
import {
  createReadStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
} from "node:fs";
import { symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { eventually } from "../../test/support/child.ts";
import { GitRepository } from "../../test/support/git-repository.ts";
import { Pipeline } from "../model/pipeline.ts";
import { identifyProcess } from "../store/process-identity.ts";
import { unpackTree } from "../tree/unpack-tree.ts";
import { type PreparedRelease, prepareRelease, type PrepareRequest } from "./create.ts";

let root: string;
let repository: GitRepository;
const prepared: PreparedRelease[] = [];
const temporaryFolder = process.env["TMPDIR"];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "create-"));
  // What the intake leaves behind would stay here, seen by the last check of each test.
  process.env["TMPDIR"] = join(root, "tmp");
  mkdirSync(join(root, "tmp"));
  repository = new GitRepository(join(root, "repository"));
  repository.write({
    "shop/server.js": "serve();\n",
    "shop/lib/ünï.js": "export {};\n",
    "shop/README.md": "text\n",
    "shop/start.sh": "#!/bin/sh\n",
    ".gitignore": "dist/\nnode_modules/\n",
  });
  execFileSync("chmod", ["+x", join(repository.folder, "shop/start.sh")]);
  symlinkSync("../server.js", join(repository.folder, "shop/lib/link.js"));
  repository.commit("first");
});

afterEach(async () => {
  for (const release of prepared.splice(0)) await release.dispose();
  expect(readdirSync(join(root, "tmp"))).toEqual([]);
  if (temporaryFolder === undefined) delete process.env["TMPDIR"];
  else process.env["TMPDIR"] = temporaryFolder;
  rmSync(root, { recursive: true, force: true });
});

type Wanted = Partial<PrepareRequest> & { spec?: Record<string, unknown> };

async function prepare({ spec, ...request }: Wanted = {}): Promise<PreparedRelease> {
  const pipeline = Pipeline.parse({
    apiVersion: "tidelock.dev/v1",
    kind: "Pipeline",
    metadata: { name: "shop" },
    spec: {
      path: "shop",
      exclude: ["*.md"],
      processes: { web: { command: ["node", "server.js"] } },
      configuration: ["TOKEN", "LEVEL"],
      environments: [{ name: "production" }],
      ...spec,
    },
  });
  const release = await prepareRelease({
    pipelineFile: join(repository.folder, "tidelock.yaml"),
    pipeline,
    version: "1.0.0",
    from: { kind: "folder" },
    ...request,
  });
  prepared.push(release);
  return release;
}

const digestOf = (release: PreparedRelease) => release.release.artifacts[0]?.digest;
const build = (command: string[], more: object = {}) => ({ build: { command, ...more } });
const script = (text: string) => [process.execPath, "-e", text];

async function contentOf(release: PreparedRelease): Promise<string> {
  const folder = mkdtempSync(join(root, "content-"));
  const blob = release.blobs[0];
  if (!blob) throw new Error("no blob");
  await unpackTree(createReadStream(blob.path), join(folder, "tree"), { expected: blob.digest });
  return join(folder, "tree");
}

describe("prepareRelease", () => {
  it("describes a folder and packs it without what is excluded", async () => {
    const release = await prepare();
    expect(release.release).toMatchObject({
      service: "shop",
      version: "1.0.0",
      build: { kind: "finished" },
      source: { kind: "git", dirty: false, truncated: false, commits: { length: 1 } },
      configuration: ["LEVEL", "TOKEN"],
    });
    expect(release.blobs).toMatchObject([{ digest: digestOf(release) }]);
    const tree = await contentOf(release);
    expect(readdirSync(tree).sort()).toEqual(["lib", "server.js", "start.sh"]);
  });

  it("gives one digest for one tree, whichever way it comes in", async () => {
    const folder = await prepare();
    const archive = join(root, "shop.tgz");
    execFileSync("tar", ["-czf", archive, "-C", join(repository.folder, "shop"), "."]);
    const ways = [
      prepare({ from: { kind: "git", ref: "main" } }),
      prepare({ from: { kind: "tarball", path: archive } }),
      prepare({ from: { kind: "build" }, spec: build(["true"]) }),
      prepare({ from: { kind: "build", ref: "HEAD" }, spec: build(["true"]) }),
    ];
    for (const way of await Promise.all(ways)) expect(digestOf(way)).toBe(digestOf(folder));
    expect((await prepare()).id).toBe(folder.id);
  });

  it("records the lineage of a tarball only when the operator names its revision", async () => {
    const archive = join(root, "shop.tar");
    execFileSync("tar", ["-cf", archive, "-C", join(repository.folder, "shop"), "."]);
    const unknown = await prepare({ from: { kind: "tarball", path: archive } });
    expect(unknown.release.source).toEqual({ kind: "none" });
    const known = await prepare({ from: { kind: "tarball", path: archive, revision: "main" } });
    expect(known.release.source).toMatchObject({ kind: "git", commits: { length: 1 } });
  });

  it("refuses an archive without an entry, and a folder in which everything is left out", async () => {
    const archive = join(root, "empty.tar");
    writeFileSync(archive, Buffer.alloc(10_240));
    await expect(prepare({ from: { kind: "tarball", path: archive } })).rejects.toMatchObject({
      code: "invalid-input",
      message: expect.stringContaining("the archive is empty") as string,
      where: archive,
    });
    const nothing = join(root, "nothing");
    mkdirSync(nothing);
    await expect(prepare({ from: { kind: "folder", path: nothing } })).rejects.toThrow(
      "there is nothing to pack",
    );
  });

  it("packs a ref as it was committed, whatever lies in the folder now", async () => {
    const before = await prepare();
    repository.git(["tag", "v1"]);
    repository.write({ "shop/server.js": "changed();\n", "shop/new.js": "" });
    expect(digestOf(await prepare({ from: { kind: "git", ref: "v1" } }))).toBe(digestOf(before));
    await expect(prepare({ from: { kind: "git", ref: "--help" } })).rejects.toMatchObject({
      code: "not-found",
    });
  });

  it("refuses a dirty folder, and records one that was allowed", async () => {
    repository.write({ "shop/server.js": "changed();\n" });
    await expect(prepare()).rejects.toMatchObject({ code: "conflict", fault: "operator" });
    const release = await prepare({ allowDirty: true });
    expect(release.release.source).toMatchObject({ dirty: true });
  });

  it("refuses submodules, pointers of Git LFS and links that leave the tree in a ref", async () => {
    repository.write({
      "shop/big.bin": `version https://git-lfs.github.com/spec/v1\noid sha256:${"0".repeat(64)}\nsize 1\n`,
    });
    repository.commit("pointer");
    await expect(prepare({ from: { kind: "git", ref: "main" } })).rejects.toThrow(
      "pointer of Git LFS",
    );
    rmSync(join(repository.folder, "shop/big.bin"));
    symlinkSync("../../etc", join(repository.folder, "shop/out"));
    repository.commit("link");
    await expect(prepare({ from: { kind: "git", ref: "main" } })).rejects.toThrow("leads out");
    repository.git(["rm", "-q", "shop/out"]);
    const id = "0123456789012345678901234567890123456789";
    repository.git(["update-index", "--add", "--cacheinfo", `160000,${id},shop/sub`]);
    repository.git(["-c", "user.name=A", "-c", "user.email=a@example.org", "commit", "-qm", "sub"]);
    await expect(prepare({ from: { kind: "git", ref: "main" } })).rejects.toThrow("submodule");
  });

  it("builds in a clean copy with an environment of its own, and records the tools", async () => {
    repository.write({ "shop/dist/left.js": "from an earlier build", "shop/node_modules/x": "" });
    process.env["SECRET_TOKEN"] = "hunter2";
    const command = script(`
      const fs = require("node:fs");
      fs.mkdirSync("dist");
      fs.writeFileSync("dist/env.json", JSON.stringify(process.env));
      fs.writeFileSync("dist/files.json", JSON.stringify(fs.readdirSync(".").sort()));
      fs.writeFileSync("README.md", "changed in the copy only");
    `);
    const lines: string[] = [];
    const release = await prepare({
      from: { kind: "build" },
      spec: build(command, { output: "dist", tools: [process.execPath, "git"] }),
      onProgress: (progress) => lines.push(progress.phase),
    });
    delete process.env["SECRET_TOKEN"];
    expect(release.release.build).toMatchObject({
      kind: "declared",
      command,
      tools: {
        [process.execPath]: process.version,
        git: expect.stringContaining("git version") as string,
      },
    });
    const tree = await contentOf(release);
    const env = JSON.parse(readFileSync(join(tree, "env.json"), "utf8")) as NodeJS.ProcessEnv;
    expect(env).not.toHaveProperty("SECRET_TOKEN");
    expect(env["HOME"]).toContain("tidelock-intake-");
    expect(env["SOURCE_DATE_EPOCH"]).toBe("1767323045");
    expect(JSON.parse(readFileSync(join(tree, "files.json"), "utf8"))).toEqual([
      "README.md",
      "dist",
      "lib",
      "server.js",
      "start.sh",
    ]);
    expect(readFileSync(join(repository.folder, "shop/README.md"), "utf8")).toBe("text\n");
    expect(lines).toEqual(expect.arrayContaining(["source", "copy", "pack"]));
  });

  it("shows the end of the output of a build that fails", async () => {
    const command = script(
      'console.log("compiling"); console.error("no such module"); process.exit(3)',
    );
    await expect(prepare({ from: { kind: "build" }, spec: build(command) })).rejects.toMatchObject({
      code: "failed",
      where: "spec.build.command",
      message: expect.stringMatching(/ended with 3; .*\n?(compiling\n)?no such module/) as string,
    });
  });

  it("ends a build that takes too long, with everything that it started", async () => {
    const pidFile = join(root, "pid");
    const command = [
      "sh",
      "-c",
      `trap '' TERM; sleep 60 & echo $! > ${pidFile}; echo waiting; wait`,
    ];
    await expect(
      prepare({ from: { kind: "build" }, spec: build(command, { timeout: "1s" }) }),
    ).rejects.toMatchObject({
      code: "timeout",
      message: expect.stringContaining("waiting") as string,
    });
    const pid = Number(readFileSync(pidFile, "utf8"));
    await eventually("the build's child is gone", () => !identifyProcess(pid));
  });

  it("leaves no process of a build that went well", async () => {
    const pidFile = join(root, "pid");
    const command = ["sh", "-c", `sleep 60 & echo $! > ${pidFile}`];
    await prepare({ from: { kind: "build" }, spec: build(command) });
    const pid = Number(readFileSync(pidFile, "utf8"));
    await eventually("the build's child is gone", () => !identifyProcess(pid));
  });

  it.each([
    ["a program that is not there", ["no-such-program"], {}, "could not be started"],
    ["a tool that is not there", ["true"], { tools: ["no-such-tool"] }, "does not say its version"],
    ["an output that was not made", ["true"], { output: "dist" }, "left no folder"],
    ["an output above the folder", ["true"], { output: "../../.." }, "left no folder"],
    [
      "an output that is a link away",
      ["ln", "-s", "/etc", "dist"],
      { output: "dist" },
      "left no folder",
    ],
  ])("refuses %s", async (_, command, more, message) => {
    const failing = prepare({ from: { kind: "build" }, spec: build(command, more) });
    await expect(failing).rejects.toThrow(message);
  });

  it("says what is missing when nothing is declared or nothing is there", async () => {
    await expect(prepare({ from: { kind: "build" } })).rejects.toThrow("declares no build");
    const absent = prepare({ from: { kind: "folder", path: join(root, "absent") } });
    await expect(absent).rejects.toMatchObject({ code: "not-found" });
  });

  it("works outside of version control", async () => {
    const folder = join(root, "plain");
    mkdirSync(join(folder, "shop"), { recursive: true });
    writeFileSync(join(folder, "shop/a"), "");
    const pipelineFile = join(folder, "tidelock.yaml");
    const release = await prepare({ pipelineFile });
    expect(release.release.source).toEqual({ kind: "none" });
    const ref = prepare({ pipelineFile, from: { kind: "git", ref: "main" } });
    await expect(ref).rejects.toThrow("not in a git repository");
    expect(existsSync(release.blobs[0]?.path ?? "")).toBe(true);
  });
});
