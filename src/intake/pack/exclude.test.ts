import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { excludePatterns } from "./exclude.ts";

describe("excludePatterns", () => {
  it.each([
    ["*.md", "README.md", true],
    ["*.md", "docs/deep/README.md", true],
    ["*.md", "README.mdx", false],
    ["*.md", ".md", true],
    ["docs/**", "docs/a", true],
    ["docs/**", "docs", false],
    ["docs/**", "other/docs/a", false],
    ["**/test", "test", true],
    ["**/test", "a/b/test", true],
    ["a/**/b", "a/b", true],
    ["a/**/b", "a/x/y/b", true],
    ["/build", "build", true],
    ["/build", "a/build", false],
    ["a?c", "abc", true],
    ["a?c", "a/c", false],
    ["[a-c].js", "b.js", true],
    ["[^a-c].js", "b.js", false],
    ["[^a-c].js", "d.js", true],
    ["a.b", "axb", false],
    ["(x|y)+$", "(x|y)+$", true],
  ])("%s of %s: %s", (pattern, path, expected) => {
    expect(excludePatterns([pattern])(path, false)).toBe(expected);
  });

  it("takes folders only where a slash ends the pattern", () => {
    const exclude = excludePatterns(["logs/"]);
    expect([exclude("logs", true), exclude("a/logs", true), exclude("logs", false)]).toEqual([
      true,
      true,
      false,
    ]);
  });

  it.each(["!keep", "../up", "a//b", "", "a\\b"])("refuses %j", (pattern) => {
    expect(() => excludePatterns([pattern])).toThrow(
      expect.objectContaining({ code: "invalid-input", where: "spec.exclude" }),
    );
  });

  it("takes a plain name literally, whatever characters it has", () => {
    const name = fc.string({ minLength: 1 }).filter((text) => !/[*?[\]!\\/]|^\.{1,2}$/.test(text));
    fc.assert(
      fc.property(name, name, (one, other) => {
        expect(excludePatterns([one])(one, false)).toBe(true);
        expect(excludePatterns([one])(`x/${one}`, false)).toBe(true);
        expect(excludePatterns([one])(other, false)).toBe(one === other);
      }),
    );
  });

  it("answers in time for a pattern made to be slow", () => {
    const started = performance.now();
    excludePatterns([`${"*a".repeat(8)}b`])("a".repeat(60), false);
    expect(performance.now() - started).toBeLessThan(2_000);
  });
});
