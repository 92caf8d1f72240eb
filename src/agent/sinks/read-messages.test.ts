import { appendFile, mkdtemp, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { removeTree } from "../../tree/remove-tree.ts";
import { saidReady } from "./read-messages.ts";

it("a restarted sink says that it is ready behind mails of multi-byte letters, and an earlier one's word does not count", async () => {
  const folder = await mkdtemp(join(tmpdir(), "tl-sink-"));
  onTestFinished(() => removeTree(folder));
  const path = join(folder, "messages");
  await writeFile(
    path,
    `{"ready":true}\n${JSON.stringify({ text: "für dich 漢字".repeat(50) })}\n`,
  );
  const before = (await stat(path)).size;
  expect(await saidReady(path, before)).toBe(false);
  await appendFile(path, '{"ready":true}\n');
  expect(await saidReady(path, before)).toBe(true);
});
