import { readdirSync, readFileSync, statSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { judgePull, reviewFigures } from "../engine/reviews/figures.ts";
import { HostReview, ReviewHost } from "../model/git-host.ts";
import { gitHosts } from "./registry.ts";
import { askForReview } from "./review.ts";

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

interface Reply {
  readonly status?: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

async function serve(answer: (url: string, own: string) => Reply | undefined) {
  const asked: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    asked.push(request);
    const own = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const {
      status = 200,
      body,
      headers = {},
    } = answer(request.url ?? "", own) ?? {
      status: 404,
      body: { message: "Not Found" },
    };
    response.writeHead(status, headers);
    response.end(typeof body === "string" ? body : JSON.stringify(body));
  });
  servers.push(server);
  await new Promise<void>((done) => void server.listen(0, "127.0.0.1", done));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

const secret = "s3cret-token";
const sha = (letter: string) => letter.repeat(40);

async function review(kind: string, url: string, commits: readonly string[]) {
  const host = ReviewHost.parse({ kind, url, projects: { shop: "acme/shop" }, token: "GIT_HOST_TOKEN" }); // prettier-ignore
  const found = await askForReview({
    host,
    project: "acme/shop",
    token: secret,
    release: `sha256:${"0".repeat(64)}`,
    revision: commits.at(-1) ?? "",
    commits,
    ownPorts: [],
    signal: new AbortController().signal,
    askedAt: "2026-01-01T00:00:00Z",
  });
  expect(HostReview.parse(found)).toEqual(found);
  expect(JSON.stringify(found)).not.toContain(secret);
  return found;
}

it("the registry names every folder, and nothing else", () => {
  const folders = readdirSync(import.meta.dirname).filter((name) =>
    statSync(join(import.meta.dirname, name)).isDirectory(),
  );
  expect([...gitHosts.keys()].toSorted()).toEqual(folders.toSorted());
});

describe("Gitea, as a real one answered", () => {
  const recorded = JSON.parse(
    readFileSync(join(import.meta.dirname, "gitea/recorded.json"), "utf8"),
  ) as { commits: string[]; answers: Record<string, Reply> };
  const replay = () => serve((url) => recorded.answers[url.replace("acme/shop", "owner/shop")]);

  it("says who pushed, merged and approved what, and that a later push leaves an approval behind", async () => {
    const { url, asked } = await replay();
    const found = await review("gitea", url, recorded.commits);
    const at = new URL(url).host;
    expect(found.problems).toEqual([]);
    expect(found.branch).toEqual({
      protected: true,
      requiredApprovals: 1,
      dismissesStale: false,
      refusesForcePush: true,
      includesAdmins: true,
    });
    // Two commits of #1 and its merge, #2 melted into one, and one that was pushed to the branch itself.
    expect(found.commits.map(({ pull }) => pull)).toEqual([1, 1, 1, 2, null]);
    expect(found.commits.at(-1)?.pushedBy).toBe(`${at}:1`);
    const [second, first] = found.pulls;
    expect(first).toMatchObject({ number: 1, openedBy: `${at}:2`, mergedBy: `${at}:1` });
    expect(first?.commits.map(({ pushedBy }) => pushedBy)).toEqual([`${at}:2`, `${at}:2`]);
    expect(first && judgePull(first)).toEqual({ approvals: 1, self: 0, stale: 1, changes: 0 });
    // Its author line says maria; who pushed it was paul.
    expect(second).toMatchObject({ number: 2, openedBy: `${at}:3`, mergedBy: `${at}:2` });
    expect(second?.commits.map(({ pushedBy }) => pushedBy)).toEqual([`${at}:3`, `${at}:3`]);
    expect(second && judgePull(second)).toEqual({ approvals: 0, self: 0, stale: 1, changes: 0 });
    expect(reviewFigures(found)).toMatchObject({ commits: 5, unreviewed: 2, approvals: 0 });
    for (const request of asked) expect(request.headers.authorization).toBe(`token ${secret}`);
  });

  it.each([401, 403, 404, 429, 500, 302])("is not known where an answer is %s", async (status) => {
    const elsewhere = await serve(() => ({ body: [] }));
    for (const path of Object.keys(recorded.answers)) {
      const { url } = await serve((asked) => {
        const same = asked.replace("acme/shop", "owner/shop");
        return same === path
          ? { status, body: "no\u001b[31m\u202e", headers: { location: elsewhere.url } }
          : recorded.answers[same];
      });
      const found = await review("gitea", url, recorded.commits);
      expect(found.problems.join()).toContain(`answers ${status}`);
      // oxlint-disable-next-line no-control-regex
      expect(found.problems.join()).not.toMatch(/[\u001b\u202e]/);
      expect(reviewFigures(found)).toBeNull();
    }
    // The token went nowhere else.
    expect(elsewhere.asked).toEqual([]);
  });
});

/** Each API as its documentation shows it; none of them was asked for real. */
const a = sha("a");
const b = sha("b");
const merge = sha("c");
const apis: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  github: {
    "/repos/acme/shop/branches/main/protection": {
      required_pull_request_reviews: {
        required_approving_review_count: 1,
        dismiss_stale_reviews: false,
      },
      enforce_admins: { enabled: true },
      allow_force_pushes: { enabled: false },
    },
    "/repos/acme/shop/rules/branches/main": [
      {
        type: "pull_request",
        parameters: { required_approving_review_count: 2, dismiss_stale_reviews_on_push: true },
      },
    ],
    [`/repos/acme/shop/commits/${a}/pulls`]: [
      { number: 7, merged_at: "2026-01-03T00:00:00Z", base: { ref: "main" } },
    ],
    [`/repos/acme/shop/commits/${b}/pulls`]: [
      { number: 7, merged_at: "2026-01-03T00:00:00Z", base: { ref: "main" } },
    ],
    [`/repos/acme/shop/commits/${merge}/pulls`]: [
      { number: 7, merged_at: "2026-01-03T00:00:00Z", base: { ref: "main" } },
      { number: 8, merged_at: null, base: { ref: "main" } },
      { number: 9, merged_at: "2026-01-03T00:00:00Z", base: { ref: "other" } },
    ],
    "/repos/acme/shop/pulls/7": {
      number: 7,
      merged: true,
      merge_commit_sha: merge,
      user: { id: 1 },
      merged_by: { id: 3 },
      head: { sha: b, ref: "topic" },
    },
    "/repos/acme/shop/pulls/7/commits": [{ sha: a }, { sha: b }],
    "/repos/acme/shop/pulls/7/reviews": [
      { user: { id: 2 }, state: "APPROVED", commit_id: a, submitted_at: "2026-01-01T12:00:00Z" },
      { user: { id: 3 }, state: "APPROVED", commit_id: b, submitted_at: "2026-01-02T12:00:00Z" },
    ],
    "/repos/acme/shop/activity": [
      {
        before: a,
        after: b,
        ref: "refs/heads/topic",
        timestamp: "2026-01-02T00:00:00Z",
        actor: { id: 1 },
      },
      {
        before: sha("0"),
        after: a,
        ref: "refs/heads/topic",
        timestamp: "2026-01-01T00:00:00Z",
        actor: { id: 4 },
      },
    ],
  },
  gitlab: {
    "/api/v4/projects/acme%2Fshop/protected_branches/main": { allow_force_push: false },
    "/api/v4/projects/acme%2Fshop/approval_rules": [{ approvals_required: 2 }],
    "/api/v4/projects/acme%2Fshop/approvals": {
      approvals_before_merge: 0,
      reset_approvals_on_push: true,
    },
    ...Object.fromEntries(
      [a, b, merge].map((one) => [
        `/api/v4/projects/acme%2Fshop/repository/commits/${one}/merge_requests`,
        [{ iid: 7, state: "merged", target_branch: "main" }],
      ]),
    ),
    "/api/v4/projects/acme%2Fshop/merge_requests/7": {
      iid: 7,
      source_branch: "topic",
      sha: b,
      merge_commit_sha: merge,
      squash_commit_sha: null,
      author: { id: 1 },
      merge_user: { id: 3 },
    },
    "/api/v4/projects/acme%2Fshop/merge_requests/7/commits": [{ id: b }, { id: a }],
    "/api/v4/projects/acme%2Fshop/merge_requests/7/versions": [
      { head_commit_sha: b, created_at: "2026-01-02T00:00:00Z" },
      { head_commit_sha: a, created_at: "2026-01-01T00:00:00Z" },
    ],
    "/api/v4/projects/acme%2Fshop/merge_requests/7/approvals": {
      approved_by: [
        { user: { id: 2 }, approved_at: "2026-01-01T12:00:00Z" },
        { user: { id: 3 }, approved_at: "2026-01-02T12:00:00Z" },
      ],
    },
    "/api/v4/projects/acme%2Fshop/events": [
      {
        author: { id: 1 },
        created_at: "2026-01-02T00:00:00Z",
        push_data: { ref: "topic", commit_from: a, commit_to: b, commit_count: 1 },
      },
      {
        author: { id: 4 },
        created_at: "2026-01-01T00:00:00Z",
        push_data: { ref: "topic", commit_from: null, commit_to: a, commit_count: 1 },
      },
    ],
  },
  bitbucket: {
    "/2.0/repositories/acme/shop/branch-restrictions": {
      values: [
        { kind: "require_approvals_to_merge", pattern: "main", value: 2 },
        { kind: "force", pattern: "main", users: [], groups: [] },
        { kind: "push", pattern: "main", users: [], groups: [] },
        { kind: "reset_pullrequest_approvals_on_change", pattern: "main" },
      ],
    },
    ...Object.fromEntries(
      [a, b, merge].map((one) => [
        `/2.0/repositories/acme/shop/commit/${one}/pullrequests`,
        { values: [{ id: 7 }] },
      ]),
    ),
    "/2.0/repositories/acme/shop/pullrequests/7": {
      id: 7,
      state: "MERGED",
      author: { uuid: "{1}" },
      closed_by: { uuid: "{3}" },
      destination: { branch: { name: "main" } },
      source: { branch: { name: "topic" }, commit: { hash: b.slice(0, 12) } },
      merge_commit: { hash: merge.slice(0, 12) },
    },
    "/2.0/repositories/acme/shop/pullrequests/7/commits": { values: [{ hash: b }, { hash: a }] },
    [`/2.0/repositories/acme/shop/commit/${merge.slice(0, 12)}`]: { hash: merge },
    "/2.0/repositories/acme/shop/pullrequests/7/activity": {
      values: [
        { approval: { date: "2026-01-02T12:00:00Z", user: { uuid: "{3}" } } },
        {
          update: {
            date: "2026-01-02T00:00:00Z",
            author: { uuid: "{1}" },
            source: { commit: { hash: b.slice(0, 12) } },
          },
        },
        { approval: { date: "2026-01-01T12:00:00Z", user: { uuid: "{2}" } } },
        {
          update: {
            date: "2026-01-01T00:00:00Z",
            author: { uuid: "{1}" },
            source: { commit: { hash: a.slice(0, 12) } },
          },
        },
      ],
    },
  },
};

