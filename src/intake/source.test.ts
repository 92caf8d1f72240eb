import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { GitRepository } from "../../test/support/git-repository.ts";
import { publicRepositoryUrl } from "./git/repository-url.ts";
import { checkClean, describeSource, findCheckout } from "./source.ts";

let root: string;
let repository: GitRepository;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "source-"));
  repository = new GitRepository(join(root, "repository"));
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

const describeHead = (since?: string) =>
  describeSource({ folder: repository.folder, dirty: false, ...(since && { since }) });

describe("describeSource", () => {
  it("names everybody who had a hand in any commit since the live release", async () => {
    const first = repository.commit("first");
    const second = repository.commit(
      "second\n\nText.\n\nCo-authored-by: Pair <pair@example.org>\nco-authored-by:  Other  <other@example.org>",
      { author: "Somebody", email: "somebody@example.org" },
    );
    const third = repository.commit("third");
    const source = await describeHead(first);
    expect(source).toMatchObject({
      kind: "git",
      revision: third,
      since: first,
      dirty: false,
      truncated: false,
      commits: [
        {
          revision: second,
          subject: "second",
          at: "2026-01-02T03:04:05.000Z",
          author: { name: "Somebody", email: "somebody@example.org" },
          committer: { name: "Committer", email: "committer@example.org" },
          coAuthors: [
            { name: "Pair", email: "pair@example.org" },
            { name: "Other", email: "other@example.org" },
          ],
        },
        { revision: third, subject: "third", coAuthors: [] },
      ],
    });
    expect(await describeHead()).toMatchObject({ commits: { length: 3 }, truncated: false });
    expect(await describeHead(third)).toMatchObject({ commits: [], truncated: false });
  });

  it("says that the lineage is unproven when the live release is on another line, or unknown", async () => {
    const base = repository.commit("base");
    repository.git(["checkout", "--quiet", "-b", "hotfix"]);
    const live = repository.commit("hotfix, live");
    repository.git(["checkout", "--quiet", "main"]);
    const head = repository.commit("feature");
    expect(await describeHead(live)).toMatchObject({
      truncated: true,
      since: live,
      commits: [{ revision: head }],
    });
    const unknown = await describeHead("0123456789abcdef0123456789abcdef01234567");
    expect(unknown).toMatchObject({
      truncated: true,
      commits: [{ revision: base }, { revision: head }],
    });
    await expect(describeHead("--output=/tmp/x")).rejects.toMatchObject({ code: "invalid-input" });
  });

  it("says so when a shallow clone has cut the history", async () => {
    repository.commit("first");
    repository.commit("second");
    const clone = join(root, "clone");
    repository.git(["clone", "--quiet", "--depth=1", `file://${repository.folder}`, clone]);
    expect(await describeSource({ folder: clone, dirty: false })).toMatchObject({
      truncated: true,
      commits: { length: 1 },
    });
  });

  it("takes text of strangers as text", async () => {
    const hostile = "fix\u001b[2J\u202eevil \0".replace("\0", "");
    repository.commit(`${hostile}\nCo-authored-by: no address at all\n\nCo-Authored-By: <>`, {
      author: "A\u001b]0;x\u0007 ; rm -rf /",
      email: '"><script>@example.org',
    });
    repository.git(["config", "remote.origin.url", "https://user:t0ken@example.org/x.git?k=t0ken"]);
    const source = await describeHead();
    expect(source).toMatchObject({
      repository: "https://example.org/x.git",
      commits: [
        {
          subject: "fix [2Jevil",
          author: { name: "A ]0;x  ; rm -rf /", email: "script@example.org" },
          coAuthors: [
            { name: "no address at all", email: "" },
            { name: "", email: "" },
          ],
        },
      ],
    });
    expect(JSON.stringify(source)).not.toContain("t0ken");
  });

  it("survives a commit whose fields were made by hand", async () => {
    const tree = repository.git(["write-tree"]);
    const raw = [
      `tree ${tree}`,
      "author Ünï <u@example.org> 99999999999999 +9999",
      "committer <> 0 +0000",
      "",
      `${"x".repeat(100_000)}\nCo-authored-by: Last <last@example.org>`,
    ].join("\n");
    const argv = ["hash-object", "-t", "commit", "-w", "--stdin", "--literally"];
    const revision = repository.git(argv, {}, raw);
    repository.git(["update-ref", "refs/heads/main", revision]);
    const source = await describeHead();
    expect(source).toMatchObject({
      commits: [{ revision, coAuthors: [{ name: "Last", email: "last@example.org" }] }],
    });
  });

  it("finds nothing outside of version control", async () => {
    expect(await describeSource({ folder: root, dirty: false })).toEqual({ kind: "none" });
    await expect(findCheckout(repository.folder)).rejects.toThrow("no commit yet");
  });
});

