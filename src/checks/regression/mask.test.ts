import { describe, expect, it } from "vitest";
import { masking } from "./mask.ts";

const took = (work: () => unknown) => {
  const began = performance.now();
  work();
  return performance.now() - began;
};

describe("masks", () => {
  it("replace what they match, one after the other", () => {
    const mask = masking([String.raw`\d+`, "~-~"]);
    expect(mask("a 12-34 b 5")).toBe("a ~ b ~");
    expect(mask("a 12-34 b 5")).toBe("a ~ b ~");
  });

  it("hold everything else up for a moment only, however many and slow they are", () => {
    const mask = masking(Array.from({ length: 50 }, () => "(a+)+b"));
    const text = "a".repeat(24);
    const once = took(() => expect(() => mask(text)).toThrow(/takes too long/));
    expect(once).toBeLessThan(4_000);
  });

  it("do not make a text grow without end", () => {
    const mask = masking(Array.from({ length: 50 }, () => "(?:)"));
    expect(() => mask("a".repeat(10_000))).toThrow(/takes too long/);
  });
});
