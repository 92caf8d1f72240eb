import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { afterAll, afterEach, beforeAll, expect, it, vi } from "vitest";
import { verifyTlogProof } from "../../src/ledger/tlog-proof.ts";
import { hashLeaf } from "../../src/ledger/hash.ts";
import { parseVerifierKey } from "../../src/ledger/note.ts";
import { TrustRoot } from "../../src/model/trust.ts";
import { openEmbedded } from "../../src/store/embedded/embedded-postgres.ts";
import { findToken } from "../../src/store/token.ts";
import { clearHome, e2eHome } from "../fixtures/e2e-home.ts";
import { runCli } from "../fixtures/run-cli.ts";

/** The ledger as operators and auditors meet it: a real server, real files, a database that was put back. */

vi.setConfig({ testTimeout: 180_000, hookTimeout: 60_000 });

const program = join(import.meta.dirname, "../../src/cli/main.ts");
let work: string;
let dataDir: string;
let server: { readonly child: ChildProcess; readonly url: string } | null = null;

beforeAll(async () => {
  work = await e2eHome();
  dataDir = join(work, "data");
});
afterEach(() => stop());
afterAll(() => clearHome(work));

const cli = (...words: string[]) =>
  runCli(words, { env: { TIDELOCK_DATA_DIR: dataDir, TIDELOCK_CONFIG: join(work, "c.json") } });

async function done(...words: string[]): Promise<string> {
  const { code, stdout, stderr } = await cli(...words);
  expect(code, stderr).toBe(0);
  return stdout;
}

async function start(): Promise<string> {
  const child = spawn(process.execPath, [program, "server", "start", "--port", "0"], {
    cwd: "/",
    env: { PATH: process.env["PATH"], HOME: process.env["HOME"], TIDELOCK_DATA_DIR: dataDir },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let log = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (log += text));
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.setEncoding("utf8").once("data", (text: string) => resolve(text.trim()));
    child.once("exit", (code) => reject(new Error(`ended with ${code}: ${log}`)));
  });
  server = { child, url };
  return url;
}

async function stop(): Promise<void> {
  const ending = server?.child;
  server = null;
  if (!ending || ending.exitCode !== null) return;
  const ended = new Promise((resolve) => ending.once("exit", resolve));
  ending.kill("SIGTERM");
  await ended;
}

async function sql(text: string): Promise<void> {
  const embedded = await openEmbedded(dataDir);
  const client = new pg.Client({ connectionString: embedded.connectionString });
  await client.connect();
  await client.query(text);
  await client.end();
  await embedded.stop();
}

