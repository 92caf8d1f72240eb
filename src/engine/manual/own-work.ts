import { deedsOf, isShared, ownDeedAmong, type Work } from "../../identity/lineage.ts";
import type { Release } from "../../model/release.ts";

export interface Separation {
  /** Why this person would judge own work; null when nothing known says so. */
  readonly against: string | null;
  /** What is known and what is not, in one sentence: it stands in the evidence (law 13). */
  readonly known: string;
}

/**
 * Nobody answers for their own work (law 5), as far as it is known: the people of every commit that the release
 * brings, and whoever acted here for it. Names are compared as `plainName` has them; a commit's author is what git was
 * told, and proves nothing by itself, so a match is enough to refuse and none is no proof of a second person.
 */
export function separationOf(names: readonly string[], work: Work): Separation {
  const own = ownDeedAmong(names, deedsOf(work));
  if (own) return { against: `this is own work: ${own.said}`, known: own.said };
  const unknown = work.actors.flatMap(({ what, who }) => (isShared(who) ? [what] : []));
  return { against: null, known: sentence(work.release, unknown) };
}

function sentence({ source }: Release, unknown: readonly string[]): string {
  const commits =
    source.kind === "none"
      ? "who wrote the release is not known"
      : source.commits.length === 0
        ? "the release names no commits"
        : `none of the people named by ${source.commits.length === 1 ? "its commit" : `its ${source.commits.length} commits`} answered${source.truncated || source.dirty ? ", and its history is not whole" : ""}; commits are not proven to be theirs`;
  const acted = [...new Set(unknown)];
  return acted.length === 0
    ? commits
    : `${commits}; ${acted.join(" and ")} is known only as a token that anybody may hold`;
}
