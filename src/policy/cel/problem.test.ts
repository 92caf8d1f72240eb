import { expect, it } from "vitest";
import { quoted, suggest } from "./problem.ts";

it("what could have been meant is the nearest word, or all that there are as far as anybody reads", () => {
  expect(suggest("hgih", ["low", "high"])).toBe("did you mean `high`?");
  expect(suggest("else", ["low", "high"])).toBe("one of low, high");
  expect(suggest("else", ["one-that-is-far"])).toBe("one of one-that-is-far");
  expect(suggest("else", [])).toBe("one of nothing");
  expect(suggest("else", ["w".repeat(400)])).toBe(`one of ${"w".repeat(300)}…`);
});

it("what somebody wrote is quoted as far as anybody reads, with nothing in it that could pass for something else", () => {
  expect(quoted("a\u202Eb")).toBe("`a\\u202eb`");
  expect(quoted("w".repeat(70))).toBe(`\`${"w".repeat(60)}…\``);
});
