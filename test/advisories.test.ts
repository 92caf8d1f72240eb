import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { strToU8, zipSync } from "fflate";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { advisories } from "../src/checks/advisories/index.ts";
import { runCheck } from "../src/checks/run.ts";
import { cvssScore } from "../src/model/cvss.ts";
import { importAdvisories } from "../src/intake/advisories/import-advisories.ts";
import { sarifHits, treeContext } from "./support/tree-context.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tidelock-advisories-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const now = new Date();
const record = (id: string, name: string, change: object = {}, ecosystem = "npm") => ({
  schema_version: "1.6.0",
  id,
  modified: now.toISOString(),
  summary: `something in ${name}`,
  affected: [
    {
      package: { ecosystem, name },
      ranges: [{ type: "SEMVER", events: [{ introduced: "0" }, { fixed: "2.0.0" }] }],
    },
  ],
  ...change,
});

const records = {
  high: record("GHSA-high-0000-0001", "left", {
    aliases: ["CVE-2026-1"],
    severity: [{ type: "CVSS_V3", score: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N" }],
    database_specific: { cwe_ids: ["CWE-22"] },
  }),
  same: record("CVE-2026-1", "left"),
  moderate: record("GHSA-mod0-0000-0002", "@scope/mid", {
    database_specific: { severity: "MODERATE" },
  }),
  withdrawn: record("GHSA-gone-0000-0003", "left", { withdrawn: "2026-01-01T00:00:00Z" }),
  malicious: record("MAL-2026-7", "evil", {
    affected: [{ package: { ecosystem: "npm", name: "evil" }, versions: ["6.6.6"] }],
  }),
  python: record(
    "PYSEC-2026-9",
    "Foo_Bar",
    {
      affected: [
        {
          package: { ecosystem: "PyPI", name: "Foo_Bar" },
          ranges: [{ type: "ECOSYSTEM", events: [{ introduced: "0" }, { fixed: "1.4.post1" }] }],
        },
      ],
    },
    "PyPI",
  ),
  go: record(
    "GO-2026-1",
    "example.org/mod",
    {
      affected: [
        {
          package: { ecosystem: "Go", name: "example.org/mod" },
          ranges: [{ type: "SEMVER", events: [{ introduced: "0" }, { fixed: "1.3.2" }] }],
        },
      ],
    },
    "Go",
  ),
};

let place = 0;
/** A data folder with these records imported, from a zip. */
async function imported(list: readonly object[] = Object.values(records), asOf?: Date) {
  place += 1;
  const work = join(folder, String(place));
  mkdirSync(work);
  const zip = join(work, "all.zip");
  const members = list.map(
    (one, index) => [`${index}.json`, strToU8(JSON.stringify(one))] as const,
  );
  writeFileSync(zip, zipSync(Object.fromEntries(members)));
  const result = await importAdvisories({
    folder: join(work, "advisories"),
    sources: [zip],
    write: async (path, text) => writeFileSync(path, text),
    ...(asOf === undefined ? {} : { asOf }),
  });
  return { checkData: work, result };
}

const lock = (packages: Record<string, object>) =>
  JSON.stringify({ name: "shop", lockfileVersion: 3, packages: { "": {}, ...packages } });

const run = async (
  files: Parameters<typeof treeContext>[0],
  checkData: string | null,
  configuration: object = {},
) =>
  runCheck(advisories, await treeContext(files, { checkData }), {
    name: "advisories",
    with: { ...configuration },
    timeout: 60_000,
  });

describe("advisories from an imported snapshot", () => {
  it("are as new as what was taken back last", async () => {
    const old = record("GHSA-old0-0000-0001", "left", { modified: "2026-01-01T00:00:00Z" });
    const modified = "2026-02-01T00:00:00Z";
    const gone = record("GHSA-gone-0000-0003", "left", { modified, withdrawn: modified });
    const { result } = await imported([old, gone]);
    expect(result.snapshot.asOf).toBe("2026-02-01T00:00:00.000Z");
  });

  it("are found in every kind of lock file and in what is installed", async () => {
    const { checkData, result } = await imported();
    expect(result.snapshot.withdrawn).toBe(1);
    const report = await run(
      {
        "package-lock.json": lock({
          "node_modules/left": { version: "1.9.9" },
          "node_modules/fine": { version: "1.0.0" },
          "node_modules/evil": { version: "6.6.6", dev: true },
        }),
        "old/package-lock.json": JSON.stringify({
          lockfileVersion: 1,
          dependencies: { a: { version: "1.0.0", dependencies: { left: { version: "1.0.1" } } } },
        }),
        "p/pnpm-lock.yaml":
          "lockfileVersion: '9.0'\n\npackages:\n\n  '@scope/mid@1.2.0':\n    resolution: {integrity: x}\n\n  left@2.0.0(peer@1.0.0):\n    resolution: {integrity: x}\n\nsnapshots:\n\n  evil@6.6.6: {}\n",
        "p5/pnpm-lock.yaml":
          "lockfileVersion: 5.4\npackages:\n\n  /@scope/mid/1.3.0_peer@2.0.0:\n    dev: false\n",
        "y/yarn.lock":
          '# yarn lockfile v1\n\n\n"@scope/mid@^1.0.0", "@scope/mid@~1.4":\n  version "1.4.0"\n',
        "y2/yarn.lock": '__metadata:\n  version: 8\n\n"left@npm:^1.0.0":\n  version: 1.5.0\n',
        "requirements.txt":
          "# pinned\nfoo.bar==1.4 \\\n  --hash=sha256:aa\nother[x]==2.0 ; python_version > '3'\n",
        "go.mod":
          "module example.org/shop\n\ngo 1.22\n\nrequire (\n\texample.org/mod v1.3.1 // indirect\n)\n",
        "node_modules/inst/node_modules/left/package.json": '{"name":"left","version":"0.1.0"}',
        "node_modules/inst/package.json": '{"name":"inst","version":"1.0.0"}',
      },
      checkData,
    );
    expect(report.verdict).toBe("pass");
    const hits = sarifHits(report.raw).map(({ rule, name, path, severity }) => [
      rule,
      name,
      path,
      severity,
    ]);
    expect(hits.sort()).toEqual(
      [
        ["GHSA-high-0000-0001", "pkg:npm/left@1.9.9", "package-lock.json", 7.5],
        ["GHSA-high-0000-0001", "pkg:npm/left@1.0.1", "old/package-lock.json", 7.5],
        ["GHSA-high-0000-0001", "pkg:npm/left@1.5.0", "y2/yarn.lock", 7.5],
        [
          "GHSA-high-0000-0001",
          "pkg:npm/left@0.1.0",
          "node_modules/inst/node_modules/left/package.json",
          7.5,
        ],
        ["GHSA-mod0-0000-0002", "pkg:npm/%40scope/mid@1.2.0", "p/pnpm-lock.yaml", 5.5],
        ["GHSA-mod0-0000-0002", "pkg:npm/%40scope/mid@1.3.0", "p5/pnpm-lock.yaml", 5.5],
        ["GHSA-mod0-0000-0002", "pkg:npm/%40scope/mid@1.4.0", "y/yarn.lock", 5.5],
        ["GO-2026-1", "pkg:golang/example.org/mod@v1.3.1", "go.mod", 7],
        ["PYSEC-2026-9", "pkg:pypi/foo.bar@1.4", "requirements.txt", 7],
      ].sort(),
    );
    const data = report.data?.["osv"] ?? "";
    expect(data).toContain(result.snapshot.digest);
  });

  it("warn of a release without packages only where the demand says so and its tree shows none", async () => {
    const { checkData } = await imported();
    const warn = { withoutPackages: "warn" };
    const files = { "server.ts": "console.log(1)" };
    const report = await run(files, checkData, warn);
    expect(report.verdict).toBe("warn");
    expect(report.exercised.packages).toBe(0);
    const told = await run(files, checkData);
    expect(told.verdict).toBe("inconclusive");
    expect(told.summary).toContain("`withoutPackages: warn`");
    const held = await run({ ...files, "node_modules/left/left.js": "1" }, checkData, warn);
    expect(held.verdict).toBe("inconclusive");
    expect((await run(files, null, warn)).verdict).toBe("missing");
  });

  it("count those for development only where the pipeline asks", async () => {
    const { checkData } = await imported();
    const files = {
      "package-lock.json": lock({
        "node_modules/evil": { version: "6.6.6", dev: true },
        "node_modules/b": { version: "1.0.0" },
      }),
    };
    expect(sarifHits((await run(files, checkData)).raw)).toEqual([]);
    const asked = sarifHits((await run(files, checkData, { development: true })).raw);
    expect(asked.map(({ rule, severity }) => [rule, severity])).toEqual([["MAL-2026-7", 10]]);
  });

  it("are missing, stale, partial or inconclusive, and never a pass, when there is no ground for one", async () => {
    const files = { "package-lock.json": lock({ "node_modules/fine": { version: "1.0.0" } }) };
    const none = await run(files, join(folder, "nothing"));
    expect(none.verdict).toBe("missing");
    expect(none.summary).toContain("tidelock advisories import");
    expect((await run(files, null)).verdict).toBe("missing");

    const old = await imported(Object.values(records), new Date(now.getTime() - 9 * 86_400_000));
    expect((await run(files, old.checkData)).verdict).toBe("stale");
    expect((await run(files, old.checkData, { maxAge: "10d" })).verdict).toBe("pass");

    const { checkData } = await imported([records.high]);
    const python = { "requirements.txt": "a==1.0\n" };
    expect((await run(python, checkData)).summary).toMatch(/no advisories for PyPI/);
    expect((await run(python, checkData)).verdict).toBe("partial");
    expect((await run({ "requirements.txt": "a>=1.0\n" }, checkData)).verdict).toBe("partial");
    expect((await run({ "package-lock.json": "{" }, checkData)).verdict).toBe("partial");
    expect((await run({ "README.md": "x" }, checkData)).verdict).toBe("inconclusive");
    expect((await run({ "package-lock.json": lock({}) }, checkData)).verdict).toBe("inconclusive");
    const branch = { "package-lock.json": lock({ "node_modules/x": { version: "github:a/b" } }) };
    expect((await run(branch, checkData)).verdict).toBe("partial");
  });
});

describe("the import", () => {
  it("replaces what was there as a whole, and leaves it when the new one is no good", async () => {
    const { checkData, result } = await imported([records.high]);
    const target = join(checkData, "advisories");
    const write = async (path: string, text: string) => writeFileSync(path, text);
    const bad = join(checkData, "bad.zip");
    writeFileSync(bad, "PK no zip");
    await expect(importAdvisories({ folder: target, sources: [bad], write })).rejects.toThrow(
      /zip/,
    );
    writeFileSync(join(checkData, "x.json"), '{"id": 1}');
    await expect(
      importAdvisories({ folder: target, sources: [join(checkData, "x.json")], write }),
    ).rejects.toThrow(/no OSV record/);
    const current = () =>
      JSON.parse(readFileSync(join(target, "current.json"), "utf8")) as { digest: string };
    expect(current().digest).toBe(result.snapshot.digest);

    const list = join(checkData, "list.json");
    writeFileSync(list, JSON.stringify({ vulns: [records.moderate, records.withdrawn] }));
    const next = await importAdvisories({ folder: target, sources: [list], write });
    expect(next.records).toBe(1);
    expect(current().digest).toBe(next.snapshot.digest);
    expect(readdirSync(target).sort()).toEqual(
      [next.snapshot.digest.slice("sha256:".length), "current.json"].sort(),
    );
  });

  it("refuses a member that unpacks to more than it states", async () => {
    const work = join(folder, "bomb");
    mkdirSync(work);
    const zip = Buffer.from(zipSync({ "a.json": new Uint8Array(1_000_000) }));
    const at = zip.indexOf(Buffer.from([0x50, 0x4b, 1, 2]));
    zip.writeUInt32LE(100, at + 24);
    writeFileSync(join(work, "all.zip"), zip);
    await expect(
      importAdvisories({
        folder: join(work, "a"),
        sources: [join(work, "all.zip")],
        write: async () => {},
      }),
    ).rejects.toThrow(/does not unpack to the size it states/);
  });

  it.each([
    // Examples of the specification's user guide and of well-known advisories.
    ["CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 9.8],
    ["CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", 10],
    ["CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", 6.1],
    ["CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H", 7.8],
    ["CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:C/C:L/I:L/A:N", 6.4],
    ["CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:N/A:N", 5.9],
    ["CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N", 0],
    ["CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", null],
    ["CVSS:3.1/AV:N", null],
    ["nonsense", null],
  ])("scores %s as %s", (vector, score) => {
    expect(cvssScore(vector)).toBe(score);
  });
});
