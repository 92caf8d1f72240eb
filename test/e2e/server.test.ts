import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, it, vi } from "vitest";
import { findServers } from "../../src/store/server-record.ts";
import { findToken } from "../../src/store/token.ts";
import { clearHome, e2eHome } from "../fixtures/e2e-home.ts";
import { runCli } from "../fixtures/run-cli.ts";

/** The server's process from start to end, on a real data directory. */

vi.setConfig({ testTimeout: 120_000 });

const program = join(import.meta.dirname, "../../src/cli/main.ts");
let work: string;
let dataDir: string;
const children: ChildProcess[] = [];

beforeAll(async () => {
  work = await e2eHome();
  dataDir = join(work, "data");
});
afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const ended = new Promise((done) => child.once("exit", done));
    child.kill("SIGTERM");
    await ended;
  }
});
afterAll(() => clearHome(work));

const cli = (...words: string[]) =>
  runCli(words, { env: { TIDELOCK_DATA_DIR: dataDir, TIDELOCK_CONFIG: join(work, "c.json") } });

interface Foreground {
  readonly child: ChildProcess;
  readonly url: string;
  readonly log: () => string;
  /** Exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals | null>;
}

/** `tidelock server start` in the foreground, once it has said where it is. */
async function start(...words: string[]): Promise<Foreground> {
  const child = spawn(process.execPath, [program, "server", "start", "--port", "0", ...words], {
    cwd: "/",
    env: { PATH: process.env["PATH"], HOME: process.env["HOME"], TIDELOCK_DATA_DIR: dataDir },
    stdio: ["ignore", "pipe", "pipe"],
  });
  children.push(child);
  let log = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (log += text));
  const ended = new Promise<number | NodeJS.Signals | null>((done) =>
    child.once("exit", (code, signal) => done(code ?? signal)),
  );
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout?.setEncoding("utf8").once("data", (text: string) => resolve(text.trim()));
    void ended.then((code) => reject(new Error(`ended with ${code}: ${log}`)));
  });
  return { child, url, log: () => log, ended };
}

const isReady = async (url: string): Promise<boolean> =>
  (await fetch(`${url}/readyz`).catch(() => null))?.status === 200;

const postmaster = (): boolean => existsSync(join(dataDir, "postgres/data/postmaster.pid"));

it("answers when it says so, logs JSON without a secret, and ends well at SIGTERM", async () => {
  const server = await start();
  expect(await isReady(server.url)).toBe(true);
  expect((await cli("status")).code).toBe(0);
  server.child.kill("SIGTERM");
  expect(await server.ended).toBe(0);
  expect([findServers(dataDir), postmaster()]).toEqual([[], false]);
  const lines = server.log().trim().split("\n");
  const events = lines.map((line) => (JSON.parse(line) as { event: string }).event);
  expect(events).toEqual(expect.arrayContaining(["listening", "request", "stopping", "stopped"]));
  const password = readFileSync(join(dataDir, "server/database.json"), "utf8");
  const passwords = [...password.matchAll(/"([\w-]{40,})"/g)].map((match) => match[1] ?? "");
  expect(passwords).toHaveLength(2);
  for (const secret of [findToken(dataDir) ?? "", ...passwords]) {
    expect(server.log()).not.toContain(secret);
  }
});

it("shares its data directory with a second one on another port; the last one stops the database", async () => {
  const [first, second] = await Promise.all([start(), start()]);
  expect(new Set(findServers(dataDir).map(({ url }) => url))).toEqual(
    new Set([first.url, second.url]),
  );
  first.child.kill("SIGINT");
  expect(await first.ended).toBe(0);
  expect(await isReady(second.url)).toBe(true);
  expect((await cli("server", "stop")).code).toBe(0);
  expect([await second.ended, postmaster()]).toEqual([0, false]);
});

it("starts again after a kill -9 and takes over database and agent", async () => {
  const first = await start();
  const agent = async (): Promise<unknown> => {
    const { stdout } = await cli("doctor", "-o", "json");
    return (JSON.parse(stdout) as { name: string; message: string }[]).find(
      ({ name }) => name === "agent",
    )?.message;
  };
  const before = await agent();
  first.child.kill("SIGKILL");
  await first.ended;
  expect(findServers(dataDir)).toEqual([]);
  expect((await cli("status")).stderr).toContain("tidelock server start");
  const second = await start();
  expect(await isReady(second.url)).toBe(true);
  expect(await agent()).toBe(before);
});

it("uses an agent that a supervisor keeps, and leaves it alone", async () => {
  await cli("down", "--yes");
  const agent = spawn(process.execPath, [program, "agent", "start"], {
    env: { PATH: process.env["PATH"], HOME: process.env["HOME"], TIDELOCK_DATA_DIR: dataDir },
    stdio: "ignore",
  });
  children.push(agent);
  const found = async (): Promise<unknown> =>
    (
      JSON.parse((await cli("doctor", "-o", "json")).stdout) as { name: string; message: string }[]
    ).find(({ name }) => name === "agent")?.message;
  await expect.poll(found, { timeout: 20_000 }).toContain(`pid ${agent.pid}`);
  const second = await cli("agent", "start");
  expect([second.code, second.stderr]).toEqual([1, expect.stringContaining(`pid ${agent.pid}`)]);
  const server = await start();
  expect(await isReady(server.url)).toBe(true);
  server.child.kill("SIGTERM");
  expect(await server.ended).toBe(0);
  expect(agent.exitCode).toBeNull();
  const ended = new Promise((done) => agent.once("exit", done));
  agent.kill("SIGTERM");
  expect(await ended).toBe(0);
});

it("says in one clear message that its port is taken, and by whom when it knows", async () => {
  const stranger = createServer();
  const port = await new Promise<number>((resolve) => {
    stranger.listen(0, "127.0.0.1", () => {
      const address = stranger.address();
      resolve(typeof address === "object" && address !== null ? address.port : 0);
    });
  });
  const refused = await cli("server", "start", "--port", String(port));
  expect([refused.code, refused.stdout]).toEqual([1, ""]);
  expect(refused.stderr).toBe(
    `error: port ${port} is taken by another program\nwhere: localhost:${port}\n` +
      "hint: choose another with --port (0 takes a free one), or stop what listens there\n",
  );
  stranger.close();
  const server = await start();
  const twice = await cli("server", "start", "-d", "--port", new URL(server.url).port);
  expect([twice.code, twice.stderr]).toEqual([1, expect.stringContaining(`where: ${server.url}`)]);
});

it("refuses a DATABASE_URL that is none or does not answer, without quoting it", async () => {
  for (const url of ["mysql://u:hunter2@x/y", "postgres://u:hunter2@127.0.0.1:1/y"]) {
    for (const words of [
      ["server", "start", "--port", "0"],
      ["server", "start", "-d", "--port", "0"],
    ]) {
      const refused = await runCli(words, {
        env: { TIDELOCK_DATA_DIR: join(work, "other"), DATABASE_URL: url },
      });
      expect([refused.code === 0, refused.stdout]).toEqual([false, ""]);
      expect(refused.stderr).toMatch(/error: /);
      expect(refused.stderr).not.toContain("hunter2");
    }
  }
});
