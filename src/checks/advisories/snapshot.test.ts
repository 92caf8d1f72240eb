import { mkdirSync, mkdtempSync, renameSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { advisoryShard, AdvisorySnapshot, packageKey } from "../../model/advisory.ts";
import { AdvisoryReader } from "./snapshot.ts";
import { affects } from "./versions.ts";

const snapshot = AdvisorySnapshot.parse({
  formatVersion: 1,
  digest: `sha256:${"a".repeat(64)}`,
  importedAt: "2026-11-20T00:00:00.000Z",
  asOf: "2026-11-20T00:00:00.000Z",
  ecosystems: { npm: 1 },
  withdrawn: 0,
});

const advisory = (ecosystem: string, name: string, versions: readonly string[] = []) => ({
  id: "GHSA-1",
  aliases: [],
  summary: "",
  score: 9,
  cwe: [],
  modified: "",
  ecosystem,
  name,
  ranges: [],
  versions: [...versions],
});

test.each([
  ["NuGet", "Newtonsoft.Json", "newtonsoft.json"],
  ["Packagist", "Symfony/Http-Kernel", "symfony/http-kernel"],
  ["Go", "github.com/Masterminds/goutils", "github.com/masterminds/goutils"],
])(
  "a package of %s is found under either case, in editions of today and of before",
  async (ecosystem, published, listed) => {
    for (const kept of [packageKey(ecosystem, published), published]) {
      const checkData = mkdtempSync(join(tmpdir(), "tl-advisories-"));
      const folder = join(checkData, "advisories", "a".repeat(64));
      mkdirSync(folder, { recursive: true });
      const file = join(folder, `${advisoryShard(ecosystem, kept)}.jsonl`);
      writeFileSync(file, JSON.stringify(advisory(ecosystem, kept)));
      const reader = new AdvisoryReader(checkData, snapshot);
      expect(await reader.of(ecosystem, published)).toHaveLength(1);
      if (kept !== published) expect(await reader.of(ecosystem, listed)).toHaveLength(1);
    }
    expect(packageKey("npm", "JSONStream")).toBe("JSONStream");
  },
);

test("a version that an advisory lists is known with and without its v", () => {
  const listed = advisory("Packagist", "a/b", ["1.2.0", "v2.0.0"]);
  for (const version of ["1.2.0", "v1.2.0", "2.0.0", "v2.0.0"]) {
    expect(affects(listed, version)).not.toBeNull();
  }
  expect(affects(listed, "3.0.0")).toBeNull();
});

test("a snapshot that is replaced while it is read is an error, and never one without advisories", async () => {
  const checkData = mkdtempSync(join(tmpdir(), "tl-advisories-"));
  const folder = join(checkData, "advisories", "a".repeat(64));
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "other.jsonl"), "");
  const reader = new AdvisoryReader(checkData, snapshot);
  expect(await reader.of("npm", "nothing-known")).toEqual([]);
  renameSync(folder, `${folder}.removed`);
  await expect(reader.of("npm", "zebra")).rejects.toThrow(/replaced while they were read/);
});
