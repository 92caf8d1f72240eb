import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import {
  a,
  apis,
  b,
  closeHosts,
  merge,
  type Reply,
  review,
  secret,
  serve,
} from "../../test/support/git-hosts-lab.ts";
import { judgePull, reviewFigures } from "../engine/reviews/figures.ts";
import { gitHosts } from "./registry.ts";

afterEach(closeHosts);

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
