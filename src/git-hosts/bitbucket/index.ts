import { z } from "zod";
import type { AskHost, GitHost, HostAsked, SaidPull, SaidPush } from "../../ports/git-host.ts";
import { openBranch, unknownBranch } from "../unknown.ts";

/**
 * Bitbucket Cloud's API 2.0. Hashes in pull requests are shortened, so they are taken from the lists of commits; approvals
 * and pushes stand in the activity of a pull request, by time.
 */

const User = z.object({ uuid: z.string(), type: z.string().optional() }).nullish();
const Hash = z.object({ hash: z.string() });
const Listed = z.object({ id: z.int().positive() });
const Pull = z.object({
  id: z.int().positive(),
  state: z.string(),
  author: User,
  closed_by: User,
  destination: z.object({ branch: z.object({ name: z.string() }) }),
  source: z.object({ branch: z.object({ name: z.string() }), commit: Hash.nullish() }),
  merge_commit: Hash.nullish(),
  /** What each of them says now. */
  participants: z
    .array(
      z.object({ user: User, state: z.string().nullish(), participated_on: z.string().nullish() }),
    ) // prettier-ignore
    .default([]),
});
const Activity = z.object({
  approval: z.object({ date: z.string(), user: User }).optional(),
  changes_requested: z.object({ date: z.string(), user: User }).optional(),
  update: z
    .object({
      date: z.string(),
      author: User,
      source: z.object({ commit: Hash.nullish() }).nullish(),
    })
    .optional(),
});
const Restriction = z.object({
  kind: z.string(),
  pattern: z.string(),
  branch_match_kind: z.string().optional(),
  value: z.int().nonnegative().nullish(),
  users: z.array(z.unknown()).default([]),
  groups: z.array(z.unknown()).default([]),
});

export const bitbucket: GitHost = {
  id: "bitbucket",
  headers: (token) => ({ authorization: `Bearer ${token}` }),
  async gather(ask, asked) {
    const at = `/2.0/repositories/${asked.project}`;
    const found = await pullsOf(ask, at, asked);
    return {
      branch: await ask.part(
        "branch restrictions",
        () => branchOf(ask, at, asked.branch),
        unknownBranch,
      ),
      pulls: found.map(({ pull }) => pull),
      pushes: found.flatMap(({ pushes }) => pushes),
    };
  },
};

async function branchOf(ask: AskHost, at: string, branch: string) {
  const all = await ask.all(`${at}/branch-restrictions?pagelen=100`, Restriction);
  // A pattern or a branching model may mean the branch too; which, the host alone knows.
  const vague = all.some(
    ({ branch_match_kind: kind, pattern }) => kind === "branching_model" || /[*?]/.test(pattern),
  );
  const own = all.filter(({ pattern }) => pattern === branch);
  if (own.length === 0) return vague ? unknownBranch : openBranch;
  const has = (kind: string) => own.some((one) => one.kind === kind);
  const nobodyMay = (kind: string) =>
    own.some((one) => one.kind === kind && one.users.length + one.groups.length === 0);
  return {
    protected: true,
    // Unless it is enforced, it is a warning on the page, and whoever may merge merges all the same.
    requiredApprovals: has("enforce_merge_checks")
      ? Math.max(0, ...own.map(({ kind, value }) => (kind === "require_approvals_to_merge" ? (value ?? 0) : 0))) // prettier-ignore
      : 0,
    dismissesStale: has("reset_pullrequest_approvals_on_change"),
    refusesForcePush: nobodyMay("force"),
    // Administrators may change restrictions, and are held to them until they do.
    includesAdmins: nobodyMay("push") ? true : null,
  };
}

interface Found {
  readonly pull: SaidPull;
  readonly pushes: readonly SaidPush[];
}

