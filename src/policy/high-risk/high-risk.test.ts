import { describe, expect, it } from "vitest";
import type { HighRisk } from "../../model/high-risk.ts";
import { manual } from "../../checks/manual/index.ts";
import { type ChangedFile, touchedClasses } from "./classify.ts";
import { reviewDemands, reviewsOfOne } from "./reviews.ts";

const file = (path: string, ...texts: readonly string[]): ChangedFile => ({
  path,
  contents: texts.map((text) => Buffer.from(text)),
});
const classes = (...args: Parameters<typeof touchedClasses>) =>
  touchedClasses(...args).map((one) => one.class);
const review = { role: "security", people: 1 };

describe("what a change touches", () => {
  it.each([
    ["src/auth/login.ts", "authentication"],
    ["src/users/session.ts", null],
    ["lib/session/store.js", "authentication"],
    ["deploy/main.tf", "infrastructure"],
    ["db/migrations/0001.sql", "database"],
    [".github/workflows/ci.yml", "pipeline"],
    ["package-lock.json", "dependencies"],
    ["certs/ca.pem", "cryptography"],
    ["README.md", null],
  ])("%s is told by its path", (path, expected) => {
    expect(classes([file(path, "x")])).toEqual(expected === null ? [] : [expected]);
  });

  it.each([
    ["src/pay/.hidden/card.js", "payments"],
    ["src/pay/.card.js", "payments"],
    [".lib/auth/login.js", "authentication"],
    ["src/Auth/Login.cs", "authentication"],
    ["src/.x/deep/Fee.TS", "fees"],
  ])("%s is not hidden by a dot or by capitals", (path, expected) => {
    const declared: HighRisk[] = [
      { class: "payments", paths: ["src/pay/**"], review },
      { class: "fees", paths: ["src/**/fee.{js,ts}"], review },
    ];
    expect(classes([file(path, "x")], declared)).toEqual([expected]);
  });

  it("is told by the path within an artifact too: how artifacts are called hides none", () => {
    const declared: HighRisk[] = [{ class: "payments", paths: ["src/pay/**"], review }];
    const renamed = { ...file("web/src/pay/card.js", "x"), within: "src/pay/card.js" };
    expect(classes([renamed], declared)).toEqual(["payments"]);
  });

  it("is told by what stands in a changed file, and by what stood there and is gone", () => {
    const gone = file("src/app.js", "app.use(passport.authenticate('local'))", "app.use()");
    expect(touchedClasses([gone])).toEqual([
      { class: "authentication", because: "src/app.js (passport)" },
    ]);
  });

  it("may be anything where it is not known what changed, or what a file holds", () => {
    expect(classes(null)).toContain("cryptography");
    const unread: ChangedFile = { path: "dist/bundle.js", contents: null };
    expect(classes([unread])).toEqual(["authentication", "cryptography", "database", "infrastructure"]); // prettier-ignore
  });

  it("has the classes that somebody declares, which add to the known ones and take nothing from them", () => {
    const declared: HighRisk[] = [
      { class: "payments", paths: ["src/pay/**"], contains: ["chargeCard("], review },
      { class: "authentication", paths: ["src/door.js"], review },
    ];
    expect(classes([file("src/pay/card.js", "x")], declared)).toEqual(["payments"]);
    expect(classes([file("src/a.js", "chargeCard(1)")], declared)).toEqual(["payments"]);
    expect(classes([file("src/door.js"), file("auth/x.js")], declared)).toEqual(["authentication"]);
  });

  it("is no class that every object has", () => {
    const declared: HighRisk[] = [{ class: "constructor", review }];
    expect(classes([file("a.js", "x")], declared)).toEqual([]);
  });
});

describe("the reviews that it asks for", () => {
  const declared: HighRisk[] = [
    { class: "authentication", review: { role: "security", people: 2 } },
    { class: "authentication", review: { role: "security", people: 1 } },
    { class: "database", review: { role: "dba", people: 1 } },
  ];
  const because = "src/auth/login.ts";

  it("are one for each person that the strictest declaration wants, and say what to look at", () => {
    const asked = reviewDemands(declared, [{ class: "authentication", because }], []);
    expect(asked.map(({ name }) => name)).toEqual(["review-authentication", "review-authentication-2"]); // prettier-ignore
    expect(asked[0]?.with).toMatchObject({ role: "security" });
    expect(JSON.stringify(asked[0]?.with)).toContain("src/auth/login.ts");
  });

  it.each(["authentication", "pci-4", "oauth-2", "x".repeat(56), `${"long-".repeat(12)}end`])(
    "of %s are told to be of one class, and not of another",
    (name) => {
      const three: HighRisk[] = [{ class: name, review: { role: "security", people: 3 } }];
      const [one, two, last] = reviewDemands(three, [{ class: name, because }], []).map((check) => check.name); // prettier-ignore
      expect(new Set([one, two, last]).size).toBe(3);
      expect(reviewsOfOne(one ?? "", two ?? "")).toBe(true);
      expect(reviewsOfOne(two ?? "", last ?? "")).toBe(true);
      expect(reviewsOfOne(last ?? "", one ?? "")).toBe(true);
      expect(reviewsOfOne(one ?? "", "review-database")).toBe(false);
      expect(reviewsOfOne(one ?? "", "smoke")).toBe(false);
    },
  );

  it("are none for what nobody declared, and take nobody's name", () => {
    expect(reviewDemands(declared, [{ class: "cryptography", because }], [])).toEqual([]);
    const [asked] = reviewDemands(declared, [{ class: "database", because }], [{ name: "review-database" }]); // prettier-ignore
    expect(asked?.name).toBe("review-database-2");
  });

  it("are questions that the check for people understands, whatever a path is called", () => {
    const hostile = `a\u0000\u202e\n${"x".repeat(5_000)}`;
    for (const demand of reviewDemands(declared, [{ class: "database", because: hostile }], [])) {
      expect(manual.schema.safeParse(demand.with)).toMatchObject({ success: true });
    }
  });
});
