import { expect, it } from "vitest";
import type { Release } from "../../model/release.ts";
import { separationOf } from "./own-work.ts";

it("knows a name that is written with other characters for the same letters", () => {
  const person = (name: string) => ({ name, email: "x@home.example" });
  const commit = { revision: "a".repeat(40), subject: "x", at: "2026-01-01T00:00:00Z" };
  const written = (name: string) => {
    const commits = [{ ...commit, author: person(name), committer: person(name), coAuthors: [] }];
    const source = { kind: "git", revision: commit.revision, commits } as const;
    return { source: { ...source, dirty: false, truncated: false } } as unknown as Release;
  };
  const against = (name: string) =>
    separationOf(["Jos\u00e9 Gil"], { release: written(name), actors: [] }).against;
  expect(against("Jose\u0301 Gil")).toContain("own work");
  expect(against("\uff2aos\u00e9 gil")).toContain("own work");
  expect(against("Ana Gil")).toBeNull();
});
