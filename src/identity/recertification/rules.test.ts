import { describe, expect, it } from "vitest";
import type { ReviewLine } from "../../model/access-review.ts";
import { openLines, smallerRole, whyNotKeep, whyNotReview } from "./rules.ts";

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

describe("whoever made a reviewer", () => {
  const key = { what: "the key", by: ["person:1"], proven: true, vouched: [] as string[] };
  const made = (more: Partial<typeof key> = {}) => ({
    person: "person:2",
    also: [],
    enrolments: [{ ...key, ...more }],
  });

  it("is not certified by them, until a third person vouches who is none of the two", () => {
    expect(whyNotKeep(["person:1"], made(), "solo")).toContain("no third person vouched");
    expect(whyNotKeep(["person:3"], made(), "solo")).toBeNull();
    expect(whyNotKeep(["person:1"], made({ vouched: ["person:3"] }), "team")).toBeNull();
    expect(whyNotKeep(["person:1"], made({ vouched: ["person:1"] }), "team")).not.toBeNull();
  });

  it("may be anybody in a team where nobody knows who it was; a machine's line is nobody's", () => {
    const unknown = made({ by: [], proven: false });
    expect(whyNotKeep(["person:9"], unknown, "team")).toContain("not proven to be anybody else");
    expect(whyNotKeep(["person:9"], unknown, "solo")).toBeNull();
    expect(whyNotKeep([], unknown, "team")).toBeNull();
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
