import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { needsTool } from "../../../test/support/optional.ts";
import { checkTree, observationsIn } from "../../../test/support/tool-agent.ts";
import { removeTree } from "../../tree/remove-tree.ts";
import { osvScanner } from "./index.ts";

const advisory = {
  schema_version: "1.6.0",
  id: "GHSA-aaaa-bbbb-cccc",
  modified: "2026-01-01T00:00:00Z",
  summary: "Falls over",
  affected: [
    {
      package: { ecosystem: "npm", name: "left-side", purl: "pkg:npm/left-side" },
      ranges: [{ type: "SEMVER", events: [{ introduced: "0" }, { fixed: "1.0.1" }] }],
    },
  ],
  database_specific: { severity: "HIGH" },
};

/** A zip archive (APPNOTE 4.3) with one file that is not compressed. */
function zipOf(name: string, text: string): Buffer {
  const [path, bytes] = [Buffer.from(name), Buffer.from(text)];
  const common = Buffer.alloc(26);
  common.writeUInt16LE(20, 0);
  common.writeUInt32LE(crc32(bytes), 10);
  common.writeUInt32LE(bytes.length, 14);
  common.writeUInt32LE(bytes.length, 18);
  common.writeUInt16LE(path.length, 22);
  const local = Buffer.concat([Buffer.from("PK\u0003\u0004"), common, path, bytes]);
  const central = Buffer.concat([
    Buffer.from("PK\u0001\u0002\u0014\0"),
    common,
    Buffer.alloc(14),
    path,
  ]);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(1, 4);
  end.writeUInt16LE(1, 6);
  end.writeUInt32LE(central.length, 8);
  end.writeUInt32LE(local.length, 12);
  return Buffer.concat([local, central, Buffer.from("PK\u0005\u0006"), end]);
}

const lockOf = (version: string) =>
  JSON.stringify({
    name: "shop",
    version: "1.0.0",
    lockfileVersion: 3,
    packages: {
      "": { name: "shop", version: "1.0.0", dependencies: { "left-side": version } },
      "node_modules/left-side": { version },
    },
  });

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tl-osv-"));
  const npm = join(folder, "osv-scanner", "osv-scanner", "npm");
  await mkdir(npm, { recursive: true });
  await writeFile(join(npm, "all.zip"), zipOf(`${advisory.id}.json`, JSON.stringify(advisory)));
  vi.stubEnv("TIDELOCK_TOOL_DATA", folder);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await removeTree(folder);
});

it("osv-scanner without a database is an error that says where one belongs", async () => {
  vi.stubEnv("TIDELOCK_TOOL_DATA", "/no/such/folder");
  const report = await checkTree(osvScanner, { "package-lock.json": lockOf("1.0.0") });
  expect(report.verdict).toBe("error");
  expect(report.summary).toContain("no database of advisories");
});

describe.skipIf(needsTool("osv-scanner").missing)("osv-scanner", { timeout: 60_000 }, () => {
  it("notices an advisory offline, passes what is repaired, and says how old its data are", async () => {
    const bad = await checkTree(osvScanner, { "app/package-lock.json": lockOf("1.0.0") });
    expect(bad.verdict).toBe("pass");
    expect(bad.data?.["osv npm"]).toMatch(/^20\d\d-/);
    expect(observationsIn(bad)).toMatchObject([
      {
        rule: "GHSA-aaaa-bbbb-cccc",
        severity: "high",
        fixedIn: "1.0.1",
        place: {
          kind: "package",
          name: "left-side",
          version: "1.0.0",
          path: "app/package-lock.json",
        },
      },
    ]);
    const good = await checkTree(osvScanner, { "package-lock.json": lockOf("1.0.1") });
    expect(good.verdict).toBe("pass");
    expect(observationsIn(good)).toEqual([]);
  });

  it("is told nothing by the tree", async () => {
    const report = await checkTree(osvScanner, {
      "osv-scanner.toml": `[[IgnoredVulns]]\nid = "${advisory.id}"\n`,
      ".gitignore": "*\n",
      "package-lock.json": lockOf("1.0.0"),
    });
    expect(observationsIn(report)).toHaveLength(1);
    expect(report.suppressions).toMatchObject([{ path: "osv-scanner.toml" }]);
  });

  it("is no pass about an ecosystem whose database is not there", async () => {
    const gomod = "module shop\n\ngo 1.22\n\nrequire golang.org/x/text v0.3.0\n";
    const report = await checkTree(osvScanner, { "go.mod": gomod });
    expect(["partial", "error"]).toContain(report.verdict);
  });
});
