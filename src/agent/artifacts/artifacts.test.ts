import { mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { layout } from "../../model/layout.ts";
import { makeDataDir, storeTree } from "../../../test/support/agent-harness.ts";
import { removeTree } from "../../tree/remove-tree.ts";
import { Artifacts } from "./artifacts.ts";

let dataDir: string;
let artifacts: Artifacts;
beforeEach(async () => {
  dataDir = await makeDataDir();
  const paths = layout(dataDir);
  await mkdir(paths.releases, { recursive: true });
  artifacts = new Artifacts(paths);
});
afterEach(() => removeTree(dataDir));

const files = [{ name: "server.mjs", content: "console.log('the release');\n" }];

test("an artifact is unpacked where its digest says, and as it was packed", async () => {
  const packed = await storeTree(dataDir, files);
  const directory = await artifacts.ensure(packed, packed.path);
  expect(directory).toBe(artifacts.directory(packed.digest));
  expect(await readFile(join(directory, "server.mjs"), "utf8")).toBe(files[0]?.content);
  expect(await artifacts.changeOf(packed.digest)).toBeNull();
});

test("an artifact whose bytes were changed in the store is not unpacked, whatever its size", async () => {
  const packed = await storeTree(dataDir, files);
  const bytes = await readFile(packed.path);
  const changed = Buffer.from(
    bytes.toString("latin1").replace("the release", "another one"),
    "latin1",
  );
  expect(changed).toHaveLength(packed.size);
  await writeFile(packed.path, changed);
  const unpacking = artifacts.ensure(packed, packed.path);
  await expect(unpacking).rejects.toMatchObject({ code: "digest-mismatch" });
  expect(await readdir(layout(dataDir).releases)).toEqual([]);
});

test("an artifact is unpacked also where somebody has removed the folder of all of them", async () => {
  const packed = await storeTree(dataDir, files);
  await removeTree(layout(dataDir).releases);
  const directory = await artifacts.ensure(packed, packed.path);
  expect(await readFile(join(directory, "server.mjs"), "utf8")).toBe(files[0]?.content);
});
