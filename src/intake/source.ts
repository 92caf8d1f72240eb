import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { TidelockError } from "../model/errors.ts";
import type { Source } from "../model/release.ts";
import type { Exclude } from "../tree/walk.ts";
import { readCommits, shallowBoundary } from "./git/commits.ts";
import { askGit, git, gitLine } from "./git/git.ts";
import { publicRepositoryUrl } from "./git/repository-url.ts";
import { changedPaths } from "./git/working-tree.ts";

/** History beyond this is cut, and the release says so: lineage is then unproven. */
const maxCommits = 10_000;

/** Where a folder stands in version control. */
export interface Checkout {
  /** Full id of the commit. */
  readonly revision: string;
  /** The folder below the repository's root, `""` for the root, without a slash at its end. */
  readonly prefix: string;
}

export interface SourceRequest {
  /** The service's folder. */
  readonly folder: string;
  /** The commit to describe; default the one that is checked out. */
  readonly revision?: string;
  /** The revision that users have now. */
  readonly since?: string;
  readonly dirty: boolean;
}

/**
 * The commit that a folder is checked out at, or undefined outside of version control.
 *
 * @throws TidelockError `failed` when it lies in a repository that git refuses to read; `unavailable`
 *   when there is a repository but no git
 */
export async function findCheckout(folder: string, ref = "HEAD"): Promise<Checkout | undefined> {
  if (!insideRepository(folder)) return undefined;
  const answer = await askGit(folder, ["rev-parse", "--is-inside-work-tree"]);
  if (answer.status !== 0) await git(folder, ["rev-parse", "--is-inside-work-tree"]);
  const revision = await resolveRevision(folder, ref);
  if (revision === undefined) throw noSuchRef(folder, ref);
  const prefix = (await gitLine(folder, ["rev-parse", "--show-prefix"])).replace(/\/$/, "");
  return { revision, prefix };
}

/**
 * The paths that make a folder's tree dirty.
 *
 * @throws TidelockError `conflict` when there are some and the operator did not allow it
 */
export async function checkClean(
  folder: string,
  exclude: Exclude,
  allowDirty: boolean,
): Promise<{ dirty: boolean }> {
  const changed = await changedPaths(folder, exclude);
  if (changed.length === 0) return { dirty: false };
  if (allowDirty) return { dirty: true };
  const shown = changed.slice(0, 3).join(", ");
  const more = changed.length > 3 ? ` and ${changed.length - 3} more` : "";
  throw new TidelockError("conflict", `the folder differs from its commit: ${shown}${more}`, {
    fault: "operator",
    where: folder,
    hint: "commit or remove the changes, exclude the files, or say --allow-dirty (it is recorded)",
  });
}

/** Revision, address and every commit since `since` (law 5 asks who wrote them). */
export async function describeSource(request: SourceRequest): Promise<Source> {
  const { folder, since, dirty } = request;
  const checkout = await findCheckout(folder, request.revision);
  if (!checkout) return { kind: "none" };
  const start = await findStart(folder, checkout.revision, since);
  const { commits, cut } = await readCommits(folder, checkout.revision, start.known, maxCommits);
  const boundary = await shallowBoundary(folder);
  const shallow = commits.some((commit) => boundary.has(commit.revision));
  const repository = await findRepositoryUrl(folder);
  return {
    kind: "git",
    revision: checkout.revision,
    ...(repository !== undefined && { repository }),
    dirty,
    ...(since !== undefined && { since }),
    commits,
    truncated: cut || shallow || !start.straight,
  };
}

/** Looks for `.git` as git does, so that a machine without git is told so only where it matters. */
function insideRepository(folder: string): boolean {
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(join(at, ".git"))) return true;
    if (at === dirname(at)) return false;
  }
}

/** The full id of a ref, or undefined. A ref that looks like an option stays a ref. */
async function resolveRevision(folder: string, ref: string): Promise<string | undefined> {
  const argv = ["rev-parse", "--verify", "--quiet", "--end-of-options", `${ref}^{commit}`];
  const answer = await askGit(folder, argv);
  return answer.status === 0 ? answer.stdout.toString("utf8").trim() : undefined;
}

/**
 * Where the new commits begin. A start that is unknown here, or not an ancestor (the live release came from
 * another branch), is not `straight`: what lies between is then not the whole truth.
 */
async function findStart(
  folder: string,
  head: string,
  since: string | undefined,
): Promise<{ known?: string; straight: boolean }> {
  if (since === undefined) return { straight: true };
  if (!/^[0-9a-f]{7,64}$/.test(since)) {
    throw new TidelockError("invalid-input", `${JSON.stringify(since)} is not a revision`, {
      fault: "operator",
      where: "since",
      hint: "expected 7 to 64 hex digits",
    });
  }
  const known = await resolveRevision(folder, since);
  if (known === undefined) return { straight: false };
  const { status } = await askGit(folder, ["merge-base", "--is-ancestor", known, head]);
  return { known, straight: status === 0 };
}

async function findRepositoryUrl(folder: string): Promise<string | undefined> {
  const { stdout } = await askGit(folder, ["config", "--get", "remote.origin.url"]);
  return publicRepositoryUrl(stdout.toString("utf8"));
}

function noSuchRef(folder: string, ref: string): TidelockError {
  const empty = ref === "HEAD";
  return new TidelockError(
    "not-found",
    empty ? "the repository has no commit yet" : `git knows no commit ${JSON.stringify(ref)}`,
    {
      fault: "operator",
      where: folder,
      hint: empty
        ? "commit the service first"
        : "name a branch, a tag or a revision; fetch it if needed",
    },
  );
}
