import { copyFile, mkdir, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { needsTool } from "../../../test/support/optional.ts";
import { runRecorded } from "../../../test/support/recorded-tool.ts";
import { checkTree, observationsIn } from "../../../test/support/tool-agent.ts";
import { removeTree } from "../../tree/remove-tree.ts";
import { grype } from "./index.ts";

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
  folder = await mkdtemp(join(tmpdir(), "tl-grype-"));
  await mkdir(join(folder, "grype", "6"), { recursive: true });
  await writeFile(join(folder, "grype", "6", "vulnerability.db"), "");
  vi.stubEnv("TIDELOCK_TOOL_DATA", folder);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await removeTree(folder);
});

it("grype without a database is an error that says where one belongs", async () => {
  vi.stubEnv("TIDELOCK_TOOL_DATA", "/no/such/folder");
  const report = await checkTree(grype, { "package-lock.json": lockOf("1.0.0") });
  expect(report.verdict).toBe("error");
  expect(report.summary).toContain("grype has no data to decide by");
});

describe("grype's report", () => {
  const run = (descriptor: object) =>
    runRecorded(
      grype,
      {
        name: "grype",
        version: "Version:             0.121.2",
        report: JSON.stringify({ matches: [], source: { type: "directory" }, descriptor }),
        flag: "--file",
      },
      { tree: { "package-lock.json": lockOf("1.0.0"), ".grype.yaml": "ignore: [{}]\n" } },
    );

  it("counts with the age of the database that it names", async () => {
    const { report, started } = await run({ db: { status: { built: "2026-11-01T00:00:00Z" } } });
    expect(report).toMatchObject({
      verdict: "pass",
      exercised: { files: 1 },
      data: { "grype database": "2026-11-01T00:00:00Z" },
      suppressions: [{ path: ".grype.yaml" }],
    });
    expect(started?.env).toMatchObject({ GRYPE_DB_AUTO_UPDATE: "false" });
  });

  it("is an error when it names none", async () => {
    expect((await run({ name: "grype" })).report.verdict).toBe("error");
  });
});

describe.skipIf(needsTool("grype").missing)("grype", { timeout: 120_000 }, () => {
  it("is an error with a database that it cannot read", async () => {
    const report = await checkTree(grype, { "package-lock.json": lockOf("1.0.0") });
    expect(report.verdict).toBe("error");
  });

  it("notices an advisory offline, passes what is repaired, and is told nothing by the tree", async () => {
    const kept = `${import.meta.dirname}/../../../test/fixtures/findings/grype-db`;
    const database = gunzipSync(await readFile(`${kept}/vulnerability.db.gz`));
    await writeFile(join(folder, "grype", "6", "vulnerability.db"), database);
    await copyFile(`${kept}/import.json`, join(folder, "grype", "6", "import.json"));
    const bad = await checkTree(grype, {
      "app/package-lock.json": lockOf("1.0.0"),
      ".grype.yaml": "ignore:\n  - vulnerability: GHSA-aaaa-bbbb-cccc\n",
    });
    expect(bad.verdict).toBe("pass");
    expect(bad.data?.["grype database"]).toMatch(/^20\d\d-/);
    expect(observationsIn(bad)).toMatchObject([
      {
        rule: "GHSA-aaaa-bbbb-cccc",
        severity: "high",
        fixedIn: "1.0.1",
        place: { kind: "package", name: "left-side", version: "1.0.0" },
      },
    ]);
    expect(bad.suppressions).toMatchObject([{ path: ".grype.yaml" }]);
    const good = await checkTree(grype, { "package-lock.json": lockOf("1.0.1") });
    expect(observationsIn(good)).toEqual([]);
  });
});
