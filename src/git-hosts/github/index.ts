import { z } from "zod";
import type { AskHost, GitHost, HostAsked, SaidPull, SaidPush } from "../../ports/git-host.ts";
import { Incomplete, unknownBranch } from "../unknown.ts";

/** GitHub's REST API, version 2022-11-28: protection and rules of the branch, pull requests of each commit, activity. */

const User = z.object({ id: z.int(), type: z.string().optional() }).nullish();
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
  /** How many it has; lists of them end at 250. */
  commits: z.int().nonnegative(),
  head: z.object({
    sha: z.string(),
    ref: z.string(),
    /** Null: whose it was has deleted it. */
    repo: z.object({ full_name: z.string().regex(/^[\w.-]+\/[\w.-]+$/) }).nullish(),
  }),
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
  activity_type: z.string(),
  actor: User,
});
const Protection = z.object({
  required_pull_request_reviews: z
    .object({
      required_approving_review_count: z.int().nonnegative().default(0),
      dismiss_stale_reviews: z.boolean().default(false),
      /** Who need not wait for them. */
      bypass_pull_request_allowances: z
        .record(z.string(), z.union([z.array(z.unknown()), z.unknown()]))
        .nullish(),
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
    const { pulls, listed } = await pullsOf(ask, at, asked);
    const here = await activityOf(ask, at, asked.branch);
    const sources = new Map(pulls.map((pull) => [pull.from, pull]));
    const pushes = await Promise.all(
      [...sources.values()].map(async ({ from, place, ref }) =>
        asPushes(
          from,
          from === asked.branch ? here : await activityOf(ask, place, ref, place !== at),
        ),
      ),
    );
    return {
      branch: await branchOf(ask, at, asked.branch),
      pulls: pulls.map((pull) => ({ ...pull, made: rebased(pull, asked.commits, here, listed) })),
      pushes: [...asPushes(asked.branch, here), ...pushes.flat()],
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
  const mayBypass = Object.values(reviews?.bypass_pull_request_allowances ?? {}).some(
    (who) => Array.isArray(who) && who.length > 0,
  );
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
    includesAdmins:
      old?.enforce_admins?.enabled === true && !mayBypass
        ? true
        : rules.length > 0 || mayBypass
          ? null
          : false,
  };
}

interface Found extends SaidPull {
  /** Where its branch is, and what it is called there: a fork has its own. */
  readonly place: string;
  readonly ref: string;
}

/** `listed`: the pull requests that the host names of each commit. */
async function pullsOf(ask: AskHost, at: string, { branch, commits }: HostAsked) {
  const found = new Map<number, Found | null>();
  const listed = new Map<string, readonly number[]>();
  for (const revision of commits) {
    const path = `${at}/commits/${revision}/pulls?per_page=100`;
    const all = await ask.part(`pull requests of ${revision}`, () => ask.all(path, Listed), []);
    const merged = all.filter(({ merged_at, base }) => merged_at && base.ref === branch);
    const numbers = merged.map(({ number }) => number);
    listed.set(revision, numbers);
    for (const number of numbers) {
      if (found.has(number)) continue;
      found.set(
        number,
        await ask.part(`pull request ${number}`, () => pullOf(ask, at, number), null),
      );
    }
  }
  return { pulls: [...found.values()].filter((pull) => pull !== null), listed };
}

async function pullOf(ask: AskHost, at: string, number: number): Promise<Found | null> {
  const pull = await ask.one(`${at}/pulls/${number}`, Pull);
  if (!pull?.merged) return null;
  const commits = await ask.all(`${at}/pulls/${number}/commits?per_page=100`, Sha);
  if (commits.length !== pull.commits) {
    throw new Incomplete(`it has ${pull.commits} commits, and the host lists ${commits.length}`);
  }
  const reviews = await ask.all(`${at}/pulls/${number}/reviews?per_page=100`, Review);
  const { sha, ref, repo } = pull.head;
  const place = repo ? `/repos/${repo.full_name}` : at;
  return {
    number,
    from: place === at ? ref : `${repo?.full_name ?? ""}:${ref}`,
    place,
    ref,
    head: sha,
    merged: pull.merge_commit_sha ?? null,
    openedBy: idOf(pull.user),
    mergedBy: idOf(pull.merged_by),
    commits: commits.map(({ sha }) => sha),
    made: [],
    reviews: reviews.map((review) => ({
      by: idOf(review.user),
      state: stateOf(review),
      revision: review.commit_id ?? null,
      at: review.submitted_at ?? null,
    })),
  };
}

/** A program's approval is nobody's: a workflow of the pull request itself could give it. */
function stateOf({ state, user }: z.infer<typeof Review>) {
  const said = states[state] ?? "comment";
  return said === "approved" && user?.type === "Bot" ? "comment" : said;
}

const states: Readonly<Record<string, "approved" | "changes" | "dismissed">> = {
  APPROVED: "approved",
  CHANGES_REQUESTED: "changes",
  DISMISSED: "dismissed",
};

/** @param fork one that cannot be read says nothing of who pushed there, and the rest is known all the same */
async function activityOf(ask: AskHost, at: string, branch: string, fork = false) {
  const path = `${at}/activity?ref=${encodeURIComponent(`refs/heads/${branch}`)}&per_page=100`;
  return ask.part(`pushes to ${branch}`, () => ask.all(path, Activity, () => fork), []);
}

function asPushes(branch: string, all: readonly z.infer<typeof Activity>[]): readonly SaidPush[] {
  return all.map(({ before, after, timestamp, actor }) => ({
    branch,
    // Zeros, of a branch that is new, are no commit of it.
    before,
    after,
    count: null,
    by: idOf(actor),
    at: timestamp,
  }));
}

const merges = ["pr_merge", "merge_queue_merge"];

/**
 * The commits that a merge by rebasing has made of those of the pull request: as many, brought to the branch by one merge
 * that ends in the one which the pull request names, and each of the pull request by the host's word.
 */
function rebased(
  { number, merged, commits: own }: SaidPull,
  commits: readonly string[],
  activity: readonly z.infer<typeof Activity>[],
  listed: ReadonlyMap<string, readonly number[]>,
): readonly string[] {
  const merge = activity.find(
    ({ after, activity_type: type }) => after === merged && merges.includes(type),
  );
  if (!merge) return [];
  const range = commits.slice(commits.indexOf(merge.before) + 1, commits.indexOf(merge.after) + 1);
  const whole = range.length === own.length && !range.some((one) => own.includes(one));
  return whole && range.every((one) => listed.get(one)?.includes(number)) ? range : [];
}

function idOf(user: z.infer<typeof User>): string | null {
  return user ? String(user.id) : null;
}
