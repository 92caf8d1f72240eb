import { expect, test } from "vitest";
import { type About, nextFor } from "./next.ts";

const about: About = {
  lane: { service: "shop", environment: "production" },
  version: "1.0.0",
  promotion: "p1",
  facts: undefined,
  found: new Map(),
  asked: new Map(),
};
const waiting = (rule: string) =>
  nextFor({ reason: { outcome: "wait", rule, message: "" }, of: null } as never, about, false);

test("time alone signs nothing: whoever waits for approval is told who ends it", () => {
  expect(waiting("approvals")).toContain("tidelock approval list");
  expect(waiting("predecessor.soak")).toContain("goes on by itself");
});

test("a rule over what the git host says is told apart: nobody asked it, or what it said is not enough", () => {
  const rule = { outcome: "deny", rule: "rule.reviewed", message: "" };
  const next = (facts: object) =>
    nextFor(
      { reason: rule, of: null, read: [{ name: "review.unreviewed" }] } as never,
      { ...about, facts: facts as never },
      false,
    );
  expect(next({ review: null, branch: null })).toContain(
    "tidelock review fetch shop@1.0.0 --env production",
  );
  expect(next({ review: { unreviewed: 1 }, branch: {} })).toContain(
    "tidelock review show shop@1.0.0",
  );
});
