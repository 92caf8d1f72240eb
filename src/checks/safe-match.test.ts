import { describe, expect, it } from "vitest";
import { parseJsonPath, readJsonPath } from "./json-path.ts";
import { isPattern, safeExec, safeMatch } from "./safe-match.ts";

describe("a pattern on hostile text", () => {
  it("matches, or does not", () => {
    expect(safeMatch("^a.c$", "abc")).toBe("match");
    expect(safeMatch("^a.c$", "abd")).toBe("no-match");
    expect(safeExec("(\\d+) passed", "all 12 passed").groups).toEqual(["12 passed", "12"]);
  });

  it("that would take for ever is given up", () => {
    const started = performance.now();
    expect(safeMatch("^(a+)+$", `${"a".repeat(60)}!`)).toBe("too-slow");
    expect(performance.now() - started).toBeLessThan(5_000);
  });

  it("is only text to it", () => {
    expect(safeMatch("x", '"); globalThis.broken = true; ("')).toBe("no-match");
    expect("broken" in globalThis).toBe(false);
    expect(isPattern("(")).toBe(false);
  });
});

describe("a path into JSON", () => {
  const data = { items: [{ name: "a" }], "a b": { "c-d": null } };
  it.each([
    ["$", data],
    ["items[0].name", "a"],
    ["$.items[0].name", "a"],
    ['["a b"].c-d', null],
    ["items[1].name", undefined],
    ["items.length", 1],
    ["constructor", undefined],
    ["__proto__.x", undefined],
  ])("%s", (path, value) => {
    expect(readJsonPath(data, parseJsonPath(path) ?? ["not a path"])).toEqual(value);
  });
  it.each(["", "a..b", "a[", "a[x]", "a b", "."])("%j is no path", (path) => {
    expect(parseJsonPath(path)).toBeNull();
  });
});