describe.each(["github", "gitlab", "bitbucket"])(
  "%s, as its documentation says that it answers",
  (kind) => {
    const answers = apis[kind] ?? {};
    const from = (url: string): Reply | undefined => {
      const body = answers[url.split("?")[0] ?? ""];
      return body === undefined ? undefined : { body };
    };

    it("says who pushed, merged and approved exactly what was merged", async () => {
      const { url } = await serve(from);
      const found = await review(kind, url, [a, b, merge]);
      const at = new URL(url).host;
      expect(found.problems).toEqual([]);
      expect(found.branch).toMatchObject({ protected: true, requiredApprovals: 2, dismissesStale: true, refusesForcePush: true }); // prettier-ignore
      expect(found.commits.map(({ pull }) => pull)).toEqual([7, 7, 7]);
      const [pull] = found.pulls;
      expect(pull).toMatchObject({
        head: b,
        merged: merge,
        openedBy: `${at}:1`,
        mergedBy: `${at}:3`,
      });
      // Bitbucket does not say who had pushed before a pull request was opened.
      const first = kind === "bitbucket" ? null : `${at}:4`;
      expect(pull?.commits.map(({ pushedBy }) => pushedBy)).toEqual([first, `${at}:1`]);
      expect(pull && judgePull(pull)).toEqual({ approvals: 1, self: 0, stale: 1, changes: 0 });
      expect(reviewFigures(found)).toMatchObject({
        unreviewed: 0,
        approvals: 1,
        staleApprovals: 1,
      });
    });

    it("reads every page, and knows nothing where the next one is elsewhere or cannot be had", async () => {
      const list = Object.keys(answers).find((path) => path.endsWith("/7/commits")) ?? "";
      const whole = answers[list] as { values: unknown[] } | unknown[];
      const [first, second] = Array.isArray(whole) ? whole : whole.values;
      const paged = (next: (own: string) => string, last?: Reply) =>
        serve((url, own) => {
          if (url.includes("page=2"))
            return last ?? { body: Array.isArray(whole) ? [second] : { values: [second] } };
          if (url.split("?")[0] !== list) return from(url);
          const body = Array.isArray(whole) ? [first] : { values: [first], next: next(own) };
          return {
            body,
            headers: Array.isArray(whole)
              ? { link: `<${next(own)}>; rel="next", <x>; rel="last"` }
              : {},
          };
        });
      const good = await paged((own) => `${own}${list}?page=2`);
      expect((await review(kind, good.url, [a, b, merge])).pulls[0]?.commits).toHaveLength(2);
      const other = await serve(() => ({ body: [] }));
      const led = await paged(() => `${other.url}/?page=2`);
      const away = await review(kind, led.url, [a, b, merge]);
      expect(away.problems.join()).toContain("said to be elsewhere");
      expect(other.asked).toEqual([]);
      const limited = await paged((own) => `${own}${list}?page=2`, {
        status: 429,
        body: "slow down",
      });
      const cut = await review(kind, limited.url, [a, b, merge]);
      expect(cut.pulls).toEqual([]);
      expect(reviewFigures(cut)).toBeNull();
    });
  },
);

