import { chmod, mkdir, mkdtemp, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { removeTree } from "./remove-tree.ts";

test("removes folders nobody may write into, and follows no link out of them", async () => {
  const root = await mkdtemp(join(tmpdir(), "tl-remove-"));
  const outside = join(root, "outside");
  const inside = join(root, "inside", "deep");
  await mkdir(outside);
  await mkdir(inside, { recursive: true });
  await writeFile(join(outside, "kept"), "kept");
  await symlink(outside, join(inside, "link"));
  await chmod(inside, 0o555);
  await removeTree(join(root, "inside"));
  await expect(stat(inside)).rejects.toThrow(/ENOENT/);
  expect((await stat(join(outside, "kept"))).size).toBe(4);
  await removeTree(root);
});

test("removes a folder into which somebody is still writing for a moment, and minds none that is gone", async () => {
  const root = await mkdtemp(join(tmpdir(), "tl-remove-"));
  const until = performance.now() + 150;
  const writer = (async () => {
    for (let n = 0; performance.now() < until; n += 1) {
      const file = join(root, "cache", String(n % 50));
      await mkdir(join(root, "cache"), { recursive: true }).catch(() => undefined);
      await writeFile(file, "x").catch(() => undefined);
    }
  })();
  await removeTree(root);
  await writer;
  await removeTree(root);
  await removeTree(root);
  await expect(stat(root)).rejects.toThrow(/ENOENT/);
});
