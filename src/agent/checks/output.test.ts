import { mkdir, mkdtemp, utimes, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { removeTree } from "../../tree/remove-tree.ts";
import { readOutput, readPage } from "./output.ts";
import { dropOutput } from "./retention.ts";
import { type RunFiles, filesOf } from "./run-files.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tl-output-"));
});
afterEach(() => removeTree(folder));

async function run(id: string, bytes: number, secondsAgo: number, over = true): Promise<RunFiles> {
  const files = filesOf(folder, id);
  await mkdir(files.directory);
  await writeFile(files.stdout, "x".repeat(bytes));
  await writeFile(files.stderr, "");
  const at = Date.now() / 1_000 - secondsAgo;
  await utimes(files.stdout, at, at);
  await utimes(files.stderr, at, at);
  const result = {
    exitCode: 0,
    signal: null,
    timedOut: false,
    truncated: false,
    durationMs: 1,
    error: null,
  };
  if (over) await writeFile(files.result, JSON.stringify(result));
  return files;
}

it("drops what the oldest ended runs wrote, and what no run that goes on writes", async () => {
  const going = await run("going", 600, 90, false);
  const old = await run("old", 600, 60);
  const newer = await run("newer", 600, 30);
  const newest = await run("newest", 600, 0);
  await dropOutput([newest, old, going, newer], 1_500);
  expect([going, old, newer, newest].map(({ stdout }) => existsSync(stdout))).toEqual([
    true,
    false,
    true,
    true,
  ]);
  expect(existsSync(old.result)).toBe(true);
});

it("reads a page from a byte on, nothing at the end, and null where nothing lies", async () => {
  const files = await run("one", 10, 0);
  expect((await readPage(files.stdout, 7))?.toString()).toBe("xxx");
  expect((await readPage(files.stdout, 10))?.length).toBe(0);
  expect((await readPage(files.stdout, 99))?.length).toBe(0);
  expect(await readPage(join(folder, "none"), 0)).toBeNull();
  expect(await readOutput(files)).toEqual({
    stdout: "x".repeat(10),
    stderr: "",
    cut: false,
    bytes: 10,
  });
});
