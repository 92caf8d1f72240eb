import { expect, it } from "vitest";
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
