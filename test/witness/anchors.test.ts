import { AnchorSettings } from "../../src/model/anchor.ts";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Anchor, folderOf, pathOfAnchor } from "../../src/witness/anchors/anchor.ts";
import { openAnchor } from "../../src/witness/anchors/open-anchor.ts";
import { needsTool } from "../support/optional.ts";
import { LogInMemory, aSigner } from "../ledger/support.ts";

const gitTool = needsTool("git");
const log = aSigner("tidelock/one");
const memory = new LogInMemory().fill(40);
const other = new LogInMemory();
other.append({ kind: "decision.made", operation: "never happened" });
other.fill(39);
const origin = "tidelock/one";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tidelock-anchor-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const git = (repository: string, ...args: string[]) =>
  execFileSync("git", ["-C", repository, ...args], { encoding: "utf8" }).trim();

async function anchorsAndReads(anchor: Anchor): Promise<void> {
  expect(await anchor.read(origin, 10)).toEqual([]);
  const places: string[] = [];
  for (const size of [5, 9, 40, 9]) {
    places.push(await anchor.write({ origin, size, note: await memory.checkpoint(log, size) }));
  }
  expect(new Set(places).size).toBeGreaterThanOrEqual(3);
  const notes = (await anchor.read(origin, 2)).map(({ note }) => note);
  expect(notes).toEqual([await memory.checkpoint(log, 40), await memory.checkpoint(log, 9)]);
  expect(await anchor.read("tidelock/two", 10)).toEqual([]);
  const note = await other.checkpoint(log, 9);
  await expect(anchor.write({ origin, size: 9, note })).rejects.toThrow(/two histories/);
}

describe("a folder elsewhere", () => {
  it("keeps checkpoints and gives them back", async () => {
    const anchor = openAnchor({ kind: "file", folder });
    await anchorsAndReads(anchor);
    const path = join(folder, pathOfAnchor(origin, 5));
    expect(statSync(path).mode & 0o777).toBe(0o644);
    expect(readFileSync(path, "utf8")).toBe(await memory.checkpoint(log, 5));
  });

  it("that is not there is not taken for an empty one", async () => {
    const anchor = openAnchor({ kind: "file", folder: join(folder, "unmounted") });
    const note = await memory.checkpoint(log, 5);
    await expect(anchor.write({ origin, size: 5, note })).rejects.toThrow(/not there/);
    await expect(anchor.read(origin, 1)).rejects.toThrow(/not there/);
  });

  it("is not left, whatever a log calls itself", () => {
    for (const bad of ["..", ".", "/etc", "../../x", "a/../b", "-rf", "x".repeat(500), "ü\u0000"]) {
      expect(folderOf(bad)).toMatch(/^[A-Za-z0-9][^/]*$/);
    }
    expect(pathOfAnchor(origin, 42)).toBe("tidelock%2Fone/0000000000000042.checkpoint");
  });
});

describe.skipIf(gitTool.missing)("a git repository", () => {
  const settings = (repository: string, more: object = {}) =>
    AnchorSettings.parse({ kind: "git", repository, ...more });

  it("keeps checkpoints as commits on a branch of its own, and gives them back", async () => {
    git(folder, "init", "--quiet", "--bare");
    await anchorsAndReads(openAnchor(settings(folder)));
    expect(git(folder, "log", "--format=%an %s", "tidelock-checkpoints").split("\n")).toEqual([
      "Tidelock Checkpoint of tidelock/one at size 40",
      "Tidelock Checkpoint of tidelock/one at size 9",
      "Tidelock Checkpoint of tidelock/one at size 5",
    ]);
    git(folder, "fsck", "--strict");
  });

  it("stays as it is otherwise: working tree, index, hooks", async () => {
    git(folder, "init", "--quiet", "--initial-branch=main");
    git(folder, "config", "user.email", "a@b");
    git(folder, "config", "user.name", "a");
    writeFileSync(join(folder, "file"), "content");
    git(folder, "add", "file");
    git(folder, "commit", "--quiet", "-m", "first");
    writeFileSync(join(folder, "file"), "changed");
    const hooks = join(folder, ".git", "hooks");
    mkdirSync(hooks, { recursive: true });
    for (const hook of ["pre-commit", "post-commit", "reference-transaction", "pre-push"]) {
      writeFileSync(join(hooks, hook), `#!/bin/sh\ntouch ${join(folder, "ran")}\nexit 1\n`, {
        mode: 0o755,
      });
    }
    const before = git(folder, "status", "--porcelain=v2", "--branch");
    await anchorsAndReads(openAnchor(settings(folder, { branch: "audit/checkpoints" })));
    expect(git(folder, "status", "--porcelain=v2", "--branch")).toBe(before);
  });

  it("is pushed when it has a remote, also what an earlier push missed", async () => {
    const [here, there] = [join(folder, "here"), join(folder, "there")];
    for (const path of [here, there]) mkdirSync(path);
    git(here, "init", "--quiet");
    git(there, "init", "--quiet", "--bare");
    const anchor = openAnchor(settings(here, { remote: "origin" }));
    const note = await memory.checkpoint(log, 5);
    await expect(anchor.write({ origin, size: 5, note })).rejects.toThrow(/push does not work/);
    git(here, "remote", "add", "origin", there);
    await anchor.write({ origin, size: 5, note });
    expect(git(there, "cat-file", "blob", `tidelock-checkpoints:${pathOfAnchor(origin, 5)}`)).toBe(
      note.trim(),
    );
    expect(await openAnchor(settings(there)).read(origin, 1)).toMatchObject([{ note }]);
  });

  it("loses none of several that are written at once", async () => {
    git(folder, "init", "--quiet", "--bare");
    const anchors = [1, 2, 3].map(() => openAnchor(settings(folder)));
    await Promise.all(
      anchors.map(async (anchor, at) =>
        anchor.write({ origin, size: at + 1, note: await memory.checkpoint(log, at + 1) }),
      ),
    );
    expect(await openAnchor(settings(folder)).read(origin, 9)).toHaveLength(3);
  });

  it("that is none is said to be none", async () => {
    const anchor = openAnchor(settings(folder));
    const note = await memory.checkpoint(log, 5);
    await expect(anchor.write({ origin, size: 5, note })).rejects.toThrow(/not a git repository/);
    await expect(anchor.read(origin, 1)).rejects.toThrow(/not a git repository/);
  });

  it("is not named by an option or a relative path", () => {
    for (const bad of [
      { repository: "relative" },
      { repository: folder, branch: "--upload-pack=x" },
      { repository: folder, branch: "a..b" },
      { repository: folder, branch: "a b" },
      { repository: folder, remote: "-x" },
      { repository: folder, remote: "ext::sh -c x" },
      { repository: folder, extra: 1 },
    ]) {
      expect(AnchorSettings.safeParse({ kind: "git", ...bad }).success, JSON.stringify(bad)).toBe(
        false,
      );
    }
  });
});