it("is served as tiles, exported, verified offline, and found damaged where it is", async () => {
  const url = await start();
  const trustFile = join(work, "trust.json");
  await done("ledger", "trust", "-o", trustFile, "--operator", "us");
  expect(await done("ledger", "verify", "--trust", trustFile)).toContain("anchored");
  expect(await done("ledger", "verify", "--state")).toContain("own word");
  const unauthenticated = await cli("ledger", "verify");
  expect([unauthenticated.code, unauthenticated.stdout]).toEqual([
    7,
    expect.stringContaining("consistent, not authenticated") as string,
  ]);

  const checkpoint = await fetch(`${url}/ledger/checkpoint`);
  expect(checkpoint.headers.get("content-type")).toBe("text/plain; charset=utf-8");
  expect(checkpoint.headers.get("cache-control")).toBe("no-cache");
  const [, size = "0"] = (await checkpoint.text()).split("\n");
  const tile = await fetch(`${url}/ledger/tile/0/000.p/${size}`);
  expect(tile.headers.get("content-type")).toBe("application/octet-stream");
  expect(tile.headers.get("cache-control")).toContain("immutable");
  expect((await tile.arrayBuffer()).byteLength).toBe(Number(size) * 32);
  const entries = `${url}/ledger/tile/entries/000.p/${size}`;
  expect((await fetch(entries)).status).toBe(401);
  const token = findToken(dataDir) ?? "";
  const bundle = await fetch(entries, { headers: { authorization: `Bearer ${token}` } });
  expect([bundle.status, bundle.headers.get("cache-control")]).toEqual([
    200,
    "private, max-age=31536000, immutable",
  ]);
  expect((await fetch(`${url}/ledger/tile/0/000`)).status).toBe(404);
  expect((await fetch(`${url}/ledger/tile/0/../../etc/passwd`)).status).toBe(404);

  const receipt = join(work, "first.tlog-proof");
  await done("ledger", "proof", "0", "-o", receipt);
  const trust = TrustRoot.parse(JSON.parse(readFileSync(trustFile, "utf8")));
  const log = { origin: trust.log.origin, keys: trust.log.keys.map(parseVerifierKey) };
  const leaf = readFileSync(join(work, "first.leaf.json"));
  expect(verifyTlogProof(readFileSync(receipt), hashLeaf(leaf), log).ok).toBe(true);
  expect((await cli("ledger", "proof", "999999")).code).toBe(1);

  const folder = join(work, "exported");
  await done("ledger", "export", folder);
  await stop();
  expect(await done("ledger", "verify", "--dir", folder, "--trust", trustFile)).toContain("whole");
  const path = join(folder, `tile/entries/000.p/${size}`);
  const bytes = readFileSync(path);
  const at = bytes.indexOf("server.upgraded");
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(path, bytes);
  const damaged = await cli("ledger", "verify", "--dir", folder, "--trust", trustFile);
  expect(damaged.code).toBe(7);
  expect(damaged.stderr).toMatch(/entry 2: /);
});

it("changes keys with an overlap, never prints a private one, and makes a successor of a stolen one", async () => {
  await start();
  const trustFile = join(work, "trust.json");
  await done("ledger", "key", "rotate");
  const listed = await done("ledger", "key", "list", "-o", "wide");
  expect(listed.match(/log +active/g)).toHaveLength(1);
  expect(listed.match(/log +ending/g)).toHaveLength(1);
  expect(listed).not.toContain("PRIVATE");
  // Both sign: who has only the old key goes on verifying.
  expect(await done("ledger", "verify", "--trust", trustFile)).toContain("whole");
  // At once another one: no checkpoint is signed by both, and the old key's introduction is followed.
  const status = async () =>
    JSON.parse(await done("ledger", "status", "-o", "json")) as {
      keys: { key: string; use: string; state: string }[];
    };
  const active = (await status()).keys.find((one) => one.use === "log" && one.state === "active");
  const trust = TrustRoot.parse(JSON.parse(readFileSync(trustFile, "utf8")));
  const alone = join(work, "one-key.json");
  const log = { ...trust.log, keys: [active?.key] };
  writeFileSync(alone, JSON.stringify({ ...trust, log, anchors: [] }));
  await done("ledger", "key", "rotate", "--overlap", "0s");
  await vi.waitFor(async () => {
    const { keys } = await status();
    expect(keys.find(({ key }) => key === active?.key)?.state).toBe("retired");
  }, 30_000);
  expect(await done("ledger", "verify", "--trust", alone)).toContain("whole");
  const folder = join(work, "after-rotation");
  await done("ledger", "export", folder);
  expect(await done("ledger", "verify", "--dir", folder, "--trust", alone)).toContain("whole");
  const brought = join(folder, "keys.json");
  const whole = readFileSync(brought, "utf8");
  const { entries, ...rest } = JSON.parse(whole) as { entries: object[] };
  for (const [change, said] of [
    [entries.slice(0, -1), /withholds entry|is not signed|no known key|keys/],
    [entries.slice(0, 1), /signed|key/],
  ] as const) {
    writeFileSync(brought, JSON.stringify({ ...rest, entries: change }));
    const refused = await cli("ledger", "verify", "--dir", folder, "--trust", alone);
    expect([refused.code, refused.stderr]).toEqual([7, expect.stringMatching(said) as string]);
  }
  const id = /([0-9a-f]{16}) +- +evidence/.exec(listed)?.[1] ?? "";
  const unknown = await cli("ledger", "key", "compromised", "nonsense", "--yes");
  expect([unknown.code, unknown.stderr]).toEqual([
    1,
    expect.stringMatching(/no key nonsense[^]*ledger key list/) as string,
  ]);
  await done("ledger", "key", "compromised", id, "--yes");
  const after = await done("ledger", "key", "list");
  expect(after).toMatch(new RegExp(`${id} +- +evidence +compromised`));
  expect(after).toMatch(/evidence +active/);
  await done("ledger", "verify", "--state");
});

