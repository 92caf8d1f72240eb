import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { get } from "node:http";
import { createServer } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import type { LaneView, PromotionView } from "../../src/api/views.ts";
import { clearHome, e2eHome } from "../fixtures/e2e-home.ts";
import { type CliOptions, type CliResult, runCli } from "../fixtures/run-cli.ts";

/**
 * One user's way through the whole program, by command line alone: a service of their own, from an empty
 * folder to production and back, with the real server, database, agent, router and processes.
 */

// Several real promotions in one test, on machines that do other things as well.
vi.setConfig({ testTimeout: 180_000 });

let work: string;
let service: string;
let dataDir: string;
const ports: Record<string, number> = {};

beforeAll(async () => {
  work = await e2eHome();
  service = join(work, "shop");
  dataDir = join(work, "data");
  mkdirSync(service);
  for (const name of ["testing", "production"]) ports[name] = await freePort();
});

afterAll(() => clearHome(work));

const cli = (words: readonly string[], options: CliOptions = {}): Promise<CliResult> =>
  runCli(words, {
    cwd: service,
    ...options,
    env: { TIDELOCK_DATA_DIR: dataDir, TIDELOCK_CONFIG: join(work, "config.json"), ...options.env },
  });

/** The command's result when it ended as expected; else the test shows what it said. */
async function ends(
  code: number,
  words: readonly string[],
  options?: CliOptions,
): Promise<CliResult> {
  const result = await cli(words, options);
  const said = `tidelock ${words.join(" ")}\n${result.stdout}${result.stderr}`;
  expect(result.code, said).toBe(code);
  return result;
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

function git(...words: string[]): string {
  const identity = ["-c", "user.name=Dev", "-c", "user.email=dev@example.com"];
  return execFileSync("git", [...identity, ...words], { cwd: service, encoding: "utf8" }).trim();
}

function writeVersion(version: string, server = goodServer): void {
  writeFileSync(join(service, "version.txt"), version);
  writeFileSync(join(service, "server.js"), server);
  git("add", "-A");
  git("commit", "-qm", `Version ${version}`);
}

const goodServer = `
const version = require("node:fs").readFileSync(__dirname + "/version.txt", "utf8");
console.log("shop", version, "listens");
require("node:http").createServer((q, r) => r.end("shop " + version)).listen(process.env.PORT, "127.0.0.1");
`;
const brokenServer = `console.error("no database here"); process.exit(3);`;

const pipeline = () => `apiVersion: tidelock.dev/v1
kind: Pipeline
metadata: { name: shop }
spec:
  processes:
    web:
      command: [node, server.js]
      ready: { kind: http, path: /, interval: 100ms, timeout: 10s }
  environments:
${["testing", "production"]
  .map(
    (name) => `    - name: ${name}
      watch: { for: 1s, interval: 200ms, failures: 3 }
      drain: 1s
      checks:
        - name: answers
          uses: http
          with: { requests: [{ path: /, expect: { status: 200 } }] }`,
  )
  .join("\n")}
${["testing", "production"]
  .map(
    (name) => `---
apiVersion: tidelock.dev/v1
kind: Environment
metadata: { name: ${name} }
spec:
  tier: ${name}
  router: { type: embedded, listen: { shop: "127.0.0.1:${ports[name]}" } }`,
  )
  .join("\n")}
`;

/** On a connection of its own: one that is kept gets a last answer, a 503, after its port has closed. */
const answer = (environment: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const port = ports[environment];
    get({ host: "127.0.0.1", port, agent: false }, (response) => {
      text(response).then(resolve, reject);
    }).on("error", reject);
  });

it("starts from an empty folder: init, validate, and a first release in version control", async () => {
  writeFileSync(join(service, "package.json"), '{"scripts": {"start": "node server.js"}}');
  await ends(0, ["init"]);
  await ends(0, ["pipeline", "validate"]);
  writeFileSync(join(service, "tidelock.yaml"), pipeline());
  expect((await ends(0, ["pipeline", "validate"])).stdout).toContain("pipeline shop");
  git("init", "-q", "-b", "main");
  writeVersion("1.0.0");
});

