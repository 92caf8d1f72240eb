import { z } from "zod";
import type { AskHost, GitHost, HostAsked, SaidPull, SaidPush } from "../../ports/git-host.ts";
import { openBranch, unknownBranch } from "../unknown.ts";

/** GitLab's API v4. An approval has a time and no revision: it counts for the version that was the newest then. */

const User = z.object({ id: z.int(), username: z.string().optional() }).nullish();
const Listed = z.object({ iid: z.int().positive(), state: z.string(), target_branch: z.string() });
const Merge = z.object({
  iid: z.int().positive(),
  source_branch: z.string(),
  sha: z.string().nullish(),
  merge_commit_sha: z.string().nullish(),
  squash_commit_sha: z.string().nullish(),
  author: User,
  merge_user: User,
  merged_by: User,
});
const Version = z.object({ head_commit_sha: z.string(), created_at: z.string() });
const Approvals = z.object({
  approved_by: z.array(z.object({ user: User, approved_at: z.string().nullish() })).default([]),
});
const ProtectedBranch = z.object({ name: z.string(), allow_force_push: z.boolean().optional() });
const ProjectApprovals = z.object({
  approvals_before_merge: z.int().nonnegative().nullish(),
  reset_approvals_on_push: z.boolean().nullish(),
});
const ApprovalRule = z.object({
  approvals_required: z.int().nonnegative(),
  rule_type: z.string(),
  /** None: it is about all branches. */
  protected_branches: z.array(z.object({ name: z.string() })).default([]),
});
const Pushed = z.object({
  author: User,
  created_at: z.string(),
  push_data: z
    .object({
      ref: z.string().nullish(),
      commit_from: z.string().nullish(),
      commit_to: z.string().nullish(),
      commit_count: z.int().nonnegative().nullish(),
    })
    .nullish(),
});
const Id = z.object({ id: z.string() });

export const gitlab: GitHost = {
  id: "gitlab",
  headers: (token) => ({ "private-token": token }),
  async gather(ask, asked) {
    const at = `/api/v4/projects/${encodeURIComponent(asked.project)}`;
    return {
      branch: await ask.part(
        "branch protection",
        () => branchOf(ask, at, asked.branch),
        unknownBranch,
      ),
      pulls: await mergesOf(ask, at, asked),
      pushes: await ask.part("pushes", () => pushesOf(ask, at), []),
    };
  },
};

async function branchOf(ask: AskHost, at: string, branch: string) {
  const all = await ask.all(`${at}/protected_branches?per_page=100`, ProtectedBranch);
  // Several may mean it: what one of them allows is allowed.
  const own = all.filter(({ name }) => means(name, branch));
  if (own.length === 0) return openBranch;
  const rules = await ask.part(
    "approval rules",
    () => ask.all(`${at}/approval_rules?per_page=100`, ApprovalRule, notThere),
    null,
  );
  const project = await ask.part(
    "approval settings",
    () => ask.one(`${at}/approvals`, ProjectApprovals, notThere),
    null,
  );
  // Others ask only for what touches their files, or fails their scan.
  const asking = rules?.filter(
    ({ rule_type: type, protected_branches: about }) =>
      ["regular", "any_approver"].includes(type) &&
      (about.length === 0 || about.some(({ name }) => means(name, branch))),
  );
  const force = own.map((one) => one.allow_force_push);
  return {
    protected: true,
    requiredApprovals:
      asking === undefined
        ? null
        : Math.max(
            project?.approvals_before_merge ?? 0,
            ...asking.map((rule) => rule.approvals_required),
          ),
    dismissesStale: project?.reset_approvals_on_push ?? null,
    refusesForcePush: force.includes(undefined) ? null : !force.includes(true),
    // Who may unprotect a branch may do what it forbids; it is not said here who that is.
    includesAdmins: null,
  };
}

/** An edition without approval rules does not know the address; a project that is not there answers otherwise. */
function notThere(body: string): boolean {
  return /^\{"error":"404 Not Found"\}$/.test(body.trim());
}

/** `*` stands for anything in the name of a protected branch. */
function means(name: string, branch: string): boolean {
  const [first = "", ...rest] = name.split("*");
  const last = rest.pop();
  if (last === undefined) return name === branch;
  if (!branch.startsWith(first)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = branch.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return branch.length - last.length >= at && branch.endsWith(last);
}

async function mergesOf(ask: AskHost, at: string, { branch, commits }: HostAsked) {
  const found = new Map<number, SaidPull | null>();
  for (const revision of commits) {
    const path = `${at}/repository/commits/${revision}/merge_requests?per_page=100`;
    const listed = await ask.part(`merge requests of ${revision}`, () => ask.all(path, Listed), []);
    for (const { iid, state, target_branch } of listed) {
      if (state !== "merged" || target_branch !== branch || found.has(iid)) continue;
      found.set(iid, await ask.part(`merge request ${iid}`, () => mergeOf(ask, at, iid), null));
    }
  }
  return [...found.values()].filter((one) => one !== null);
}

async function mergeOf(ask: AskHost, at: string, iid: number): Promise<SaidPull | null> {
  const of = `${at}/merge_requests/${iid}`;
  const merge = await ask.one(of, Merge);
  if (!merge) return null;
  const commits = await ask.all(`${of}/commits?per_page=100`, Id);
  const versions = await ask.all(`${of}/versions?per_page=100`, Version);
  const approvals = await ask.one(`${of}/approvals`, Approvals);
  const head = merge.sha ?? commits[0]?.id ?? "";
  return {
    number: iid,
    from: merge.source_branch,
    head,
    merged: merge.squash_commit_sha ?? merge.merge_commit_sha ?? null,
    openedBy: idOf(merge.author),
    mergedBy: idOf(merge.merge_user ?? merge.merged_by),
    // The newest comes first.
    commits: commits.map(({ id }) => id).toReversed(),
    // Melted into one and merged by another, it has made two.
    made: [merge.merge_commit_sha, merge.squash_commit_sha].flatMap((one) => one ?? []),
    reviews: (approvals?.approved_by ?? []).map(({ user, approved_at: at }) => ({
      by: idOf(user),
      // A program's approval is nobody's.
      state: isProgram(user) ? ("comment" as const) : ("approved" as const),
      revision: versionAt(versions, at ?? null),
      at: at ?? null,
    })),
  };
}

/** The user of an access token of a project or a group, by the name that GitLab gives it. */
function isProgram(user: z.infer<typeof User>): boolean {
  return /^(project|group)_\d+_bot(_|$)/.test(user?.username ?? "");
}

function versionAt(versions: readonly z.infer<typeof Version>[], at: string | null): string | null {
  if (at === null) return null;
  const before = versions.filter(({ created_at }) => Date.parse(created_at) <= Date.parse(at));
  const newest = before.toSorted((a, b) => Date.parse(b.created_at) - Date.parse(a.created_at))[0];
  return newest?.head_commit_sha ?? null;
}

async function pushesOf(ask: AskHost, at: string): Promise<readonly SaidPush[]> {
  const events = await ask.all(`${at}/events?action=pushed&per_page=100`, Pushed);
  return events.flatMap(({ author, created_at: time, push_data: pushed }) =>
    pushed?.ref && pushed.commit_to
      ? [
          {
            branch: pushed.ref,
            before: pushed.commit_from ?? null,
            after: pushed.commit_to,
            count: pushed.commit_count ?? null,
            by: idOf(author),
            at: time,
          },
        ]
      : [],
  );
}

function idOf(user: z.infer<typeof User>): string | null {
  return user ? String(user.id) : null;
}
