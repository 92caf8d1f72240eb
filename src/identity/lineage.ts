import type { Release, Source } from "../model/release.ts";
import { plainName } from "./plain-name.ts";

/**
 * Who had a hand in a piece of work (law 5). A commit's author is what git was told and proves nothing by itself: a match
 * is enough to refuse somebody, and none is no proof of a second person.
 */

/** One thing that somebody did for it. */
export interface Deed {
  /** Without anybody's name: it is kept forever. */
  readonly what: string;
  /** Under which names; none: nobody knows. */
  readonly names: readonly string[];
  /** Whether it is shown that it was them: by a signature, or by signing in. */
  readonly proven: boolean;
  /** With the name, for whoever is refused. */
  readonly said: string;
}

/** Everybody who is known to have had a hand in what is judged. */
export interface Work {
  readonly release: Release;
  /** Who handed the release in, who asked for the promotion, who registered its pipeline. */
  readonly actors: readonly { readonly what: string; readonly who: string }[];
}

/** Names that any holder of a shared token acts under: they tell nobody apart. */
const anybody: ReadonlySet<string> = new Set(["operator", "auto", "tidelock"]);

/** Actors of the ledger that are programs of ours; everybody else is a person and stands there by pseudonym. */
export const programs: ReadonlySet<string> = new Set(["tidelock", "agent"]);

/** The deeds of programs of ours: no person did them. */
export const programDeeds: ReadonlySet<string> = new Set(["auto", "tidelock"]);

/** Whether a name tells nobody apart: that of a shared token, or of a machine's. */
export function isShared(name: string): boolean {
  return anybody.has(plainName(name)) || /^(token|workload):/.test(name);
}

/** Acts here first, then commits, oldest first. Pure. */
export function deedsOf({ release, actors }: Work): readonly Deed[] {
  return [
    ...actors.map(({ what, who }) => ({
      what,
      names: [who],
      proven: !isShared(who),
      said: `${what} was ${who}`,
    })),
    ...commitDeeds(release.source),
  ];
}

/** Authors, committers and co-authors of every commit that a release brings. */
export function commitDeeds(source: Source): readonly Deed[] {
  if (source.kind !== "git") return [];
  return source.commits.flatMap(({ revision, author, committer, coAuthors }) => {
    const commit = revision.slice(0, 12);
    const people = [
      { what: `author of commit ${commit}`, person: author },
      { what: `committer of commit ${commit}`, person: committer },
      ...coAuthors.map((person) => ({ what: `co-author of commit ${commit}`, person })),
    ];
    return people.map(({ what, person: { email, name } }) => ({
      what,
      names: [email, name],
      proven: false,
      said: `${email} has worked on commit ${commit} of it`,
    }));
  });
}

/** The first of the deeds that was done under one of these names. */
export function ownDeedAmong(names: readonly string[], deeds: readonly Deed[]): Deed | undefined {
  const mine = new Set(names.map(plainName));
  return deeds.find((deed) => deed.names.some((name) => mine.has(plainName(name))));
}
