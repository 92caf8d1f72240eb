import { expect, it } from "vitest";
import { type StandingWord, whyAbsent } from "./employment.ts";

const day = (n: number) => new Date(Date.UTC(2026, 0, n));
const word = (
  version: number,
  state: StandingWord["state"],
  from: number,
  said = from,
): StandingWord => ({
  version,
  state,
  from: day(from).toISOString(),
  setAt: day(said).toISOString(),
});
const ask = (words: readonly StandingWord[], now: number, signed: number | null = null) =>
  whyAbsent(words, { now: day(now), signedAt: signed === null ? null : day(signed) });

it("lets everything count of somebody of whom nothing was said", () => {
  expect(ask([], 5, 1)).toBeNull();
});

it("counts nothing from the day on that was given, and not before", () => {
  const leaves = [word(1, "left", 10, 1)];
  expect(ask(leaves, 9, 8)).toBeNull();
  expect(ask(leaves, 10)).toContain("has left");
  expect(ask(leaves, 11, 8)).toContain("has left");
});

it("keeps what was signed before a suspension void after it was taken back", () => {
  const words = [word(1, "suspended", 3), word(2, "active", 5)];
  expect(ask(words.slice(0, 1), 4)).toContain("suspended since");
  expect(ask(words, 6)).toBeNull();
  expect(ask(words, 6, 2)).toContain("signed anew");
  expect(ask(words, 7, 6)).toBeNull();
});

it("forgets a leave that was taken back before its day", () => {
  const words = [word(1, "left", 10, 1), word(2, "active", 5)];
  expect(ask(words, 12, 2)).toBeNull();
  expect(ask([...words, word(3, "left", 11, 6)], 12)).toContain("has left");
});
