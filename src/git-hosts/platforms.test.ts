import { afterEach, describe, expect, it } from "vitest";
import {
  apis,
  b,
  changed,
  closeHosts,
  merge,
  Refusal,
  sha,
} from "../../test/support/git-hosts-lab.ts";
import { reviewFigures } from "../engine/reviews/figures.ts";

/** What each platform does otherwise than the others. */

afterEach(closeHosts);

describe("GitHub", () => {
  const of = "/repos/acme/shop";
  const pull = apis["github"]?.[`${of}/pulls/7`] as Record<string, unknown>;

  it("a program's approval is nobody's, and its request for changes counts", async () => {
    const bot = (state: string) => [
      { user: { id: 9, type: "Bot" }, state, commit_id: b, submitted_at: "2026-01-02T12:00:00Z" },
    ];
    const approved = await changed("github", { [`${of}/pulls/7/reviews`]: bot("APPROVED") });
    expect(reviewFigures(approved.found)).toMatchObject({ unreviewed: 3, approvals: 0 });
    const asked = await changed("github", { [`${of}/pulls/7/reviews`]: bot("CHANGES_REQUESTED") });
    expect(reviewFigures(asked.found)).toMatchObject({ changesRequested: 1 });
  });

  it("commits that a merge by rebasing made are the pull request's, by whoever merged", async () => {
    const [first, second, other] = [sha("d"), sha("e"), sha("f")];
    const moved = (type: string, before: string) => ({
      before,
      after: second,
      ref: "refs/heads/main",
      timestamp: "2026-01-03T00:00:00Z",
      activity_type: type,
      actor: { id: 3 },
    });
    const own = apis["github"]?.[`${of}/activity`] as object[];
    const listed = [{ number: 7, merged_at: "2026-01-03T00:00:00Z", base: { ref: "main" } }];
    const made = (type: string, before: string, ofFirst: unknown[] = listed) =>
      changed(
        "github",
        {
          [`${of}/pulls/7`]: { ...pull, merge_commit_sha: second },
          [`${of}/commits/${other}/pulls`]: [],
          [`${of}/commits/${first}/pulls`]: ofFirst,
          [`${of}/commits/${second}/pulls`]: listed,
          [`${of}/activity`]: [...own, moved(type, before)],
        },
        [other, first, second],
      );
    const { found, at } = await made("pr_merge", other);
    expect(found.problems).toEqual([]);
    expect(found.commits.map(({ pull: number, pushedBy }) => [number, pushedBy])).toEqual([
      [null, null],
      [7, `${at}:3`],
      [7, `${at}:3`],
    ]);
    expect(reviewFigures(found)).toMatchObject({ unreviewed: 1 });
    // Pushed by hand, with one more, or of which the host does not say it: reviewed was none of that.
    for (const one of [
      made("push", other),
      made("pr_merge", sha("9")),
      made("pr_merge", other, []),
    ])
      expect(reviewFigures((await one).found)).toMatchObject({ unreviewed: 2 });
  });

  it("a list that ends before the pull request does is not known to be all", async () => {
    const { found } = await changed("github", { [`${of}/pulls/7`]: { ...pull, commits: 251 } });
    expect(found.problems.join()).toContain("it has 251 commits, and the host lists 2");
    expect(reviewFigures(found)).toBeNull();
  });

  it("a branch whose reviews somebody need not wait for does not hold everybody", async () => {
    const protection = apis["github"]?.[`${of}/branches/main/protection`] as object;
    const reviews = { required_approving_review_count: 1, dismiss_stale_reviews: true };
    const held = async (who: object) => {
      const asked = { ...reviews, bypass_pull_request_allowances: who };
      const rules = { [`${of}/rules/branches/main`]: [] };
      const path = `${of}/branches/main/protection`;
      const answers = { ...rules, [path]: { ...protection, required_pull_request_reviews: asked } };
      return (await changed("github", answers)).found.branch.includesAdmins;
    };
    expect(await held({ users: [], teams: [], apps: [] })).toBe(true);
    expect(await held({ users: [{ login: "jo", id: 5 }], teams: [], apps: [] })).toBeNull();
  });

  it("who pushed to a fork is said by the fork, and unknown where that cannot be read", async () => {
    const head = { sha: b, ref: "topic", repo: { full_name: "jo/shop" } };
    const pushed = { before: sha("0"), after: b, ref: "refs/heads/topic", timestamp: "2026-01-02T00:00:00Z", activity_type: "push", actor: { id: 5 } }; // prettier-ignore
    const asked = { [`${of}/pulls/7`]: { ...pull, head } };
    const fork = await changed("github", { ...asked, "/repos/jo/shop/activity": [pushed] });
    expect(fork.found.problems).toEqual([]);
    expect(fork.found.pulls[0]?.commits.map(({ pushedBy }) => pushedBy)).toEqual(
      Array.from({ length: 2 }, () => `${fork.at}:5`),
    ); // prettier-ignore
    const hidden = await changed("github", asked);
    expect(hidden.found.problems).toEqual([]);
    expect(hidden.found.pulls[0]?.commits.map(({ pushedBy }) => pushedBy)).toEqual([null, null]);
  });

  it("a repository that was renamed is not followed to its new address", async () => {
    const moved = new Refusal(301, { message: "Moved Permanently", url: "https://api.github.com/repositories/1/pulls/7" }); // prettier-ignore
    const { found } = await changed("github", { [`${of}/pulls/7`]: moved });
    expect(found.problems.join()).toContain("answers 301");
  });
});

