import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "vitest";
import { askForReview } from "../../src/git-hosts/review.ts";
import { HostReview, ReviewHost } from "../../src/model/git-host.ts";

/** Git hosts that answer what a test wants, and asking them. */

const servers: Server[] = [];
export function closeHosts(): void {
  for (const server of servers.splice(0)) server.close();
}

export interface Reply {
  readonly status?: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export async function serve(answer: (url: string, own: string) => Reply | undefined) {
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

export const secret = "s3cret-token";
export const sha = (letter: string) => letter.repeat(40);

export async function review(kind: string, url: string, commits: readonly string[]) {
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

/**
 * Each API as the platform's own description has it, in the fields that are read; none of them was asked for real. What was
 * held against what stands in docs/reviews.md.
 */
export const a = sha("a");
export const b = sha("b");
export const merge = sha("c");
export const apis: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
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
      user: { id: 1, type: "User" },
      merged_by: { id: 3, type: "User" },
      commits: 2,
      head: { sha: b, ref: "topic", repo: { full_name: "acme/shop" } },
    },
    "/repos/acme/shop/pulls/7/commits": [{ sha: a }, { sha: b }],
    "/repos/acme/shop/pulls/7/reviews": [
      {
        user: { id: 2, type: "User" },
        state: "APPROVED",
        commit_id: a,
        submitted_at: "2026-01-01T12:00:00Z",
      },
      {
        user: { id: 3, type: "User" },
        state: "APPROVED",
        commit_id: b,
        submitted_at: "2026-01-02T12:00:00Z",
      },
    ],
    "/repos/acme/shop/activity": [
      {
        before: a,
        after: b,
        ref: "refs/heads/topic",
        timestamp: "2026-01-02T00:00:00Z",
        activity_type: "push",
        actor: { id: 1 },
      },
      {
        before: sha("0"),
        after: a,
        ref: "refs/heads/topic",
        timestamp: "2026-01-01T00:00:00Z",
        activity_type: "branch_creation",
        actor: { id: 4 },
      },
    ],
  },
  gitlab: {
    "/api/v4/projects/acme%2Fshop/protected_branches": [
      { name: "main", allow_force_push: false },
      { name: "release/*", allow_force_push: true },
    ],
    "/api/v4/projects/acme%2Fshop/approval_rules": [
      { approvals_required: 2, rule_type: "regular", protected_branches: [] },
      { approvals_required: 5, rule_type: "regular", protected_branches: [{ name: "release/*" }] },
      { approvals_required: 7, rule_type: "code_owner", protected_branches: [] },
    ],
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
        { kind: "enforce_merge_checks", pattern: "main" },
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
      participants: [
        { user: { uuid: "{2}", type: "user" }, state: "approved", approved: true },
        { user: { uuid: "{3}", type: "user" }, state: "approved", approved: true },
      ],
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

/** One platform's answers with some of them changed, asked about commits. */
export async function changed(
  kind: string,
  changes: Readonly<Record<string, unknown>>,
  commits: readonly string[] = [a, b, merge],
) {
  const answers = { ...apis[kind], ...changes };
  const { url } = await serve((path) => {
    const body = answers[path.split("?")[0] ?? ""];
    return body instanceof Refusal ? body : body === undefined ? undefined : { body };
  });
  return { found: await review(kind, url, commits), at: new URL(url).host };
}

export class Refusal {
  readonly status: number;
  readonly body: unknown;
  constructor(status: number, body: unknown) {
    this.status = status;
    this.body = body;
  }
}
