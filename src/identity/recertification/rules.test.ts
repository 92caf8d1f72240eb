import { describe, expect, it } from "vitest";
import type { ReviewLine } from "../../model/access-review.ts";
import { openLines, smallerRole, whyNotReview } from "./rules.ts";

const line = (more: Partial<ReviewLine> = {}): ReviewLine => ({
  id: "role:r1",
  kind: "role",
  person: "person:1",
  token: null,
  has: "sre",
  service: "shop",
  environment: null,
  since: "2026-01-01T00:00:00.000Z",
  until: null,
  lastUsed: null,
  unused: [],
  ...more,
});
const everywhere = [{ service: null, environment: null }];

describe("a reviewer", () => {
  it("does not certify themselves, under no pseudonym", () => {
    const reviewer = { people: ["person:2", "person:1"], scopes: everywhere };
    expect(whyNotReview(line(), reviewer)).toContain("nobody certifies themselves");
  });

  it("says nothing of what reaches further than their own word", () => {
    const reviewer = { people: ["person:2"], scopes: [{ service: "shop", environment: null }] };
    expect(whyNotReview(line(), reviewer)).toBeNull();
    expect(whyNotReview(line({ service: "pay" }), reviewer)).toContain("pay");
    expect(whyNotReview(line({ service: null }), reviewer)).toContain("every service");
    const narrow = { ...reviewer, scopes: [{ service: "shop", environment: "dev" }] };
    expect(whyNotReview(line(), narrow)).not.toBeNull();
  });
});

it("leaves open what nobody has said anything of", () => {
  const lines = [line(), line({ id: "role:r2" })];
  const said = [{ line: "role:r1", answer: "keep", reason: "yes" } as const];
  expect(openLines(lines, said).map(({ id }) => id)).toEqual(["role:r2"]);
});

it("suggests the smallest role that holds all that is used, and nothing where none is smaller", () => {
  const role = (name: string, ...permissions: string[]) => ({
    name,
    permissions: new Set(permissions),
  });
  const roles = [role("all", "a", "b", "c"), role("two", "a", "b"), role("other", "a", "z")];
  expect(smallerRole(new Set("abc"), new Set("ab"), roles)).toBe("two");
  expect(smallerRole(new Set("abc"), new Set("abc"), roles)).toBeNull();
  expect(smallerRole(new Set("ab"), new Set("a"), roles)).toBeNull();
});
