import type { HostPull, HostReview } from "../../model/git-host.ts";
import type { Deed } from "../lineage.ts";
import type { IsSomebody } from "./deeds.ts";

/** Who pushed and merged, by the word of a git host: accounts there, each a name of the person to whom it is linked. */

/** Commit to the account that brought it: whoever pushed it, or made it by merging. */
export function pushersIn({ commits, pulls }: HostReview): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const put = (revision: string, account: string | null) => {
    if (account !== null) found.set(revision, account);
  };
  for (const { revision, pushedBy } of commits) put(revision, pushedBy);
  for (const pull of pulls) {
    if (pull.merged !== null) put(pull.merged, pull.mergedBy);
    for (const { revision, pushedBy } of pull.commits) put(revision, pushedBy);
  }
  return found;
}

/**
 * Opening, merging, and pushing what the merge has melted into one. Who pushed a commit that is there itself is said with
 * the commit.
 *
 * @param here commits of the releases themselves: one that is signed needs no known push
 */
export function deedsOfPull(
  pull: HostPull,
  here: ReadonlySet<string>,
  isSomebody: IsSomebody,
): readonly Deed[] {
  const number = `#${pull.number}`;
  const melted = pull.commits.filter(({ revision }) => !here.has(revision));
  return [
    accountDeed("opener of", number, pull.openedBy, isSomebody),
    accountDeed("merger of", number, pull.mergedBy, isSomebody),
    ...melted.map((one) => accountDeed("pusher of commit", one.revision, one.pushedBy, isSomebody)),
  ];
}

export function accountDeed(
  what: string,
  which: string,
  account: string | null,
  isSomebody: IsSomebody,
): Deed {
  const short = which.startsWith("#") ? which : which.slice(0, 12);
  return {
    what: `${what} ${short}`,
    names: account === null ? [] : [account],
    proven: account !== null && isSomebody(account),
    said: `${account ?? "nobody who is known"} was ${what} ${short}`,
  };
}
