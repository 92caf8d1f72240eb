import { expect, it } from "vitest";
import type { HostReviewView } from "../api/routes/host-reviews.ts";
import { reviewCard } from "./review-card.ts";

const [reviewed, later, direct] = ["1".repeat(40), "2".repeat(40), "3".repeat(40)] as const;

const view = {
  host: { kind: "gitea", url: "https://git.example", project: "acme/shop", branch: "main" },
  release: `sha256:${"0".repeat(64)}`,
  revision: later,
  askedAt: "2026-03-02T09:14:00.000Z",
  problems: [],
  branch: {
    protected: true,
    requiredApprovals: 1,
    dismissesStale: false,
    refusesForcePush: true,
    includesAdmins: true,
  },
  commits: [
    { revision: later, pull: 2, pushedBy: null },
    { revision: direct, pull: null, pushedBy: "git.example:1" },
  ],
  pulls: [
    {
      number: 2,
      head: later,
      merged: null,
      openedBy: "git.example:2",
      mergedBy: "git.example:2",
      commits: [{ revision: later, pushedBy: "git.example:2" }],
      reviews: [
        { by: "git.example:3", state: "approved", revision: reviewed, at: "2026-03-01T09:00:00Z" },
      ],
    },
  ],
  answers: [],
  digest: `sha256:${"1".repeat(64)}`,
  stale: false,
  figures: {
    commits: 2,
    unreviewed: 2,
    approvals: 0,
    selfApprovals: 0,
    staleApprovals: 1,
    changesRequested: 0,
  },
} satisfies HostReviewView;

const line = (of: HostReviewView, title: string) =>
  reviewCard(of).lines.find(([name]) => name === title)?.[1];

it("names the commits that no pull request brought, and reviews of what was pushed over since", () => {
  expect(line(view, "commits")).toBe("2, 1 of them by pull requests; by none: 333333333333");
  expect(line(view, "#2")).toContain(
    "approved by git.example:3, of the earlier revision 111111111111",
  );
});

it("claims no count of pull requests that the host did not say to their end", () => {
  const partly = { ...view, figures: null, problems: ["pull requests: answers 404"] };
  expect(line(partly, "commits")).toBe("2; by which pull requests is not known to its end");
});
