import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { root } from "../../scripts/test/run-step.ts";

const run = promisify(execFile);
const lockModule = join(root, "scripts", "setup", "lock.mjs");
const installedModule = join(root, "scripts", "setup", "installed.mjs");

function folder(): string {
  return mkdtempSync(join(tmpdir(), "tidelock-setup-"));
}

/** A process that holds the lock for a while, and writes down when it began and ended. */
function holder(lock: string, log: string): Promise<unknown> {
  const text = `
    import { appendFileSync } from "node:fs";
    import { setTimeout as sleep } from "node:timers/promises";
    import { withLock } from ${JSON.stringify(lockModule)};
    await withLock(${JSON.stringify(lock)}, () => {}, async () => {
      appendFileSync(${JSON.stringify(log)}, "in ");
      await sleep(150);
      appendFileSync(${JSON.stringify(log)}, "out ");
    });`;
  return run(process.execPath, ["--input-type=module", "--eval", text]);
}

describe("the setup's lock", () => {
  it("lets one process in at a time", async () => {
    const work = folder();
    const log = join(work, "log");
    await Promise.all([1, 2, 3].map(() => holder(join(work, "lock"), log)));
    expect(readFileSync(log, "utf8")).toBe("in out in out in out ");
  });

  it("is taken over when its holder is dead, by exactly one of several", async () => {
    const work = folder();
    const log = join(work, "log");
    // A pid above pid_max never lives.
    writeFileSync(join(work, "lock"), "99999999:1");
    await Promise.all([1, 2, 3].map(() => holder(join(work, "lock"), log)));
    expect(readFileSync(log, "utf8")).toBe("in out in out in out ");
  });
});

describe("what counts as installed", () => {
  const locked = { version: "1.0.0", integrity: "sha512-a" };

  async function matches(
    wanted: Record<string, unknown>,
    have: Record<string, unknown> | null,
  ): Promise<boolean> {
    const work = folder();
    writeFileSync(join(work, "package-lock.json"), JSON.stringify({ packages: wanted }));
    for (const path of Object.keys(have ?? {})) mkdirSync(join(work, path), { recursive: true });
    mkdirSync(join(work, "node_modules"), { recursive: true });
    if (have !== null) {
      const hidden = join(work, "node_modules", ".package-lock.json");
      writeFileSync(hidden, JSON.stringify({ packages: have }));
    }
    const text = `import { installedMatchesLock } from ${JSON.stringify(installedModule)};
      console.log(installedMatchesLock(${JSON.stringify(work)}));`;
    const { stdout } = await run(process.execPath, ["--input-type=module", "--eval", text]);
    return stdout.trim() === "true";
  }

  it("is a tree that holds every locked package in the locked version", async () => {
    expect(await matches({ "node_modules/a": locked }, { "node_modules/a": locked })).toBe(true);
  });

  it("is not a tree that another version or an interrupted install left", async () => {
    const other = { ...locked, version: "1.0.1" };
    expect(await matches({ "node_modules/a": locked }, { "node_modules/a": other })).toBe(false);
    expect(await matches({ "node_modules/a": locked }, null)).toBe(false);
    expect(await matches({ "node_modules/a": locked }, {})).toBe(false);
  });

  it("may lack optional packages, which are those of other platforms", async () => {
    expect(await matches({ "node_modules/a": { ...locked, optional: true } }, {})).toBe(true);
  });
});
