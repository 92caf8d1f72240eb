import { expect, test } from "vitest";
import type { Release } from "../model/release.ts";
import { isNewer } from "./lineage.ts";

const person = { name: "a", email: "a@shop.example" };
const git = (revision: string, ...before: readonly string[]): Release["source"] => ({
  kind: "git",
  revision,
  dirty: false,
  truncated: false,
  commits: [...before, revision].map((one) => ({
    revision: one,
    subject: "s",
    at: "2026-11-21T12:00:00Z",
    author: person,
    committer: person,
    coAuthors: [],
  })),
});
const none: Release["source"] = { kind: "none" };

test("a release is newer that came in later", () => {
  expect(isNewer({ source: none, order: 2 }, { source: none, order: 1 })).toBe(true);
  expect(isNewer({ source: none, order: 1 }, { source: none, order: 2 })).toBe(false);
  expect(isNewer({ source: git("c", "b"), order: 1 }, { source: none, order: 2 })).toBe(false);
});

test("a release is newer that holds the other's commit, although that one was handed in again later", () => {
  const main = { source: git("c", "a", "b"), order: 1 };
  expect(isNewer(main, { source: git("b"), order: 2 })).toBe(true);
  expect(isNewer(main, { source: git("c"), order: 2 })).toBe(false);
  expect(isNewer(main, { source: git("x"), order: 2 })).toBe(false);
});

test("of two of which clock and commits say different things each is newer than the other: neither closes anything", () => {
  const [old, main] = [
    { source: git("b"), order: 2 },
    { source: git("c", "b"), order: 1 },
  ];
  expect([isNewer(old, main), isNewer(main, old)]).toEqual([true, true]);
});
