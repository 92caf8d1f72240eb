import type { ReadCommit } from "../../evidence/git/commit-bundle.ts";

type Parents = Pick<ReadCommit, "revision" | "parents">;

/**
 * Whether the commits that a release names are all that lie between it and what it came after: a merge has several
 * parents, and each leads somewhere. Ids are computed from the commits, so nobody can leave one out.
 *
 * @param commits by revision, those that lead from `since` to where branches began too
 * @param named revisions that the release says it brings
 * @returns what is missing, in a sentence; null: nothing
 */
export function hiddenCommit(
  commits: ReadonlyMap<string, Parents>,
  { revision, since }: { readonly revision: string; readonly since?: string | undefined },
  named: ReadonlySet<string>,
): string | null {
  const before = since === undefined ? new Set<string>() : ancestors(commits, since);
  const seen = new Set<string>();
  const left = [revision];
  for (let at = left.pop(); at !== undefined; at = left.pop()) {
    if (seen.has(at) || before.has(at)) continue;
    seen.add(at);
    const commit = commits.get(at);
    if (!commit) return `the commit ${at.slice(0, 12)} was not handed in`;
    if (!named.has(at)) return `the release does not name the commit ${at.slice(0, 12)}`;
    left.push(...commit.parents);
  }
  return null;
}

/** What was there before, as far as commits were handed in that lead to it. */
function ancestors(commits: ReadonlyMap<string, Parents>, from: string): ReadonlySet<string> {
  const seen = new Set<string>();
  const left = [from];
  for (let at = left.pop(); at !== undefined; at = left.pop()) {
    if (seen.has(at)) continue;
    seen.add(at);
    left.push(...(commits.get(at)?.parents ?? []));
  }
  return seen;
}
