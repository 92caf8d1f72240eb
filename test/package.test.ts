import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { root } from "../scripts/test/run-step.ts";
import { installPacked, type Packed, pack } from "./support/packed.ts";
import { needs, olderNode } from "./support/optional.ts";

const run = promisify(execFile);
const version = (
  JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string }
).version;

let work = "";
let packed: Packed;
let folder = "";

beforeAll(async () => {
  work = mkdtempSync(join(tmpdir(), "tidelock-package-"));
  folder = join(work, "empty");
  packed = await pack(join(work, "tarball"));
  await installPacked(packed.tarball, folder);
}, 240_000);

afterAll(() => rmSync(work, { recursive: true, force: true }));

/** The installed command, run as npm links it. */
const tidelock = (...args: string[]): Promise<{ stdout: string; stderr: string }> =>
  run(join(folder, "node_modules", ".bin", "tidelock"), args, { cwd: folder });

describe("the package", () => {
  it("carries what a user needs, and neither sources nor tests", () => {
    const paths = packed.files.map((file) => file.path);
    for (const wanted of [
      "LICENSE",
      "README.md",
      "bin/tidelock.mjs",
      "deploy/systemd/tidelock-agent.service",
      "deploy/systemd/tidelock-server.service",
      "dist/cli/main.js",
      "dist/agent/main.js",
      "examples/shop/tidelock.yaml",
      "schema/tidelock.schema.json",
    ]) {
      expect(paths).toContain(wanted);
    }
    expect(paths.filter((path) => path.endsWith(".sql")).length).toBeGreaterThan(0);
    const unwanted = /^(?:src|test|bench|scripts|dist\/.*\.test\.)|node_modules|\.ts$|\.log$/;
    expect(paths.filter((path) => unwanted.test(path))).toEqual([]);
  });

  it("is of a sane size", () => {
    expect(packed.size).toBeLessThan(2_000_000);
    expect(packed.unpackedSize).toBeLessThan(8_000_000);
  });

  it("installs into an empty folder and tells its version", async () => {
    expect((await tidelock("--version")).stdout).toBe(`${version}\n`);
  });

  it("loads every module of every command: nothing that it needs was left out", async () => {
    const { stdout } = await tidelock("--help");
    expect(stdout).toContain("promote");
    const built = join(folder, "node_modules", "tidelock", "dist");
    const text = `
      import { globSync } from "node:fs";
      const skip = /(?:^|\\/)main\\.js$/;
      for (const file of globSync("**/*.js", { cwd: ${JSON.stringify(built)} })) {
        if (!skip.test(file)) await import(${JSON.stringify(`${built}/`)} + file);
      }
      process.exit(0);`;
    await run(process.execPath, ["--input-type=module", "--eval", text], { cwd: folder });
  });

  const old = olderNode();
  it.skipIf(needs(old !== null, "no Node older than 24 on this machine").missing)(
    "says in one sentence that an older Node is too old, and what to do",
    async () => {
      const bin = join(folder, "node_modules", "tidelock", "bin", "tidelock.mjs");
      expect(existsSync(bin)).toBe(true);
      const failure = await run(old ?? "", [bin, "status"]).then(
        () => null,
        (error: { code: number; stderr: string }) => error,
      );
      expect(failure?.code).toBe(1);
      expect(failure?.stderr).toMatch(/^tidelock: needs Node 24 or newer.* npx -p node@24 .*\n$/);
    },
  );
});
