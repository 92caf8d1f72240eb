import type { AnchorSettings } from "../../model/anchor.ts";
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TidelockError } from "../../model/errors.ts";
import { type Anchor, folderOf, pathOfAnchor, requireSame, sizeInPath } from "./anchor.ts";

type GitSettings = Extract<AnchorSettings, { kind: "git" }>;

/**
 * One commit for each checkpoint, on a branch that nothing else uses. Works on the repository's objects alone: no
 * working tree is touched, no hook runs, and two servers that commit at once do not lose one another's.
 */
export function gitAnchor(settings: GitSettings): Anchor {
  const { repository, branch, remote } = settings;
  const ref = `refs/heads/${branch}`;
  const git = (args: readonly string[], input?: string, env: Record<string, string> = {}) =>
    runGit(repository, args, input, env);

  const tip = async (): Promise<string | null> => {
    // Fails where there is no repository, which `rev-parse --quiet` below would not tell from an empty branch.
    await git(["rev-parse", "--git-dir"]);
    return git(["rev-parse", "--verify", "--quiet", `${ref}^{commit}`]).catch(() => null);
  };
  const push = async (commit: string): Promise<void> => {
    if (remote !== undefined) await git(["push", "--quiet", remote, `${commit}:${ref}`]);
  };

  return {
    async write({ origin, size, note }) {
      const path = pathOfAnchor(origin, size);
      for (let attempt = 1; ; attempt++) {
        const parent = await tip();
        const lies = parent === null ? null : await readBlob(git, `${parent}:${path}`);
        if (parent !== null && lies !== null) {
          requireSame(lies, note, `${repository} ${branch}:${path}`);
          await push(parent);
          return placeOf(parent, path);
        }
        const commit = await commitFile(
          git,
          parent,
          path,
          note,
          `Checkpoint of ${origin} at size ${size}`,
        );
        try {
          // Only over what it was built on.
          await git(["update-ref", ref, commit, parent ?? "0".repeat(commit.length)]);
        } catch (error) {
          if (attempt < 5) continue;
          throw error;
        }
        await push(commit);
        return placeOf(commit, path);
      }
    },
    async read(origin, most) {
      const commit = await tip();
      if (commit === null) return [];
      const names = await git(["ls-tree", "-z", "--name-only", commit, `${folderOf(origin)}/`]);
      const paths = names.split("\0").filter((path) => sizeInPath(path) !== null);
      const newest = paths.sort().toReversed().slice(0, most);
      const notes = await Promise.all(newest.map((path) => readBlob(git, `${commit}:${path}`)));
      return notes.flatMap((note, at) =>
        note === null ? [] : [{ note, from: `${repository} ${placeOf(commit, newest[at] ?? "")}` }],
      );
    },
  };
}

type Git = (
  args: readonly string[],
  input?: string,
  env?: Record<string, string>,
) => Promise<string>;

const placeOf = (commit: string, path: string) => `${commit}:${path}`;

/** Null when the commit has no such file. */
async function readBlob(git: Git, name: string): Promise<string | null> {
  const found = await git(["rev-parse", "--verify", "--quiet", name]).catch(() => null);
  return found === null ? null : git(["cat-file", "blob", found]);
}

async function commitFile(
  git: Git,
  parent: string | null,
  path: string,
  content: string,
  message: string,
): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "tidelock-anchor-"));
  try {
    const index = { GIT_INDEX_FILE: join(folder, "index") };
    const blob = (await git(["hash-object", "-w", "--no-filters", "--stdin"], content)).trim();
    if (parent !== null) await git(["read-tree", parent], undefined, index);
    await git(["update-index", "--add", "--cacheinfo", `100644,${blob},${path}`], undefined, index);
    const tree = (await git(["write-tree"], undefined, index)).trim();
    const parents = parent === null ? [] : ["-p", parent];
    return (await git(["commit-tree", tree, ...parents], `${message}\n`)).trim();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Standard output, without the newline that ends it for names and hashes; blobs come as they are. */
async function runGit(
  repository: string,
  args: readonly string[],
  input = "",
  env: Record<string, string> = {},
): Promise<string> {
  const settings = [
    "core.hooksPath=/dev/null",
    "commit.gpgSign=false",
    "core.fsync=all",
    "gc.auto=0",
  ];
  const all = ["-C", repository, ...settings.flatMap((one) => ["-c", one]), ...args];
  const who = { NAME: "Tidelock", EMAIL: "tidelock@localhost" };
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const child = execFile(
    "git",
    all,
    {
      timeout: 60_000,
      maxBuffer: 64 * 1_024 * 1_024,
      env: {
        ...process.env,
        GIT_TERMINAL_PROMPT: "0",
        GIT_AUTHOR_NAME: who.NAME,
        GIT_AUTHOR_EMAIL: who.EMAIL,
        GIT_COMMITTER_NAME: who.NAME,
        GIT_COMMITTER_EMAIL: who.EMAIL,
        ...env,
      },
    },
    (error, stdout, stderr) => {
      if (error === null) return resolve(args[0] === "cat-file" ? stdout : stdout.trimEnd());
      const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
      const why = missing ? "git is not installed" : firstLine(stderr) || error.message;
      return reject(
        new TidelockError("unavailable", `git ${args[0] ?? ""} does not work: ${why}`, {
          retryable: true,
          where: repository,
        }),
      );
    },
  );
  // A git that ends before it has read is answered by its exit code.
  child.stdin?.on("error", () => undefined);
  child.stdin?.end(input);
  return promise;
}

const firstLine = (text: string) => text.trim().split("\n")[0] ?? "";
