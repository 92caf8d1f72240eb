import { afterEach, beforeEach, expect, it } from "vitest";
import {
  documents,
  EngineBench,
  makeRelease,
  operator,
} from "../../../test/support/engine-bench.ts";
import type { Release } from "../../model/release.ts";

let bench: EngineBench;

beforeEach(async () => {
  bench = await EngineBench.create();
  await bench.worker().controlPlane.applyDocuments(operator, "tidelock.yaml", documents());
});

afterEach(() => bench.close());

const somebody = { name: "A", email: "a@example.org" };

async function create(
  version: string,
  made: { since?: string; commits: string[]; truncated?: boolean },
): Promise<void> {
  const commits = made.commits.map((letter) => ({
    revision: letter.repeat(40),
    subject: `change ${letter}`,
    at: "2026-01-01T00:00:00Z",
    author: somebody,
    committer: somebody,
    coAuthors: [],
  }));
  const source: Release["source"] = {
    kind: "git",
    revision: commits.at(-1)?.revision ?? "",
    dirty: false,
    ...(made.since && { since: made.since.repeat(40) }),
    commits,
    truncated: made.truncated ?? false,
  };
  const release = { ...makeRelease(bench, version), source };
  await bench.worker().controlPlane.createRelease(operator, release);
}

async function carriers(letter: string): Promise<string[]> {
  const [view] = await bench.worker().controlPlane.trace(letter.repeat(12));
  return view?.releases.map(({ version }) => version) ?? [];
}

it("follows a commit into later releases that start from a release that carries it", async () => {
  await create("1.0.0", { commits: ["a", "b"] });
  await create("1.1.0", { since: "b", commits: ["c"] });
  await create("1.2.0", { since: "c", commits: ["d"] });
  expect(await carriers("a")).toEqual(["1.0.0", "1.1.0", "1.2.0"]);
  expect(await carriers("c")).toEqual(["1.1.0", "1.2.0"]);
  expect(await carriers("f")).toEqual([]);
});

it("claims nothing for a release whose start is not proven to be its ancestor", async () => {
  await create("1.0.0", { commits: ["a", "b"] });
  await create("2.0.0", { since: "b", commits: ["e"], truncated: true });
  expect(await carriers("a")).toEqual(["1.0.0"]);
});
