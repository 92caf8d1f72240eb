import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type CliOptions, runCli } from "../../test/fixtures/run-cli.ts";
import { openDataDir } from "../store/data-dir.ts";
import { registerServer } from "../store/server-record.ts";

/** Commands that need no server. */

let folder: string;
let dataDir: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tidelock-local-"));
  // As root the database runs under a user of its own, which must be able to pass.
  chmodSync(folder, 0o755);
  dataDir = join(folder, "data");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const cli = (words: readonly string[], options: CliOptions = {}) =>
  runCli(words, { cwd: folder, env: { TIDELOCK_DATA_DIR: dataDir }, ...options });

it("init writes a pipeline file that is valid as it is, and overwrites none", async () => {
  const service = join(folder, "my-shop");
  mkdirSync(service);
  writeFileSync(join(service, "package.json"), '{"scripts": {"start": "node server.js"}}');
  const made = await cli(["init"], { cwd: service });
  expect(made).toMatchObject({ code: 0, stdout: `${join(service, "tidelock.yaml")}\n` });
  const valid = await cli(["pipeline", "validate"], { cwd: service });
  expect([valid.code, valid.stdout]).toEqual([0, expect.stringContaining("pipeline my-shop")]);
  const text = readFileSync(join(service, "tidelock.yaml"), "utf8");
  const again = await cli(["init"], { cwd: service });
  expect([again.code, again.stderr]).toEqual([1, expect.stringContaining("--print")]);
  expect((await cli(["init", "--print"], { cwd: service })).stdout).toBe(text);
});

// It asks every scanner that is installed for its version: seconds each time.
it(
  "doctor looks without changing anything, and fails for what would stop a start",
  { timeout: 120_000 },
  async () => {
    const well = await cli(["doctor", "-o", "json"]);
    const findings = JSON.parse(well.stdout) as { name: string; state: string; message: string }[];
    expect(findings.map(({ name }) => name)).toContain("survival");
    expect(findings.find(({ name }) => name === "database")?.message).toContain("PostgreSQL");
    expect(well.code).toBe(findings.some(({ state }) => state === "fail") ? 1 : 0);
    expect(existsSync(dataDir)).toBe(false);
    writeFileSync(dataDir, "");
    const ill = await cli(["doctor"]);
    expect(ill.code).toBe(1);
    expect(ill.stdout).toMatch(/✗ fail +data directory +.* is no folder\n +name another/);
    const wrong = {
      TIDELOCK_DATA_DIR: folder,
      DATABASE_URL: "postgres://nobody:hunter2@localhost:1/x",
    };
    const outside = await cli(["doctor"], { env: wrong });
    expect(outside.code).toBe(1);
    expect(outside.stdout + outside.stderr).not.toContain("hunter2");
  },
);

it("uninstall removes a data directory of ours, after --yes, and nothing else", async () => {
  expect((await cli(["uninstall", "--yes"])).code).toBe(1);
  mkdirSync(dataDir);
  writeFileSync(join(dataDir, "precious"), "");
  expect((await cli(["uninstall", "--yes"])).stderr).toContain("nothing was removed");
  openDataDir(dataDir);
  expect((await cli(["uninstall"])).code).toBe(2);
  const removed = await cli(["uninstall", "--yes"]);
  expect(removed.code).toBe(0);
  expect(removed.stderr).toContain("left where it is: precious");
  expect(existsSync(join(dataDir, "server"))).toBe(false);
  rmSync(join(dataDir, "precious"));
  openDataDir(dataDir);
  expect((await cli(["uninstall", "--yes"])).code).toBe(0);
  expect(existsSync(dataDir)).toBe(false);
});

it("uninstall is refused while a server runs", async () => {
  const leave = registerServer(openDataDir(dataDir), { url: "http://localhost:9", version: "1" });
  const refused = await cli(["uninstall", "--yes"]);
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining("still runs at")]);
  expect(existsSync(join(dataDir, "layout.json"))).toBe(true);
  leave();
});

it("server start says what is wrong before anything is made", async () => {
  writeFileSync(dataDir, "");
  for (const words of [
    ["server", "start"],
    ["server", "start", "--detach"],
  ]) {
    const result = await cli(words);
    expect([words, result.code, result.stdout]).toEqual([words, expect.any(Number), ""]);
    expect(result.code).not.toBe(0);
    expect(result.stderr).toMatch(/^error: /);
  }
});