describe("GitLab", () => {
  const of = "/api/v4/projects/acme%2Fshop";

  it("what one of several rules for a branch allows is allowed", async () => {
    const rules = (...all: [string, boolean][]) =>
      changed("gitlab", {
        [`${of}/protected_branches`]: all.map(([name, allow_force_push]) => ({ name, allow_force_push })), // prettier-ignore
      });
    const branch = async (...all: [string, boolean][]) => (await rules(...all)).found.branch;
    expect(await branch(["main", false], ["*", true])).toMatchObject({ refusesForcePush: false });
    expect(await branch(["main", false], ["ma*ain", true])).toMatchObject({ refusesForcePush: true }); // prettier-ignore
    expect(await branch(["m*n", false])).toMatchObject({ protected: true, refusesForcePush: true });
    expect(await branch(["release/*", true])).toMatchObject({ protected: false });
  });

  it("an edition that has no approval rules asks for none, and the rest is known", async () => {
    const without = new Refusal(404, { error: "404 Not Found" });
    const { found } = await changed("gitlab", { [`${of}/approval_rules`]: without, [`${of}/approvals`]: without }); // prettier-ignore
    expect(found.problems).toEqual([]);
    expect(found.branch).toMatchObject({ requiredApprovals: 0, dismissesStale: null });
    const hidden = new Refusal(404, { message: "404 Project Not Found" });
    const other = await changed("gitlab", { [`${of}/approval_rules`]: hidden });
    expect(other.found.problems.join()).toContain("answers 404");
    expect(other.found.branch).toMatchObject({ requiredApprovals: null });
  });

  it("a merge that melts commits into one makes two, both by whoever merged", async () => {
    const melted = sha("d");
    const whole = apis["gitlab"]?.[`${of}/merge_requests/7`] as object;
    const listed = [{ iid: 7, state: "merged", target_branch: "main" }];
    const { found, at } = await changed(
      "gitlab",
      {
        [`${of}/merge_requests/7`]: { ...whole, squash_commit_sha: melted },
        [`${of}/repository/commits/${melted}/merge_requests`]: listed,
      },
      [melted, merge],
    );
    expect(found.commits.map(({ pull, pushedBy }) => [pull, pushedBy])).toEqual([
      [7, `${at}:3`],
      [7, `${at}:3`],
    ]);
  });

  it("the approval of an access token's user is nobody's", async () => {
    const by = (username: string) =>
      changed("gitlab", {
        [`${of}/merge_requests/7/approvals`]: {
          approved_by: [{ user: { id: 3, username }, approved_at: "2026-01-02T12:00:00Z" }],
        },
      });
    expect(reviewFigures((await by("project_5_bot_0f")).found)).toMatchObject({ approvals: 0 });
    expect(reviewFigures((await by("maria")).found)).toMatchObject({ approvals: 1 });
  });
});

describe("Bitbucket", () => {
  const of = "/2.0/repositories/acme/shop";
  const pull = apis["bitbucket"]?.[`${of}/pullrequests/7`] as object;
  const havingSaid = (...participants: object[]) =>
    changed("bitbucket", { [`${of}/pullrequests/7`]: { ...pull, participants } });

  it("an approval counts while its giver says so", async () => {
    const three = { uuid: "{3}", type: "user" };
    const good = await havingSaid({ user: three, state: "approved" });
    expect(reviewFigures(good.found)).toMatchObject({ approvals: 1, unreviewed: 0 });
    const back = await havingSaid({ user: three, state: null });
    expect(reviewFigures(back.found)).toMatchObject({ approvals: 0, unreviewed: 3 });
    const against = await havingSaid({ user: three, state: "changes_requested", participated_on: "2026-01-02T13:00:00.123456+00:00" }); // prettier-ignore
    expect(reviewFigures(against.found)).toMatchObject({ approvals: 0, changesRequested: 1 });
  });

  it("checks before a merge that are not enforced demand nothing", async () => {
    const { found } = await changed("bitbucket", {
      [`${of}/branch-restrictions`]: {
        values: [{ kind: "require_approvals_to_merge", pattern: "main", value: 2 }],
      },
    });
    expect(found.branch).toMatchObject({ protected: true, requiredApprovals: 0 });
  });
});
