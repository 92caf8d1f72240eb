import type { Release } from "../../model/release.ts";
import { plainName } from "../access/plain-name.ts";

/** Everybody who is known to have had a hand in what a manual check judges. */
export interface Work {
  readonly release: Release;
  /** Who handed the release in, who asked for the promotion, who registered its pipeline. */
  readonly actors: readonly { readonly what: string; readonly who: string }[];
}

export interface Separation {
  /** Why this person would judge own work; null when nothing known says so. */
  readonly against: string | null;
  /** What is known and what is not, in one sentence: it stands in the evidence (law 13). */
  readonly known: string;
}

/** Names that any holder of the server's token acts under: they tell nobody apart. */
const anybody: ReadonlySet<string> = new Set(["operator", "auto", "tidelock"]);

/**
 * Nobody answers for their own work (law 5), as far as it is known: the people of every commit that the release
 * brings, and whoever acted here for it. Names are compared as `plainName` has them; a commit's author is what git was
 * told, and proves nothing by itself, so a match is enough to refuse and none is no proof of a second person.
 */
export function separationOf(names: readonly string[], { release, actors }: Work): Separation {
  const mine = new Set(names.map(plainName));
  const { source } = release;
  const unknown: string[] = [];
  for (const { what, who } of actors) {
    if (mine.has(plainName(who))) return refused(`${what} was ${who}`);
    if (anybody.has(who) || who.startsWith("token:")) unknown.push(what);
  }
  if (source.kind === "git") {
    for (const { revision, author, committer, coAuthors } of source.commits) {
      for (const person of [author, committer, ...coAuthors]) {
        if (mine.has(plainName(person.email)) || mine.has(plainName(person.name))) {
          return refused(`${person.email} has worked on commit ${revision.slice(0, 12)} of it`);
        }
      }
    }
  }
  return { against: null, known: sentence(release, unknown) };
}

function refused(why: string): Separation {
  return { against: `this is own work: ${why}`, known: why };
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
