import type { HostReviewView } from "../api/routes/host-reviews.ts";
import type { Card } from "./output/print.ts";

/** What a git host said, for people. */
export function reviewCard(view: HostReviewView): Card<HostReviewView> {
  const { host, figures, branch } = view;
  const direct = view.commits.filter(({ pull }) => pull === null).map(({ revision }) => revision);
  return {
    item: view,
    name: view.digest,
    lines: [
      ["host", `${host.kind} at ${host.url}, ${host.project}, branch ${host.branch}`],
      ["asked", `${view.askedAt}${view.stale ? " (too old to count)" : ""}`],
      ["branch", branchText(branch)],
      ["commits", commitsText(view.commits.length, direct, figures !== null)],
      [
        "reviews",
        figures === null
          ? "not known"
          : `${figures.unreviewed} commits without a review by somebody else of exactly what was merged; ${figures.staleApprovals} approvals of earlier revisions, ${figures.selfApprovals} of own work, ${figures.changesRequested} pull requests with changes asked for`,
      ],
      ...view.pulls.map((pull): [string, string] => [
        `#${pull.number}`,
        `opened by ${pull.openedBy ?? "?"}, pushed by ${pushers(pull)}, merged by ${pull.mergedBy ?? "?"}; ${reviewsText(pull)}`,
      ]),
      ...view.problems.map((problem): [string, string] => ["not known", problem]),
      ["statement", view.digest],
    ],
  };
}

/** Whoever is refused for commits without a review wants to know which. */
function commitsText(all: number, direct: readonly string[], known: boolean): string {
  if (!known) return `${all}; by which pull requests is not known to its end`;
  const shown = direct.slice(0, 5).map((revision) => revision.slice(0, 12));
  const more = direct.length - shown.length;
  const which = shown.length === 0 ? "" : `; by none: ${shown.join(", ")}`;
  return `${all}, ${all - direct.length} of them by pull requests${which}${more > 0 ? ` and ${more} more` : ""}`;
}

/** A push after a review leaves it behind. */
function reviewsText({ reviews, head }: HostReviewView["pulls"][number]): string {
  return (
    reviews
      .map(({ by, state, revision }) => {
        const earlier = revision !== null && revision !== head;
        return `${state} by ${by ?? "?"}${earlier ? `, of the earlier revision ${revision.slice(0, 12)}` : ""}`;
      })
      .join(", ") || "no review"
  );
}

function pushers({ commits }: HostReviewView["pulls"][number]): string {
  return [...new Set(commits.map(({ pushedBy }) => pushedBy ?? "?"))].join(", ") || "?";
}

function branchText(branch: HostReviewView["branch"]): string {
  if (branch.protected === null) return "whether it is protected is not known";
  if (!branch.protected) return "not protected";
  const say = (value: boolean | null, yes: string, no: string) =>
    value === null ? `whether ${yes} is not known` : value ? yes : no;
  return [
    `protected, ${branch.requiredApprovals ?? "?"} approvals required`,
    say(branch.dismissesStale, "a push takes approvals back", "approvals outlast a push"),
    say(branch.refusesForcePush, "force pushes are refused", "force pushes are allowed"),
    say(
      branch.includesAdmins,
      "administrators are held to it",
      "administrators are not held to it",
    ),
  ].join("; ");
}