it("names the row that somebody changed in the database", async () => {
  await start();
  await sql("update ledger_keys set compromised_at = null where compromised_at is not null");
  const found = await cli("ledger", "verify", "--state");
  expect(found.code).toBe(7);
  expect(found.stderr).toMatch(/ledger_keys: compromised of key\/evidence\/[0-9a-f]{16} is false/);
  await sql("update ledger_keys set compromised_at = now() where trusted_size is not null");
  expect((await cli("ledger", "verify", "--state")).code).toBe(0);
});

it("is read-only over a database that was put back, until a person goes on with a successor log", async () => {
  await start();
  const before = JSON.parse(await done("ledger", "status", "-o", "json")) as { origin: string };
  await stop();
  const [place, backup] = [join(dataDir, "postgres"), join(work, "backup")];
  execFileSync("cp", ["-a", place, backup]);
  await start();
  await done("ledger", "key", "rotate", "--use", "evidence", "--overlap", "1h");
  await vi.waitFor(async () => expect(await done("ledger", "status")).toContain("nothing"), 10_000);
  await stop();
  execFileSync("rm", ["-rf", place]);
  execFileSync("cp", ["-a", backup, place]);

  await start();
  const status = await cli("ledger", "status");
  expect([status.code, status.stdout]).toEqual([
    1,
    expect.stringMatching(/put back to an older state/) as string,
  ]);
  const refused = await cli("ledger", "key", "rotate");
  expect(refused.code).toBe(1);
  expect(refused.stderr).toMatch(/read-only.*ledger recover/s);
  expect((await cli("status")).code).toBe(0);
  // Reading goes on, and says how old it is; what has to write says why it does not.
  const state = await cli("ledger", "verify", "--state");
  expect([state.code, state.stdout, state.stderr]).toEqual([
    7,
    expect.stringMatching(/rows are what \d+ entries say/) as string,
    expect.stringMatching(/an older state: the server is read-only.*ledger recover/s) as string,
  ]);
  await done("ledger", "proof", "0", "-o", join(work, "old.tlog-proof"));
  await done("ledger", "export", join(work, "old"));
  const pack = await cli("audit", "export", "--env", "production");
  expect([pack.code, pack.stderr]).toEqual([
    1,
    expect.stringMatching(/read-only.*ends in entries of its own.*ledger export/s) as string,
  ]);
  const back = await cli("rollback", "production", "--service", "shop", "--reason", "x");
  expect([back.code, back.stderr]).toEqual([
    1,
    expect.stringMatching(/read-only.*users stay where they are.*ledger recover/s) as string,
  ]);

  await done("ledger", "recover", "--yes");
  const after = JSON.parse(await done("ledger", "status", "-o", "json")) as typeof before;
  expect(after.origin).toBe(`${before.origin}/2`);
  const named = await cli(
    "ledger",
    "proof",
    "log/2",
    "--opening",
    "-o",
    join(work, "s.tlog-proof"),
  );
  expect(named.stdout).toContain(`"origin": "${before.origin}"`);
  expect(named.stdout).toMatch(/"lostEntries": [1-9]/);
  await done("ledger", "verify", "--state");
  await done("ledger", "key", "rotate", "--use", "evidence");
  expect((await cli("ledger", "recover", "--yes")).code).toBe(1);
});
