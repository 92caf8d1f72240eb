import { mkdirSync, mkdtempSync, renameSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { AdvisorySnapshot } from "../../model/advisory.ts";
import { AdvisoryReader } from "./snapshot.ts";

test("a snapshot that is replaced while it is read is an error, and never one without advisories", async () => {
  const checkData = mkdtempSync(join(tmpdir(), "tl-advisories-"));
  const folder = join(checkData, "advisories", "a".repeat(64));
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "other.jsonl"), "");
  const snapshot = AdvisorySnapshot.parse({
    formatVersion: 1,
    digest: `sha256:${"a".repeat(64)}`,
    importedAt: "2026-11-20T00:00:00.000Z",
    asOf: "2026-11-20T00:00:00.000Z",
    ecosystems: { npm: 1 },
    withdrawn: 0,
  });
  const reader = new AdvisoryReader(checkData, snapshot);
  expect(await reader.of("npm", "nothing-known")).toEqual([]);
  renameSync(folder, `${folder}.removed`);
  await expect(reader.of("npm", "zebra")).rejects.toThrow(/replaced while they were read/);
});
