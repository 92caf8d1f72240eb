import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { globMatcher, globProblem } from "./glob.ts";

describe("a glob", () => {
  it.each([
    ["README.md", ["README.md"], ["docs/README.md", "README.mdx"]],
    ["*.md", ["README.md", ".md"], ["docs/README.md"]],
    [
      "src/auth/**",
      ["src/auth/a.ts", "src/auth/b/c.ts"],
      ["src/auth", "src/auth/", "src/authors/a.ts"],
    ],
    ["src/**/login.ts", ["src/login.ts", "src/a/b/login.ts"], ["src/a/logins.ts", "login.ts"]],
    ["**/*.tf", ["main.tf", "a/b/main.tf"], ["main.tfx"]],
    ["a/*/c", ["a/b/c"], ["a/c", "a/b/b/c"]],
    ["a?c", ["abc", "a😀c"], ["ac", "abbc", "a/c"]],
    ["**/a/**/b/**", ["a/b/c", "x/a/y/b/c/d"], ["a/b", "x/b/a/c"]],
    ["*/**", ["a/b"], ["a"]],
    ["**", ["a", "a/b"], []],
    ["*a*b*", ["ab", "xaybz", "aab"], ["ba"]],
  ])("%s", (pattern, these, not) => {
    expect(globProblem(pattern)).toBeNull();
    const test = globMatcher(pattern);
    expect(these.filter((path) => !test(path))).toEqual([]);
    expect(not.filter((path) => test(path))).toEqual([]);
  });

  it.each(["", "a/**b", "a[b]", "{a,b}", "!a", "a\\b", "*".repeat(201), "*/".repeat(11)])(
    "is refused as %s",
    (pattern) => {
      expect(globProblem(pattern)).not.toBeNull();
    },
  );

  it("says what a regular expression of the same meaning says", () => {
    const piece = fc.constantFrom("a", "b", "*", "?", "a*", "*b", "**");
    const patterns = fc.array(piece, { minLength: 1, maxLength: 5 }).map((all) => all.join("/"));
    const paths = fc
      .array(fc.constantFrom("a", "b", "ab", "ba", "aab"), { minLength: 1, maxLength: 5 })
      .map((all) => all.join("/"));
    fc.assert(
      fc.property(patterns, paths, (pattern, path) => {
        expect(globMatcher(pattern)(path)).toBe(expressionOf(pattern).test(path));
      }),
      { numRuns: 2_000 },
    );
  });

  it("takes no time to speak of for paths that nearly match", () => {
    const started = performance.now();
    const test = globMatcher("**/a*a*a*/**/b");
    for (let at = 0; at < 100; at += 1) expect(test(`${"aaaa/".repeat(200)}c`)).toBe(false);
    expect(performance.now() - started).toBeLessThan(5_000);
  });
});

/** The last segment `**` needs something; others may be nothing. */
function expressionOf(pattern: string): RegExp {
  const segments = pattern.split("/");
  const parts = segments.map((segment, index) => {
    const last = index === segments.length - 1;
    if (segment === "**") return last ? ".+" : "(?:[^/]+/)*";
    const text = segment.replaceAll("*", "[^/]*").replaceAll("?", "[^/]");
    return last ? text : `${text}/`;
  });
  return new RegExp(`^${parts.join("")}$`);
}