async function pullsOf(ask: AskHost, at: string, { branch, commits }: HostAsked) {
  const found = new Map<number, Found | null>();
  for (const revision of commits) {
    const path = `${at}/commit/${revision}/pullrequests?pagelen=50`;
    const listed = await ask.part(`pull requests of ${revision}`, () => ask.all(path, Listed), []);
    for (const { id } of listed) {
      if (found.has(id)) continue;
      found.set(id, await ask.part(`pull request ${id}`, () => pullOf(ask, at, id, branch), null));
    }
  }
  return [...found.values()].filter((one) => one !== null);
}

async function pullOf(ask: AskHost, at: string, id: number, branch: string): Promise<Found | null> {
  const of = `${at}/pullrequests/${id}`;
  const pull = await ask.one(of, Pull);
  if (pull?.state !== "MERGED" || pull.destination.branch.name !== branch) return null;
  const listed = await ask.all(`${of}/commits?pagelen=100`, Hash);
  // The newest comes first.
  const commits = listed.map(({ hash }) => hash).toReversed();
  const activity = await ask.all(`${of}/activity?pagelen=50`, Activity);
  const whole = async (hash: string | undefined) =>
    hash === undefined ? null : ((await ask.one(`${at}/commit/${hash}`, Hash))?.hash ?? null);
  const heads = activity
    .flatMap(({ update }) => {
      const short = update?.source?.commit?.hash;
      const after = short && commits.find((one) => one.startsWith(short));
      return update && after ? [{ after, by: idOf(update.author), at: update.date }] : [];
    })
    .toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at));
  // The first is the opening itself, which says nothing of who had pushed before.
  const pushes = heads.slice(1).map((head, index) => ({
    ...head,
    branch: pull.source.branch.name,
    before: heads[index]?.after ?? null,
    count: null,
  }));
  const newestAt = (date: string) =>
    heads
      .filter((push) => Date.parse(push.at) <= Date.parse(date))
      .toSorted((a, b) => Date.parse(b.at) - Date.parse(a.at))[0]?.after ?? null;
  return {
    pull: {
      number: id,
      from: pull.source.branch.name,
      head: commits.at(-1) ?? "",
      merged: await whole(pull.merge_commit?.hash),
      openedBy: idOf(pull.author),
      mergedBy: idOf(pull.closed_by),
      commits,
      made: [],
      reviews: reviewsIn(activity, pull.participants, newestAt),
    },
    pushes,
  };
}

/**
 * An approval stands in the activity, with its time, and counts while its giver still says so: one that was taken back, or
 * that a change has reset, is gone from the participants alone. A program's is nobody's.
 */
function reviewsIn(
  activity: readonly z.infer<typeof Activity>[],
  participants: z.infer<typeof Pull>["participants"],
  newestAt: (date: string) => string | null,
): SaidPull["reviews"] {
  const now = new Map(participants.map(({ user, state }) => [idOf(user), state ?? null]));
  const said = activity.flatMap(({ approval, changes_requested: changes }) => {
    const all: SaidPull["reviews"] = [];
    if (approval) {
      const by = idOf(approval.user);
      const person = (approval.user?.type ?? "user") === "user";
      const state = now.get(by) !== "approved" ? "dismissed" : person ? "approved" : "comment";
      all.push({ by, state, revision: newestAt(approval.date), at: approval.date });
    }
    if (changes) {
      const by = idOf(changes.user);
      const state = now.get(by) === "changes_requested" ? "changes" : "dismissed";
      all.push({ by, state, revision: newestAt(changes.date), at: changes.date });
    }
    return all;
  });
  // Whoever asks for changes now does so, whatever the activity says.
  const asking = participants.filter(({ state }) => state === "changes_requested");
  const more = asking.map(({ user, participated_on: at }) => ({
    by: idOf(user),
    state: "changes" as const,
    revision: null,
    at: at ?? null,
  }));
  return [...said, ...more.filter(({ by }) => !said.some((one) => one.by === by && one.state === "changes"))]; // prettier-ignore
}

/** Without its braces. */
function idOf(user: z.infer<typeof User>): string | null {
  return user ? user.uuid.replace(/^\{|\}$/g, "") : null;
}
