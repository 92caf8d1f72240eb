import { z } from "zod";
import type { AskHost, GitHost, HostAsked, SaidPull, SaidPush } from "../../ports/git-host.ts";
import { openBranch, unknownBranch } from "../unknown.ts";

/** Gitea's API v1, which Forgejo has too. It says of a merge commit alone which pull request made it, so all are looked through. */

const User = z.object({ id: z.int() }).nullish();
const Pull = z.object({
  number: z.int().positive(),
  merged: z.boolean(),
  merge_commit_sha: z.string().nullish(),
  user: User,
  merged_by: User,
  base: z.object({ ref: z.string() }),
  head: z.object({ sha: z.string(), ref: z.string() }),
});
const Review = z.object({
  user: User,
  state: z.string(),
  stale: z.boolean().optional(),
  dismissed: z.boolean().optional(),
  commit_id: z.string().nullish(),
  submitted_at: z.string().nullish(),
});
const Rule = z.object({
  rule_name: z.string(),
  required_approvals: z.int().nonnegative().default(0),
  dismiss_stale_approvals: z.boolean().default(false),
  enable_force_push: z.boolean().default(false),
  block_admin_merge_override: z.boolean().optional(),
});
const Feed = z.object({
  op_type: z.string(),
  act_user: User,
  ref_name: z.string(),
  content: z.string(),
  created: z.string(),
});
const Content = z.object({
  HeadCommit: z.object({ Sha1: z.string() }),
  Len: z.int().nonnegative(),
});
const Sha = z.object({ sha: z.string() });

export const gitea: GitHost = {
  id: "gitea",
  headers: (token) => ({ authorization: `token ${token}` }),
  async gather(ask, asked) {
    const at = `/api/v1/repos/${asked.project}`;
    return {
      branch: await ask.part(
        "branch protection",
        () => branchOf(ask, at, asked.branch),
        unknownBranch,
      ),
      pulls: await ask.part("pull requests", () => pullsOf(ask, at, asked), []),
      pushes: await ask.part("pushes", () => pushesOf(ask, at), []),
    };
  },
};

async function branchOf(ask: AskHost, at: string, branch: string) {
  const rules = await ask.all(`${at}/branch_protections`, Rule);
  const own = rules.find(({ rule_name }) => rule_name === branch);
  // Which of several patterns counts is for the host to say.
  if (!own)
    return rules.some(({ rule_name }) => /[*?[{]/.test(rule_name)) ? unknownBranch : openBranch;
  return {
    protected: true,
    requiredApprovals: own.required_approvals,
    dismissesStale: own.dismiss_stale_approvals,
    refusesForcePush: !own.enable_force_push,
    includesAdmins: own.block_admin_merge_override ?? null,
  };
}

async function pullsOf(ask: AskHost, at: string, { branch, commits }: HostAsked) {
  const listed = await ask.all(`${at}/pulls?state=closed&sort=recentupdate&limit=50`, Pull);
  const wanted = new Set(commits);
  const found: SaidPull[] = [];
  for (const pull of listed) {
    if (!pull.merged || pull.base.ref !== branch) continue;
    const own = await ask.all(
      `${at}/pulls/${pull.number}/commits?limit=50&files=false&verification=false`,
      Sha,
    );
    // The newest comes first.
    const all = own.map(({ sha }) => sha).toReversed();
    if (![...all, pull.merge_commit_sha ?? ""].some((sha) => wanted.has(sha))) continue;
    const reviews = await ask.all(`${at}/pulls/${pull.number}/reviews?limit=50`, Review);
    // A list does not say who merged.
    const whole = await ask.one(`${at}/pulls/${pull.number}`, Pull);
    found.push({
      number: pull.number,
      from: pull.head.ref,
      head: all.at(-1) ?? pull.head.sha,
      merged: pull.merge_commit_sha ?? null,
      openedBy: idOf(pull.user),
      mergedBy: idOf(whole?.merged_by),
      commits: all,
      made: [],
      reviews: reviews.map((review) => ({
        by: idOf(review.user),
        state: review.dismissed ? "dismissed" : (states[review.state] ?? "comment"),
        revision: review.commit_id || null,
        at: review.submitted_at ?? null,
      })),
    });
  }
  return found;
}

const states: Readonly<Record<string, "approved" | "changes">> = {
  APPROVED: "approved",
  REQUEST_CHANGES: "changes",
};

async function pushesOf(ask: AskHost, at: string): Promise<readonly SaidPush[]> {
  const feed = await ask.all(`${at}/activities/feeds?limit=50`, Feed);
  return feed.flatMap(({ op_type, act_user, ref_name, content, created }) => {
    if (op_type !== "commit_repo") return [];
    const pushed = readContent(content);
    if (pushed === null) return [];
    const branch = ref_name.replace(/^refs\/heads\//, "");
    const { HeadCommit: head, Len: count } = pushed;
    return [{ branch, before: null, after: head.Sha1, count, by: idOf(act_user), at: created }];
  });
}

function readContent(content: string): z.infer<typeof Content> | null {
  try {
    return Content.parse(JSON.parse(content));
  } catch {
    return null;
  }
}

function idOf(user: z.infer<typeof User>): string | null {
  return user && user.id > 0 ? String(user.id) : null;
}
