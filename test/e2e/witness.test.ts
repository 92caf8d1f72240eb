import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { clearHome, e2eHome } from "../fixtures/e2e-home.ts";
import { type CliResult, runCli } from "../fixtures/run-cli.ts";

/** A log and its witnesses as processes of their own, and an auditor who believes the witnesses. */

vi.setConfig({ testTimeout: 180_000, hookTimeout: 60_000 });

const program = join(import.meta.dirname, "../../src/cli/main.ts");
let work: string;
let dataDir: string;
const children: ChildProcess[] = [];

beforeAll(async () => {
  work = await e2eHome();
  dataDir = join(work, "data");
});
afterAll(async () => {
  for (const child of children) await end(child);
  await clearHome(work);
});

const cli = (...words: string[]): Promise<CliResult> =>
  runCli(words, {
    cwd: work,
    env: { TIDELOCK_DATA_DIR: dataDir, TIDELOCK_CONFIG: join(work, "c.json") },
  });

async function done(...words: string[]): Promise<string> {
  const { code, stdout, stderr } = await cli(...words);
  expect(code, `${words.join(" ")}\n${stderr}`).toBe(0);
  return stdout;
}

/** Answers the first lines of its standard output. */
async function run(lines: number, ...words: string[]): Promise<[ChildProcess, string[]]> {
  const child = spawn(process.execPath, [program, ...words], {
    cwd: "/",
    env: { PATH: process.env["PATH"], HOME: process.env["HOME"], TIDELOCK_DATA_DIR: dataDir },
    stdio: ["ignore", "pipe", "pipe"],
  });
  children.push(child);
  let [said, log] = ["", ""];
  child.stderr.setEncoding("utf8").on("data", (text: string) => (log += text));
  return new Promise((resolve, reject) => {
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      const whole = said.split("\n").slice(0, -1);
      if (whole.length >= lines) resolve([child, whole]);
    });
    child.once("exit", (code) => reject(new Error(`${words.join(" ")}: ${code}: ${log}`)));
  });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  await ended;
}

const startServer = async () => (await run(1, "server", "start", "--port", "0"))[0];

const ports = new Map<string, number>();

/** Started again it is the same one at the same address. */
async function startWitness(name: string, logKey: string) {
  const state = join(work, name);
  const port = ports.get(name) ?? (await freePort());
  ports.set(name, port);
  const listen = `127.0.0.1:${port}`;
  const words = [
    "witness",
    "start",
    "--state",
    state,
    "--listen",
    listen,
    "--name",
    `${name}.example`,
  ];
  const [child, [key = "", url = ""]] = await run(2, ...words, "--log", logKey);
  return { child, key, url };
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const address = probe.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      probe.close(() => resolve(port));
    });
  });
}

interface Trust {
  readonly log: { readonly keys: readonly string[] };
}

/** The auditor's trust root: what the server said once, and witnesses that the auditor knows. */
function trustFile(name: string, base: Trust, keys: readonly string[], quorum: number): string {
  const file = join(work, name);
  const witnesses = keys.map((key, at) => ({ key, operator: `party ${at + 1}` }));
  writeFileSync(file, JSON.stringify({ ...base, anchors: [], witnesses, quorum }));
  return file;
}

it("a pack is witnessed by one independent party, a quorum of two misses the one that is away, and a data directory that was put back as a whole is found out by its witness", async () => {
  const server = await startServer();
  const environment = join(work, "tidelock.yaml");
  writeFileSync(
    environment,
    `apiVersion: tidelock.dev/v1
kind: Environment
metadata: { name: production }
spec:
  tier: production
  router: { type: embedded, listen: { shop: "127.0.0.1:${await freePort()}" } }
`,
  );
  await done("pipeline", "apply");
  await done("ledger", "trust", "-o", join(work, "base.json"), "--operator", "us");
  const base = JSON.parse(readFileSync(join(work, "base.json"), "utf8")) as Trust;
  const [logKey = ""] = base.log.keys;
  expect(await done("ledger", "status")).toContain("nobody: see `tidelock ledger witness`");

  const one = await startWitness("one", logKey);
  const two = await startWitness("two", logKey);
  for (const [at, witness] of [one, two].entries()) {
    const to = ["--address", witness.url, "--operator", `party ${at + 1}`];
    await done("ledger", "witness", "add", witness.key, ...to);
  }
  await end(two.child);

  const pack = join(work, "production.zip");
  await done("audit", "export", "--env", "production", "-o", pack);
  const outside = await done("ledger", "status");
  expect(outside).toMatch(/one\.example \(party 1\): cosigned \d+/);
  expect(outside).toMatch(/two\.example \(party 2\): .*does not answer/);
  await end(server);
  await end(one.child);

  // Neither runs any more: the pack and the trust root are all there is.
  const both = [one.key, two.key];
  const verified = await cli(
    "audit",
    "verify",
    pack,
    "--trust",
    trustFile("t1.json", base, both, 1),
  );
  expect([verified.code, verified.stdout]).toEqual([
    0,
    expect.stringContaining("witnessed by 1 independent party (party 1)") as string,
  ]);
  const short = await cli("audit", "verify", pack, "--trust", trustFile("t2.json", base, both, 2));
  expect(short.code).toBe(7);
  expect(short.stdout).toMatch(/1 independent party has cosigned, and the trust root asks for 2/);

  // Everything that lies on this machine is put back: database, keys, and the file with the last checkpoint.
  await done("down", "--yes");
  const backup = join(work, "backup");
  execFileSync("cp", ["-a", dataDir, backup]);
  const putBack = () => {
    execFileSync("rm", ["-rf", dataDir]);
    execFileSync("cp", ["-a", backup, dataDir]);
  };
  const again = await startWitness("one", logKey);
  await startServer();
  await done("ledger", "key", "rotate", "--use", "evidence");
  const size = await entries();
  await vi.waitFor(async () => expect(await cosigned()).toBeGreaterThanOrEqual(size), {
    timeout: 60_000,
    interval: 500,
  });
  await done("down", "--yes");
  putBack();
  await startServer();
  const found = await cli("ledger", "status");
  expect([found.code, found.stdout]).toEqual([
    1,
    expect.stringMatching(/the witness one\.example knows \d+: it was put back/) as string,
  ]);
  await done("down", "--yes");

  // With nobody outside to ask, nothing knows better: that is what witnesses are for.
  await end(again.child);
  putBack();
  await startServer();
  expect((await cli("ledger", "status")).stdout).not.toContain("put back");
}, 300_000);

interface Status {
  readonly size: number;
  readonly witnesses: readonly { name: string; cosigned: { size: number } | null }[];
}
const status = async () => JSON.parse(await done("ledger", "status", "-o", "json")) as Status;
const entries = async () => (await status()).size;
const cosigned = async () =>
  (await status()).witnesses.find(({ name }) => name === "one.example")?.cosigned?.size ?? 0;