it("starts a server that goes on by itself, and refuses a second one on its port", async () => {
  const { stdout, stderr } = await ends(0, ["server", "start", "--detach", "--port", "0"]);
  expect(stdout).toMatch(/^http:\/\/localhost:\d+\n$/);
  expect(stderr).toContain(dataDir);
  const port = new URL(stdout.trim()).port;
  const second = await ends(1, ["server", "start", "--port", port]);
  expect(second.stderr).toContain(stdout.trim());
  const status = JSON.parse((await ends(0, ["server", "status", "-o", "json"])).stdout) as object;
  expect(status).toMatchObject({ database: "embedded", agent: { connected: true } });
  const doctor = await cli(["doctor"]);
  expect(doctor.stdout).toContain(`at ${stdout.trim()}`);
});

it("applies the pipeline and takes a release in, once", async () => {
  expect((await ends(0, ["pipeline", "apply", "-o", "name"])).stdout).toBe(
    "environment/testing\nenvironment/production\npipeline/shop\n",
  );
  const created = await ends(0, ["release", "create", "--version", "1.0.0", "-o", "json"]);
  const { id } = JSON.parse(created.stdout) as { id: string };
  const again = await ends(0, ["release", "create", "--version", "1.0.0", "-o", "json"]);
  expect((JSON.parse(again.stdout) as { id: string }).id).toBe(id);
  expect(again.stderr).toContain("the server has these");
  writeFileSync(join(service, "version.txt"), "other");
  const dirty = await ends(1, ["release", "create", "--version", "1.0.1"]);
  expect(dirty.stderr).toContain("--allow-dirty");
  const taken = await ends(1, ["release", "create", "--version", "1.0.0", "--allow-dirty"]);
  expect(taken.stderr).toContain("1.0.0");
  git("checkout", "-q", "version.txt");
});

it("does not let production have what testing has not seen, and says why with exit code 3", async () => {
  const plan = await ends(3, ["plan", "shop@1.0.0", "--to", "production"]);
  expect(plan.stdout).toContain("testing");
  const words = ["promote", "shop@1.0.0", "--to", "production", "--wait", "--timeout", "60s"];
  expect((await ends(3, words)).stderr).not.toBe("");
});

it("promotes through testing to production, live on stderr", async () => {
  await ends(0, ["plan", "1.0.0", "--to", "testing"]);
  const words = ["--wait", "--timeout", "120s"];
  const testing = await ends(0, ["promote", "shop@1.0.0", "--to", "testing", ...words]);
  expect(testing.stdout).toMatch(/^shop@1\.0\.0 is live in testing on (blue|green)\n$/);
  expect(testing.stderr).toMatch(/✓ .*answers/);
  expect(await answer("testing")).toBe("shop 1.0.0");
  await ends(0, ["promote", "1.0.0", "--to", "production", ...words]);
  expect(await answer("production")).toBe("shop 1.0.0");
});

it("keeps the live version when the next one never comes up, and shows what it said", async () => {
  writeVersion("1.0.1", brokenServer);
  await ends(0, ["release", "create", "--version", "1.0.1"]);
  const failed = await ends(1, ["promote", "shop@1.0.1", "--to", "testing", "--wait"]);
  expect(failed.stdout).toContain("did not reach testing");
  expect(await answer("testing")).toBe("shop 1.0.0");
});

