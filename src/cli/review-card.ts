import type { HostReviewView } from "../api/routes-host-reviews.ts";
import type { Card } from "./output/print.ts";

/** What a git host said, for people. */
export function reviewCard(view: HostReviewView): Card<HostReviewView> {
  const { host, figures, branch } = view;
  const brought = view.commits.filter(({ pull }) => pull !== null).length;
  return {
    item: view,
    name: view.digest,
    lines: [
      ["host", `${host.kind} at ${host.url}, ${host.project}, branch ${host.branch}`],
      ["asked", `${view.askedAt}${view.stale ? " (too old to count)" : ""}`],
      ["branch", branchText(branch)],
      ["commits", `${view.commits.length}, ${brought} of them by pull requests`],
      [
        "reviews",
        figures === null
          ? "not known"
          : `${figures.unreviewed} commits without a review by somebody else of exactly what was merged; ${figures.staleApprovals} approvals of earlier revisions, ${figures.selfApprovals} of own work, ${figures.changesRequested} pull requests with changes asked for`,
      ],
      ...view.pulls.map((pull): [string, string] => [
        `#${pull.number}`,
        `opened by ${pull.openedBy ?? "?"}, pushed by ${pushers(pull)}, merged by ${pull.mergedBy ?? "?"}; ${pull.reviews.map(({ by, state }) => `${state} by ${by ?? "?"}`).join(", ") || "no review"}`,
      ]),
      ...view.problems.map((problem): [string, string] => ["not known", problem]),
      ["statement", view.digest],
    ],
  };
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