describe("approvals of a pull request", () => {
  const pull = {
    number: 1,
    head: b,
    merged: null,
    openedBy: "h:1",
    mergedBy: "h:9",
    commits: [{ revision: b, pushedBy: "h:2" }],
  };
  const said = (
    by: string,
    state: "approved" | "changes" | "dismissed" | "comment",
    at: number,
    revision: string | null = b,
  ) => ({
    by,
    state,
    revision,
    at: new Date(at * 1_000).toISOString(),
  });

  it("do not count of who opened or pushed, of an earlier or unknown revision, or once they were taken back", () => {
    const judge = (...reviews: ReturnType<typeof said>[]) => judgePull({ ...pull, reviews });
    expect(judge(said("h:3", "approved", 1))).toMatchObject({ approvals: 1 });
    expect(judge(said("h:1", "approved", 1), said("h:2", "approved", 2))).toMatchObject({
      approvals: 0,
      self: 2,
    });
    expect(judge(said("h:3", "approved", 1, a))).toMatchObject({ approvals: 0, stale: 1 });
    expect(judge(said("h:3", "approved", 1, null))).toMatchObject({ approvals: 0, stale: 1 });
    expect(judge(said("h:3", "approved", 1), said("h:3", "changes", 2))).toMatchObject({
      approvals: 0,
      changes: 1,
    });
    expect(judge(said("h:3", "approved", 1), said("h:3", "dismissed", 2))).toMatchObject({
      approvals: 0,
    });
    expect(judge(said("h:3", "approved", 1), said("h:3", "comment", 2))).toMatchObject({
      approvals: 1,
    });
  });
});