describe("checkClean", () => {
  const check = (allowDirty = false, excluded = "") =>
    checkClean(join(repository.folder, "service"), (path) => path === excluded, allowDirty);

  beforeEach(() => {
    repository.write({ "service/a": "1", "other/b": "1", ".gitignore": "*.log\n" });
    repository.commit("first");
  });

  it("refuses a changed, staged, removed or new file, names it, and takes it when told to", async () => {
    expect(await check()).toEqual({ dirty: false });
    repository.write({ "service/new file": "" });
    await expect(check()).rejects.toMatchObject({
      code: "conflict",
      message: "the folder differs from its commit: new file",
    });
    expect(await check(true)).toEqual({ dirty: true });
    expect(await check(false, "new file")).toEqual({ dirty: false });
    rmSync(join(repository.folder, "service/new file"));
    rmSync(join(repository.folder, "service/a"));
    await expect(check()).rejects.toThrow("commit: a");
  });

  it("does not mind what is ignored or lies outside of the service", async () => {
    repository.write({ "service/x.log": "", "other/b": "2", "service/.tidelock/state": "" });
    expect(await check()).toEqual({ dirty: false });
  });

  it("runs nothing that the repository's configuration names", async () => {
    const trap = join(root, "trap.sh");
    const sprung = join(root, "sprung");
    writeFileSync(trap, `#!/bin/sh\ntouch ${sprung}\ncat\n`);
    chmodSync(trap, 0o755);
    repository.write({ ".gitattributes": "* filter=trap diff=trap\n" });
    repository.commit("attributes");
    const settings = {
      "filter.trap.clean": trap,
      "filter.trap.smudge": trap,
      "filter.trap.process": trap,
      "filter.trap.required": "true",
      "diff.trap.textconv": trap,
      "diff.external": trap,
      "core.fsmonitor": trap,
      "core.pager": trap,
      "gpg.program": trap,
      "log.showSignature": "true",
      "core.sshCommand": trap,
      "credential.helper": trap,
    };
    for (const [name, value] of Object.entries(settings)) repository.git(["config", name, value]);
    mkdirSync(join(repository.folder, ".git/hooks"), { recursive: true });
    writeFileSync(
      join(repository.folder, ".git/hooks/post-index-change"),
      `#!/bin/sh\ntouch ${sprung}\n`,
      {
        mode: 0o755,
      },
    );
    repository.write({ "service/a": "changed" });
    expect(await check(true)).toEqual({ dirty: true });
    await describeHead();
    expect(existsSync(sprung)).toBe(false);
    expect(() => repository.git(["status"])).toThrow("trap.sh");
    expect(existsSync(sprung), "the trap works").toBe(true);
  });
});

describe("publicRepositoryUrl", () => {
  it.each([
    ["https://example.org/a/b.git", "https://example.org/a/b.git"],
    ["https://user:secret@example.org:8443/a?x=secret#secret", "https://example.org:8443/a"],
    ["ssh://secret@example.org/a", "ssh://example.org/a"],
    ["git@example.org:a/b.git", "example.org:a/b.git"],
    ["secret@example.org:a", "example.org:a"],
    ["/srv/git/secret", undefined],
    ["file:///srv/secret", undefined],
    ["ext::sh -c secret", undefined],
    ["user:secret@example.org:path", "example.org:path"],
    ["C:\\secret", undefined],
  ])("shows %s as %s", (remote, shown) => {
    expect(publicRepositoryUrl(remote)).toBe(shown);
  });
});
