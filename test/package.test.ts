import { execFile } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { isBuiltin } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { processesOf } from "../scripts/demo/processes.ts";
import { root } from "../scripts/test/run-step.ts";
import { Installation, moveToFreePorts } from "./support/installation.ts";
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

/** Every module that emitted JavaScript names, by `import`, `export … from` or `import()`. */
function importsOf(text: string): readonly string[] {
  const names = text.matchAll(
    /^(?:import|export)\b[^;]*?from "([^"]+)"|^import "([^"]+)"|\bimport\("([^"]+)"\)/gm,
  );
  return [...names].map((match) => match[1] ?? match[2] ?? match[3] ?? "");
}

/** `@fastify/swagger/x` is of `@fastify/swagger`. */
const packageOf = (name: string): string =>
  name
    .split("/")
    .slice(0, name.startsWith("@") ? 2 : 1)
    .join("/");

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
    expect(packed.size).toBeLessThan(2_500_000);
    expect(packed.unpackedSize).toBeLessThan(10_000_000);
  });

  it("installs into an empty folder and tells its version", async () => {
    expect((await tidelock("--version")).stdout).toBe(`${version}\n`);
  });

  it("imports only what it carries or depends on", () => {
    const installed = join(folder, "node_modules", "tidelock");
    const manifest = JSON.parse(readFileSync(join(installed, "package.json"), "utf8")) as {
      dependencies: Record<string, string>;
    };
    const files = readdirSync(join(installed, "dist"), { recursive: true, encoding: "utf8" });
    const missing = files
      .filter((file) => file.endsWith(".js"))
      .flatMap((file) => {
        const path = join(installed, "dist", file);
        return importsOf(readFileSync(path, "utf8"))
          .filter((name) =>
            name.startsWith(".")
              ? !existsSync(join(dirname(path), name))
              : !isBuiltin(name) && !(packageOf(name) in manifest.dependencies),
          )
          .map((name) => `${file}: ${name}`);
      });
    expect(missing).toEqual([]);
  });

  it("checks the machine, and releases a service with what was installed and nothing else", async () => {
    const program = join(folder, "node_modules", "tidelock", "bin", "tidelock.mjs");
    const installation = new Installation(program);
    try {
      expect(await installation.tidelock(["doctor"])).toMatch(/node/i);
      const shop = join(installation.folder, "shop");
      cpSync(join(folder, "node_modules", "tidelock", "examples", "shop"), shop, {
        recursive: true,
      });
      const addresses = await moveToFreePorts(join(shop, "tidelock.yaml"));
      await installation.start();
      await installation.tidelock(["pipeline", "apply"], shop);
      await installation.tidelock(["release", "create", "--version", "1.0.0"], shop);
      await installation.tidelock(["promote", "1.0.0", "--to", "development", "--wait"], shop);
      const response = await fetch(`${addresses.get("development")}/version`);
      expect(await response.json()).toMatchObject({ version: "1.0.0", environment: "development" });
      // Nothing of the repository runs: only what the package brought.
      const commands = processesOf(installation.dataDir).map(({ command }) => command);
      expect(commands.filter((command) => command.includes(join(root, "src")))).toEqual([]);
    } finally {
      expect(await installation.stop()).toEqual([]);
    }
  }, 180_000);

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
      expect(failure?.stderr).toMatch(
        /^tidelock: needs Node 24\.7 or newer.* npx -p node@24 .*\n$/,
      );
    },
  );
});
