import type { ReadCommit } from "../../evidence/git/commit-bundle.ts";
import type { Commit, Person } from "../../model/release.ts";
import type { Deed } from "../lineage.ts";

/** Whether somebody stands behind a name, so that whoever it is can be told from others. */
export type IsSomebody = (name: string) => boolean;

/**
 * Who worked on a commit. A signature shows who vouches for it. Author, committer and co-authors are what git was told:
 * each counts as whoever the name belongs to, and is not proven where nobody vouches for the commit or nobody is known by
 * the name: a second address of an approver would look like that.
 *
 * @param read the commit itself, where it was handed in: it may say something else than the release does
 * @param hostCommitter address that a git host put there as committer of a commit of which it says who made it on its
 *   pages: no deed of anybody, as that account's is one
 */
export function deedsOfCommit(
  commit: Commit,
  read: ReadCommit | undefined,
  vouched: boolean,
  isSomebody: IsSomebody,
  hostCommitter: string | null = null,
): readonly Deed[] {
  const short = commit.revision.slice(0, 12);
  const people = (one: Parameters<typeof peopleOf>[0]) =>
    peopleOf(one).filter(
      ({ what, person }) => what !== "committer" || person.email !== hostCommitter,
    );
  const said = people(commit);
  const inside = read ? people(read) : [];
  const has = (list: typeof said, { what, person }: (typeof said)[number]) =>
    list.some((one) => one.what === what && one.person.email === person.email);
  const proven = ({ what, person }: (typeof said)[number]) =>
    vouched && isSomebody(person.email) && (!read || has(inside, { what, person }));
  return [...said, ...inside.filter((one) => !has(said, one))].map((one) => ({
    what: `${one.what} of commit ${short}`,
    names: [one.person.email, one.person.name].filter((name) => name !== ""),
    proven: proven(one),
    said: `${one.person.email} has worked on commit ${short} of it`,
  }));
}

function peopleOf({
  author,
  committer,
  coAuthors,
}: {
  readonly author: Person;
  readonly committer: Person;
  readonly coAuthors: readonly Person[];
}) {
  return [
    { what: "author", person: author },
    { what: "committer", person: committer },
    ...coAuthors.map((person) => ({ what: "co-author", person })),
  ];
}
