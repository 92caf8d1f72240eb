import { z } from "zod";
import type { AskHost, GitHost, HostAsked, SaidPull, SaidPush } from "../../ports/git-host.ts";
import { unknownBranch } from "../unknown.ts";

/** GitHub's REST API, version 2022-11-28: protection and rules of the branch, pull requests of each commit, activity. */

const User = z.object({ id: z.int() }).nullish();
const Listed = z.object({
  number: z.int().positive(),
  merged_at: z.string().nullish(),
  base: z.object({ ref: z.string() }),
});
const Pull = z.object({
  number: z.int().positive(),
  merged: z.boolean(),
  merge_commit_sha: z.string().nullish(),
  user: User,
  merged_by: User,
  head: z.object({ sha: z.string(), ref: z.string() }),
});
const Review = z.object({
  user: User,
  state: z.string(),
  commit_id: z.string().nullish(),
  submitted_at: z.string().nullish(),
});
const Activity = z.object({
  before: z.string(),
  after: z.string(),
  ref: z.string(),
  timestamp: z.string(),
  actor: User,
});
const Protection = z.object({
  required_pull_request_reviews: z
    .object({
      required_approving_review_count: z.int().nonnegative().default(0),
      dismiss_stale_reviews: z.boolean().default(false),
    })
    .nullish(),
  enforce_admins: z.object({ enabled: z.boolean() }).nullish(),
  allow_force_pushes: z.object({ enabled: z.boolean() }).nullish(),
});
const Rule = z.object({
  type: z.string(),
  parameters: z
    .object({
      required_approving_review_count: z.int().nonnegative().optional(),
      dismiss_stale_reviews_on_push: z.boolean().optional(),
    })
    .nullish(),
});
const Sha = z.object({ sha: z.string() });

export const github: GitHost = {
  id: "github",
  headers: (token) => ({
    accept: "application/vnd.github+json",
    authorization: `Bearer ${token}`,
    "x-github-api-version": "2022-11-28",
  }),
  async gather(ask, asked) {
    const at = `/repos/${asked.project}`;
    const pulls = await pullsOf(ask, at, asked);
    const branches = [...new Set([asked.branch, ...pulls.map(({ from }) => from)])];
    return {
      branch: await branchOf(ask, at, asked.branch),
      pulls,
      pushes: (await Promise.all(branches.map((one) => pushesTo(ask, at, one)))).flat(),
    };
  },
};

async function branchOf(ask: AskHost, at: string, branch: string) {
  const name = encodeURIComponent(branch);
  const missing = (body: string) => body.includes("Branch not protected");
  const path = `${at}/branches/${name}/protection`;
  const old = await ask.part(
    "branch protection",
    () => ask.one(path, Protection, missing),
    undefined,
  );
  const rules = await ask.part(
    "branch rules",
    () => ask.all(`${at}/rules/branches/${name}?per_page=100`, Rule),
    undefined,
  );
  // What neither says may still be said by the one that did not answer.
  if (old === undefined || rules === undefined) return unknownBranch;
  const pull = rules.filter(({ type }) => type === "pull_request");
  const reviews = old?.required_pull_request_reviews;
  return {
    protected: old !== null || rules.length > 0,
    requiredApprovals: Math.max(
      reviews?.required_approving_review_count ?? 0,
      ...pull.map((rule) => rule.parameters?.required_approving_review_count ?? 0),
    ),
    dismissesStale:
      reviews?.dismiss_stale_reviews === true ||
      pull.some((rule) => rule.parameters?.dismiss_stale_reviews_on_push === true),
    refusesForcePush:
      (old !== null && old.allow_force_pushes?.enabled !== true) ||
      rules.some(({ type }) => type === "non_fast_forward"),
    // Who may pass a rule set by is not said to everybody.
    includesAdmins: old?.enforce_admins?.enabled === true ? true : rules.length > 0 ? null : false,
  };
}

async function pullsOf(ask: AskHost, at: string, { branch, commits }: HostAsked) {
  const found = new Map<number, SaidPull | null>();
  for (const revision of commits) {
    const path = `${at}/commits/${revision}/pulls?per_page=100`;
    const listed = await ask.part(`pull requests of ${revision}`, () => ask.all(path, Listed), []);
    for (const { number, merged_at, base } of listed) {
      if (!merged_at || base.ref !== branch || found.has(number)) continue;
      found.set(
        number,
        await ask.part(`pull request ${number}`, () => pullOf(ask, at, number), null),
      );
    }
  }
  return [...found.values()].filter((pull) => pull !== null);
}

async function pullOf(ask: AskHost, at: string, number: number): Promise<SaidPull | null> {
  const pull = await ask.one(`${at}/pulls/${number}`, Pull);
  if (!pull?.merged) return null;
  const commits = await ask.all(`${at}/pulls/${number}/commits?per_page=100`, Sha);
  const reviews = await ask.all(`${at}/pulls/${number}/reviews?per_page=100`, Review);
  return {
    number,
    from: pull.head.ref,
    head: pull.head.sha,
    merged: pull.merge_commit_sha ?? null,
    openedBy: idOf(pull.user),
    mergedBy: idOf(pull.merged_by),
    commits: commits.map(({ sha }) => sha),
    reviews: reviews.map((review) => ({
      by: idOf(review.user),
      state: states[review.state] ?? "comment",
      revision: review.commit_id ?? null,
      at: review.submitted_at ?? null,
    })),
  };
}

const states: Readonly<Record<string, "approved" | "changes" | "dismissed">> = {
  APPROVED: "approved",
  CHANGES_REQUESTED: "changes",
  DISMISSED: "dismissed",
};

async function pushesTo(ask: AskHost, at: string, branch: string): Promise<readonly SaidPush[]> {
  const path = `${at}/activity?ref=${encodeURIComponent(`refs/heads/${branch}`)}&per_page=100`;
  const pushes = await ask.part(`pushes to ${branch}`, () => ask.all(path, Activity), []);
  return pushes.map(({ before, after, timestamp, actor }) => ({
    branch,
    // Zeros, of a branch that is new, are no commit of it.
    before,
    after,
    count: null,
    by: idOf(actor),
    at: timestamp,
  }));
}

function idOf(user: z.infer<typeof User>): string | null {
  return user ? String(user.id) : null;
}
