import { expect, it } from "vitest";
import { hostCommitter } from "../../model/git-host.ts";
import { deedsOfCommit } from "./deeds.ts";
import { deedsOfPull } from "./host-deeds.ts";

it("a push that is not known matters for what a merge has melted, and not for a commit that is there itself", () => {
  const [there, melted] = ["a".repeat(40), "b".repeat(40)];
  const pull = {
    number: 7,
    head: melted,
    merged: null,
    openedBy: "h:1",
    mergedBy: "h:2",
    commits: [there, melted].map((revision) => ({ revision, pushedBy: null })),
    reviews: [],
  };
  const deeds = deedsOfPull(pull, new Set([there]), (name) => name === "h:1");
  expect(deeds.map(({ what, proven }) => [what, proven])).toEqual([
    ["opener of #7", true],
    ["merger of #7", false],
    ["pusher of commit bbbbbbbbbbbb", false],
  ]);
});

it("the address that GitHub puts as committer is nobody's deed where it says who made the commit, and else everybody's", () => {
  const person = (email: string) => ({ name: "", email });
  const commit = {
    revision: "c".repeat(40),
    subject: "merge",
    at: "2026-01-01T00:00:00Z",
    author: person("maria@shop.example"),
    committer: person("noreply@github.com"),
    coAuthors: [person("noreply@github.com")],
  };
  const known = (name: string) => name === "maria@shop.example";
  const deeds = (vouched: boolean, byHost: string | null) =>
    deedsOfCommit(commit, undefined, vouched, known, byHost).map(({ what, proven }) => [
      what.split(" ")[0],
      proven,
    ]);
  const github = hostCommitter({ kind: "github" });
  // Only as the committer: as an author it is somebody who does not say who they are.
  expect(deeds(true, github)).toEqual([["author", true], ["co-author", false]]); // prettier-ignore
  expect(deeds(true, null)).toEqual([["author", true], ["committer", false], ["co-author", false]]); // prettier-ignore
  expect(hostCommitter({ kind: "github", url: "https://git.shop.example" })).toBeNull();
  expect(hostCommitter({ kind: "gitlab" })).toBeNull();
});