it("releases the next version, shows it everywhere, and rolls back", async () => {
  writeVersion("1.1.0");
  await ends(0, ["release", "create", "--version", "1.1.0"]);
  for (const name of ["testing", "production"]) {
    await ends(0, ["promote", "1.1.0", "--to", name, "--wait", "--timeout", "120s"]);
  }
  expect(await answer("production")).toBe("shop 1.1.0");

  const status = JSON.parse((await ends(0, ["status", "shop", "-o", "json"])).stdout) as LaneView[];
  const production = status.find((lane) => lane.environment === "production");
  expect(production?.live?.version).toBe("1.1.0");
  expect((await ends(0, ["status"])).stdout).toMatch(/shop +production +1\.1\.0/);
  const colour = production?.live?.colour ?? "blue";
  const logs = await ends(0, ["logs", `shop/production/${colour}`]);
  expect(logs.stdout).toContain("shop 1.1.0 listens");
  const trace = await ends(0, ["trace", git("rev-parse", "HEAD")]);
  expect(trace.stdout).toMatch(/shop@1\.1\.0 +production +live/);

  const before = new Date().toISOString();
  const words = ["rollback", "production", "--reason", "a test", "--wait", "--timeout", "60s"];
  const back = await ends(0, words);
  expect(back.stdout).toContain("shop@1.0.0 is back in production");
  expect(await answer("production")).toBe("shop 1.0.0");
  const at = ["deployment", "list", "--environment", "production", "--at", before, "-o", "json"];
  const deployments = JSON.parse((await ends(0, at)).stdout) as { release: { version: string } }[];
  expect(deployments.map(({ release }) => release.version)).toEqual(["1.1.0"]);
  const promotions = JSON.parse(
    (await ends(0, ["promotion", "list", "-o", "json"])).stdout,
  ) as PromotionView[];
  expect(promotions[0]).toMatchObject({ kind: "rollback", state: "complete" });
});

it("changes configuration by a promotion of its own, with a secret that shows nowhere", async () => {
  const lane = ["--environment", "testing"];
  await ends(0, ["config", "set", "GREETING=hello", "--secret", "TOKEN=token", ...lane]);
  await ends(0, ["secret", "set", "token", ...lane], { stdin: "hunter2" });
  // Two operators at once: neither loses a change.
  await Promise.all(["A=1", "B=2"].map((one) => ends(0, ["config", "set", one, ...lane])));
  const shown = await ends(0, ["config", "show", ...lane]);
  expect(shown.stdout).toMatch(/^A +1\n/m);
  expect(shown.stdout).toMatch(/^B +2\n/m);
  expect(shown.stdout).toContain("hello");
  expect(shown.stdout).not.toContain("hunter2");
  const plan = await cli(["plan", "1.1.0", "--to", "testing"]);
  expect(plan.stdout).toMatch(/configuration/i);
  await ends(0, ["promote", "1.1.0", "--to", "testing", "--wait", "--timeout", "60s"]);
});

it("leaves services alone when the server stops, and finds them again", async () => {
  await ends(0, ["server", "stop"]);
  expect(await answer("production")).toBe("shop 1.0.0");
  await ends(1, ["status"]);
  await ends(0, ["server", "start", "--detach", "--port", "0"]);
  expect((await ends(0, ["status"])).stdout).toMatch(/shop +production +1\.0\.0/);
});

it("takes everything away again: service, services, agent, data", async () => {
  await ends(1, ["uninstall", "--yes"]);
  await ends(0, ["service", "stop", "shop/testing", "--yes"]);
  await expect(answer("testing")).rejects.toThrow();
  await ends(0, ["service", "remove", "shop", "--yes"]);
  await expect(answer("production")).rejects.toThrow();
  expect((await ends(0, ["release", "list", "-o", "name"])).stdout).toContain("shop@1.1.0");
  await ends(0, ["down", "--yes"]);
  const pid = readPid();
  expect(pid === null || !existsSync(`/proc/${pid}`)).toBe(true);
  await ends(0, ["uninstall", "--yes"]);
  expect(existsSync(dataDir)).toBe(false);
});

/** The database's process, as PostgreSQL itself says. */
function readPid(): string | null {
  try {
    return (
      readFileSync(join(dataDir, "postgres/data/postmaster.pid"), "utf8").split("\n")[0] ?? null
    );
  } catch {
    return null;
  }
}
