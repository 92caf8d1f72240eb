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
