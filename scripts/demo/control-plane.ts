import { execFile } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Client } from "../../src/api/client.ts";
import { root } from "../test/run-step.ts";
import type { DemoHome } from "./home.ts";
import { type FoundProcess, processesOf } from "./processes.ts";

const program = join(root, "bin", "tidelock.mjs");
const stopTimeoutMs = 60_000;

/** Nothing of the user's own settings: the demo talks to its own server only. */
function environment(home: DemoHome): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !name.startsWith("TIDELOCK_") && name !== "DATABASE_URL",
  );
  return {
    ...Object.fromEntries(kept),
    TIDELOCK_DATA_DIR: home.data,
    TIDELOCK_CONFIG: join(home.root, "config.json"),
    ...(existsSync(tokenFile(home))
      ? { TIDELOCK_TOKEN: readFileSync(tokenFile(home), "utf8") }
      : {}),
  };
}

/** Runs a `tidelock` command as a user would; rejects with what it said. */
export async function tidelock(
  home: DemoHome,
  args: readonly string[],
  folder?: string,
): Promise<string> {
  return (await run(home, args, folder)).stdout;
}

function run(
  home: DemoHome,
  args: readonly string[],
  folder?: string,
): Promise<{ readonly stdout: string; readonly stderr: string }> {
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      [program, ...args],
      { cwd: folder ?? home.root, env: environment(home), timeout: 300_000 },
      (error, stdout, stderr) => {
        if (!error) resolve({ stdout, stderr });
        else reject(new Error(`tidelock ${args.join(" ")}: ${stderr.trim() || error.message}`));
      },
    );
  });
}

/** `tidelock server start`, detached: Ctrl-C is for the demo, which ends the server in order. */
export async function startServer(
  home: DemoHome,
): Promise<{ readonly client: Client; readonly welcome: string | null }> {
  const { stdout, stderr } = await run(home, ["server", "start", "--detach", "--port", "0"]);
  const url = stdout.trim();
  // The documented place of the first token.
  const first = readFileSync(join(home.data, "server", "token"), "utf8").trim();
  const { token } = await new Client({ url, token: first }).call("tokenCreate", {
    body: {
      name: "demo",
      role: "administrator",
      service: null,
      environment: null,
      lastsMs: 30 * 86_400_000,
    },
  });
  writeFileSync(tokenFile(home), token, { mode: 0o600 });
  const welcome = /http:\/\/\S+\/welcome#\S+/.exec(stderr)?.[0] ?? null;
  return { client: new Client({ url, token }), welcome };
}

/** The demo's own: the first token ends when somebody signs up. */
function tokenFile(home: DemoHome): string {
  return join(home.root, "token");
}

/**
 * Ends everything that runs on the demo's data directory and waits until the process list agrees.
 *
 * @returns what still ran when it should not have, empty when all is well
 */
export async function stopEverything(home: DemoHome): Promise<readonly FoundProcess[]> {
  if (processesOf(home.data).length === 0) return [];
  // Also ends what a killed server left behind.
  await tidelock(home, ["down", "--yes"]);
  const deadline = performance.now() + stopTimeoutMs;
  while (processesOf(home.data).length > 0 && performance.now() < deadline) await pause(100);
  return processesOf(home.data);
}

/** Takes everything away but the lock, which is still held. Nothing of it runs any more. */
export async function clearHome(home: DemoHome): Promise<void> {
  if (existsSync(home.data)) await tidelock(home, ["uninstall", "--yes"]);
  for (const path of [home.shop, home.addresses, tokenFile(home)])
    rmSync(path, { recursive: true, force: true });
}
