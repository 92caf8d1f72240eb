import type { HostPull, HostReview } from "../../model/git-host.ts";

/** What reviews come to. Nothing of it is known where the host did not say all. */
export interface ReviewFigures {
  readonly commits: number;
  /** Commits that no merged pull request brought whose newest revision somebody else has approved. */
  readonly unreviewed: number;
  /** Approvals that count, of the pull request that has the fewest; null: there is none. */
  readonly approvals: number | null;
  /** Given by who opened it or pushed to it. */
  readonly selfApprovals: number;
  /** Of an earlier revision than the one that was merged. */
  readonly staleApprovals: number;
  /** Pull requests in which somebody's last word asks for changes. */
  readonly changesRequested: number;
}

export function reviewFigures(review: HostReview): ReviewFigures | null {
  if (review.problems.length > 0) return null;
  const judged = new Map(review.pulls.map((pull) => [pull.number, judgePull(pull)]));
  const all = [...judged.values()];
  const sum = (of: (one: JudgedPull) => number) => all.reduce((count, one) => count + of(one), 0);
  return {
    commits: review.commits.length,
    unreviewed: review.commits.filter(({ pull }) => (judged.get(pull ?? 0)?.approvals ?? 0) === 0)
      .length,
    approvals: all.length === 0 ? null : Math.min(...all.map(({ approvals }) => approvals)),
    selfApprovals: sum(({ self }) => self),
    staleApprovals: sum(({ stale }) => stale),
    changesRequested: all.filter(({ changes }) => changes > 0).length,
  };
}

interface JudgedPull {
  readonly approvals: number;
  readonly self: number;
  readonly stale: number;
  readonly changes: number;
}

/** The last word of each account; one that only comments takes nothing back. */
export function judgePull({ reviews, head, openedBy, commits }: HostPull): JudgedPull {
  const own = new Set([openedBy, ...commits.map(({ pushedBy }) => pushedBy)]);
  const last = new Map<string, HostPull["reviews"][number]>();
  const inOrder = reviews.toSorted((a, b) => Date.parse(a.at ?? "") - Date.parse(b.at ?? ""));
  for (const review of inOrder) {
    if (review.by !== null && review.state !== "comment") last.set(review.by, review);
  }
  const words = [...last.values()];
  const approved = words.filter(({ state }) => state === "approved");
  const self = approved.filter(({ by }) => own.has(by));
  const others = approved.filter(({ by }) => !own.has(by));
  return {
    approvals: others.filter(({ revision }) => revision === head).length,
    self: self.length,
    stale: others.filter(({ revision }) => revision !== head).length,
    changes: words.filter(({ state }) => state === "changes").length,
  };
}
