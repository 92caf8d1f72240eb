import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type FakeServer, startFakeServer } from "../../test/fixtures/fake-server.ts";
import { type CliOptions, runCli, runInside } from "../../test/fixtures/run-cli.ts";
import { digestOf } from "../model/canonical.ts";
import { openDataDir } from "../store/data-dir.ts";
import { registerServer } from "../store/server-record.ts";

let server: FakeServer;
let folder: string;
beforeEach(async () => {
  server = await startFakeServer();
  folder = mkdtempSync(join(tmpdir(), "tidelock-cli-"));
  await server.controlPlane.createRelease(
    { id: "test" },
    {
      kind: "Release",
      formatVersion: 1,
      service: "shop",
      version: "1.4.2",
      artifacts: [{ name: "tree", digest: digestOf("tree"), size: 2048, mediaType: "x/y" }],
      source: { kind: "none" },
      build: { kind: "finished" },
      configuration: [],
    },
  );
});
afterEach(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

const surroundings = (options: CliOptions): CliOptions => ({
  cwd: folder,
  ...options,
  env: {
    TIDELOCK_URL: server.url,
    TIDELOCK_TOKEN: server.token,
    TIDELOCK_CONFIG: join(folder, "config.json"),
    TIDELOCK_DATA_DIR: join(folder, "data"),
    ...options.env,
  },
});

/** As users run it, a process of its own. */
const cli = (words: readonly string[], options: CliOptions = {}) =>
  runCli(words, surroundings(options));

/** In this process: for what is said. */
const inside = (words: readonly string[], options: CliOptions = {}) =>
  runInside(words, surroundings(options));

const pipelineText = `apiVersion: tidelock.dev/v1
kind: Pipeline
metadata: { name: shop }
spec:
  processes:
    web: { command: [node, server.js] }
  environments:
    - name: production
`;

describe("usage", () => {
  it("prints its version and nothing else", async () => {
    const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
    expect(await runCli(["--version"])).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
  });

  it("lists commands with --help, and ends with 2 where no or an unknown command is given", async () => {
    const help = await runCli(["--help"]);
    expect(help.code).toBe(0);
    expect(help.stdout).toContain("promote");
    expect(help.stdout).toContain("124 timed out");
    expect((await runCli([])).code).toBe(2);
    const unknown = await runCli(["promot"]);
    expect(unknown).toMatchObject({ code: 2, stdout: "" });
    expect(unknown.stderr).toContain("hint: tidelock --help");
    expect((await runCli(["release"])).code).toBe(2);
    expect((await runCli(["release", "--help"])).code).toBe(0);
    expect((await runCli(["release", "nothing"])).code).toBe(2);
    expect((await runCli(["help", "environment"])).stdout).toContain("TIDELOCK_URL");
  });

  it("refuses unknown options, missing ones and wrong values with 2 and a hint", async () => {
    for (const words of [
      ["promote", "shop@1", "--nope"],
      ["promote", "shop@1"],
      ["promote", "shop@1", "--to", "Not A Name"],
      ["promote", "shop@1", "--to", "production", "--timeout", "5 minutes"],
      ["promotion", "list", "--limit", "0"],
      ["release", "list", "-o", "xml"],
      ["deployment", "list", "--at", "yesterday"],
      ["logs", "shop/production"],
      ["trace", "main"],
      ["status", "one", "two"],
    ]) {
      const result = await inside(words);
      expect([words, result.code, result.stdout]).toEqual([words, 2, ""]);
      expect(result.stderr).toMatch(/^error: .+\n(where: .+\n)?hint: .+\n$/);
    }
  });

  it("says in one clear message that no server is there", async () => {
    const result = await runCli(["status"], { env: { TIDELOCK_DATA_DIR: folder } });
    expect(result.code).toBe(1);
    expect(result.stderr).toContain("hint: start one with `tidelock server start`");
    const gone = await cli(["status"], { env: { TIDELOCK_URL: "http://localhost:1" } });
    expect(gone.code).toBe(1);
    expect(gone.stderr).toContain("where: http://localhost:1");
  });

  it("ends with 4 for a wrong token and never shows it", async () => {
    const result = await cli(["status"], { env: { TIDELOCK_TOKEN: "hunter2-wrong" } });
    expect(result.code).toBe(4);
    expect(result.stdout + result.stderr).not.toContain("hunter2-wrong");
  });
});

describe("showing", () => {
  it("prints tables, names, JSON and YAML of the same things", async () => {
    const table = await cli(["release", "list"]);
    expect(table.stdout).toMatch(/^RELEASE {5}ID .*\nshop@1\.4\.2 {2}/);
    expect(table.stderr).toBe("");
    expect((await cli(["release", "list", "-o", "name"])).stdout).toBe("shop@1.4.2\n");
    const json = JSON.parse((await cli(["release", "list", "-o", "json"])).stdout) as unknown[];
    expect(json).toMatchObject([{ service: "shop", version: "1.4.2" }]);
    const yaml = await cli(["release", "list"], { env: { TIDELOCK_OUTPUT: "yaml" } });
    expect(yaml.stdout).toContain('version: "1.4.2"');
    expect((await cli(["release", "list", "-o", "wide"])).stdout).toContain("2.0 KiB");
  });

  it("says on stderr that there is nothing, and keeps stdout empty", async () => {
    const result = await cli(["deployment", "list"]);
    expect(result).toEqual({ code: 0, stdout: "", stderr: "nothing was deployed yet\n" });
  });

  it("strips what could act on a terminal out of names, messages and logs", async () => {
    const evil = "\x1b]0;owned\x07\x1b[2Jred\x1b[31m\x9b31m\u202egnp.exe\r\nfake: line";
    server.controlPlane.releases[0]!.createdBy = evil;
    server.controlPlane.logLines.push({ at: "2026-01-01T00:00:00Z", instance: evil, text: evil });
    // eslint-disable-next-line no-control-regex
    const unsafe = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/;
    for (const words of [
      ["release", "list", "-o", "wide"],
      ["release", "list", "-o", "json"],
      ["release", "list", "-o", "yaml"],
      ["release", "show", "shop@1.4.2"],
      ["logs", "shop/production/green"],
    ]) {
      const { code, stdout } = await inside(words);
      expect([words, code, unsafe.test(stdout)]).toEqual([words, 0, false]);
      expect(stdout).not.toMatch(/^fake: line/m);
    }
    const json = await inside(["release", "list", "-o", "json"]);
    expect((JSON.parse(json.stdout) as { createdBy: string }[])[0]?.createdBy).toBe(evil);
  });

  it("shows the errors of a server without letting them act on the terminal", async () => {
    const result = await cli(["release", "show", "shop@\x1b[31m"]);
    expect(result.stderr).not.toContain("\x1b");
    expect(result.code).toBe(1);
  });
});

describe("promoting", () => {
  it("shows steps on stderr and the outcome on stdout", async () => {
    const result = await cli(["promote", "shop@1.4.2", "--to", "production", "--wait"]);
    expect(result.stdout).toBe("shop@1.4.2 is live in production on green\n");
    expect(result.stderr).toContain("✓ deploy on green");
    expect(result.stderr).not.toContain("\x1b");
    expect(result.code).toBe(0);
  });

  it("returns at once without --wait", async () => {
    const result = await cli(["promote", "shop@1.4.2", "--to", "production", "-o", "name"]);
    expect(result).toMatchObject({ code: 0, stdout: "p1\n" });
  });

  it("takes the service from the folder's tidelock.yaml", async () => {
    const nowhere = await cli(["promote", "1.4.2", "--to", "production"]);
    expect(nowhere.code).toBe(2);
    writeFileSync(join(folder, "tidelock.yaml"), pipelineText);
    expect((await cli(["promote", "1.4.2", "--to", "production"])).code).toBe(0);
  });

  it("ends with 3 when a gate denies it, and gives the reason", async () => {
    server.controlPlane.ending = "denied";
    const result = await cli(["promote", "shop@1.4.2", "--to", "production", "--wait"]);
    expect(result.code).toBe(3);
    expect(result.stdout).toContain("smoke did not pass");
    const plan = await cli(["plan", "shop@1.4.2", "--to", "production"]);
    expect([plan.code, plan.stdout.includes("it is denied")]).toEqual([3, true]);
  });

  it("ends with 1 when it failed", async () => {
    server.controlPlane.ending = "failed";
    const result = await cli(["promote", "shop@1.4.2", "--to", "production", "--wait"]);
    expect(result.code).toBe(1);
    expect(result.stdout).toContain("never became ready");
  });

  it("ends with 124 after the time given and says that the promotion goes on", async () => {
    server.controlPlane.ending = "never";
    const words = ["promote", "shop@1.4.2", "--to", "production", "--wait", "--timeout", "1s"];
    const result = await cli(words);
    expect(result.code).toBe(124);
    expect(result.stderr).toContain("tidelock promotion abort p1");
  });

  it("ends with 130 at Ctrl-C, says that the promotion goes on, and does not abort it", async () => {
    server.controlPlane.ending = "never";
    let sent = false;
    const result = await cli(["promote", "shop@1.4.2", "--to", "production", "--wait"], {
      onOutput: (child, text) => {
        if (!sent && text.includes("deploy on green")) {
          sent = true;
          child.kill("SIGINT");
        }
      },
    });
    expect(result.code).toBe(130);
    expect(result.stderr).toContain("the promotion goes on without this command");
    expect(server.controlPlane.promotions[0]?.desired).toBe("complete");
  });

  it("starts nothing with --dry-run", async () => {
    const result = await cli(["promote", "shop@1.4.2", "--to", "production", "--dry-run"]);
    expect(result.code).toBe(0);
    expect(result.stdout).toContain("it may start");
    expect(server.controlPlane.promotions).toEqual([]);
  });

  it("watches, aborts, retries and rolls back by id", async () => {
    server.controlPlane.ending = "never";
    await cli(["promote", "shop@1.4.2", "--to", "production"]);
    const watching = cli(["promotion", "watch", "p1"]);
    await new Promise((done) => setTimeout(done, 600));
    expect((await cli(["promotion", "abort", "p1", "--wait"])).code).toBe(0);
    expect((await watching).code).toBe(1);
    server.controlPlane.ending = "complete";
    expect((await cli(["promotion", "retry", "p1", "--wait"])).code).toBe(0);
    const back = await cli(["rollback", "production", "--service", "shop", "--wait"]);
    expect([back.code, back.stdout]).toEqual([0, "shop@1.4.2 is back in production on green\n"]);
    const list = await cli(["promotion", "list", "-o", "name"]);
    expect(list.stdout).toBe("p1\np2\np3\n");
    expect((await cli(["promotion", "show", "p2"])).stdout).toContain("switch to green");
  }, 120_000);

  it("goes on watching when the server goes away for a moment", async () => {
    server.controlPlane.ending = "never";
    await cli(["promote", "shop@1.4.2", "--to", "production"]);
    const port = server.port;
    const plane = server.controlPlane;
    const watching = cli(["promotion", "watch", "p1", "--timeout", "40s"]);
    await new Promise((done) => setTimeout(done, 2_000));
    await server.close();
    await new Promise((done) => setTimeout(done, 2_500));
    server = await startFakeServer({ controlPlane: plane, token: server.token }, port);
    await plane.abort({ id: "test" }, "p1");
    const result = await watching;
    expect(result.stderr).toContain("the server does not answer; still trying");
    expect(result.stdout).toContain("was aborted");
  }, 60_000);
});

describe("settings", () => {
  it("stores a secret from standard input, shows it nowhere, and refuses it on the command line", async () => {
    const words = ["secret", "set", "db", "--service", "shop", "--environment", "production"];
    const result = await cli(words, { stdin: "hunter2\n" });
    expect(result).toMatchObject({ code: 0, stdout: "" });
    expect(result.stderr).not.toContain("hunter2");
    expect(server.controlPlane.secrets.get("shop/production/db")).toBe("hunter2");
    expect((await cli([...words, "hunter2"])).code).toBe(2);
    expect((await cli(words)).code).toBe(2);
    const list = await cli(["secret", "list", "--service", "shop", "--environment", "production"]);
    expect(list.stdout).toContain("db");
  });

  it("changes single configuration values and keeps the others", async () => {
    const lane = ["--service", "shop", "--environment", "production"];
    await inside(["config", "set", "A=1", "B=2", ...lane]);
    const result = await inside([
      "config",
      "set",
      "A=3",
      "B=",
      ...lane,
      "--secret",
      "DB=db",
      "-o",
      "json",
    ]);
    expect(JSON.parse(result.stdout)).toMatchObject({
      version: 2,
      values: { A: "3" },
      secrets: { DB: { provider: "local", name: "db" } },
    });
    const wrong = await inside(["config", "set", "hunter2", ...lane]);
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).not.toContain("hunter2");
  });

  it("keeps what it does not change, pinned secrets and values under test included", async () => {
    const lane = { service: "shop", environment: "production" };
    await server.controlPlane.applyConfiguration(
      { id: "test" },
      {
        kind: "Configuration",
        formatVersion: 1,
        ...lane,
        values: { A: "1" },
        secrets: { DB: { provider: "vault", name: "db", version: "7" } },
        isolated: { values: { DB: "none" }, secrets: {} },
        delivery: "variables",
      },
    );
    const words = ["config", "set", "B=2", "--service", "shop", "--environment", "production"];
    const result = await inside([...words, "--isolated", "B=3", "-o", "json"]);
    expect(JSON.parse(result.stdout)).toMatchObject({
      values: { A: "1", B: "2" },
      secrets: { DB: { provider: "vault", name: "db", version: "7" } },
      isolated: { values: { DB: "none", B: "3" }, secrets: {} },
      delivery: "variables",
    });
  });

  it("does not undo what somebody else changed meanwhile", async () => {
    const words = ["config", "set", "A=1", "--service", "shop", "--environment", "production"];
    const apply = server.controlPlane.applyConfiguration.bind(server.controlPlane);
    server.controlPlane.applyConfiguration = async (actor, configuration, basedOn) => {
      await apply(actor, { ...configuration, values: { B: "theirs" } });
      return apply(actor, configuration, basedOn);
    };
    const result = await inside(words);
    expect([result.code, result.stderr]).toEqual([1, expect.stringContaining("changed meanwhile")]);
    expect(server.controlPlane.configurations.get("shop/production")?.values).toEqual({
      B: "theirs",
    });
  });

  it("applies a configuration file and names what is wrong in one", async () => {
    const path = join(folder, "c.yaml");
    writeFileSync(
      path,
      "kind: Configuration\nformatVersion: 1\nservice: shop\nenvironment: production\nvalues: { A: x }\n",
    );
    expect((await inside(["config", "apply", "-f", path])).code).toBe(0);
    writeFileSync(path, "kind: Configuration\nformatVersion: 1\nservice: shop\nvalue: { A: x }\n");
    const wrong = await inside(["config", "apply", "-f", path]);
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain("environment");
  });

  it("keeps contexts in a file for the user only, and says where each setting comes from", async () => {
    const free = { TIDELOCK_URL: "", TIDELOCK_TOKEN: undefined };
    const set = await inside(
      [
        "context",
        "set",
        "work",
        "--url",
        server.url,
        "--token-stdin",
        "--use",
        "--service",
        "shop",
      ],
      { stdin: `${server.token}\n`, env: free },
    );
    expect(set.code).toBe(0);
    const path = join(folder, "config.json");
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect((await inside(["release", "list", "-o", "name"], { env: free })).stdout).toBe(
      "shop@1.4.2\n",
    );
    const shown = await inside(["context", "show"], { env: free });
    expect(shown.stdout).toContain(`context work in ${path}`);
    expect(shown.stdout).not.toContain(server.token);
    const flag = await inside(["context", "show", "--url", "http://localhost:9"], { env: free });
    expect(flag.stdout).toMatch(/url +http:\/\/localhost:9 +flag --url/);
    // The context's token belongs to the context's address.
    expect(flag.stdout).toMatch(/token +- +not set/);
    expect((await inside(["context", "list"], { env: free })).stdout).toContain("*");
    expect((await inside(["context", "use", "nowhere"])).code).toBe(1);
    await inside(["context", "set", "work", "--url", "http://localhost:9"]);
    expect(readFileSync(path, "utf8")).not.toContain(server.token);
  });

  it("finds the server and the token of the data directory by itself, and gives that token to nobody else", async () => {
    const free = { TIDELOCK_URL: "", TIDELOCK_TOKEN: undefined };
    const paths = openDataDir(join(folder, "data"));
    registerServer(paths, { url: server.url, version: "1" });
    writeFileSync(join(paths.server, "token"), `${server.token}\n`, { mode: 0o600 });
    expect((await cli(["release", "list", "-o", "name"], { env: free })).stdout).toBe(
      "shop@1.4.2\n",
    );
    const other = await cli(["release", "list", "--url", "http://localhost:9"], { env: free });
    expect(other).toMatchObject({ code: 4, stderr: expect.stringContaining("no token for") });
    const failed = await cli(["release", "list"], {
      env: { TIDELOCK_URL: "", TIDELOCK_TOKEN: "" },
    });
    expect(failed).toMatchObject({ code: 4, stderr: expect.stringContaining("set and empty") });
  });
});

describe("pipelines", () => {
  it("validates without a server and points at mistakes", async () => {
    const path = join(folder, "tidelock.yaml");
    writeFileSync(path, pipelineText);
    const good = await runCli(["pipeline", "validate"], { cwd: folder });
    expect([good.code, good.stdout.includes("pipeline shop")]).toEqual([0, true]);
    writeFileSync(path, pipelineText.replace("processes", "proceses"));
    const bad = await runCli(["pipeline", "validate"], { cwd: folder });
    expect(bad.code).toBe(2);
    expect(bad.stderr).toMatch(/tidelock\.yaml:5:3: /);
    expect(bad.stderr).toContain("  5 |   proceses:\n    |   ^\n");
  });

  it("applies the folder's file, and nothing when it is wrong or missing", async () => {
    expect((await cli(["pipeline", "apply"])).stderr).toContain("tidelock init");
    writeFileSync(join(folder, "tidelock.yaml"), pipelineText);
    expect((await cli(["pipeline", "apply"])).stdout).toContain("changed");
    const calls = server.controlPlane.calls.length;
    writeFileSync(join(folder, "tidelock.yaml"), "kind: Nothing\n");
    expect((await cli(["pipeline", "apply"])).code).toBe(2);
    expect(server.controlPlane.calls).toHaveLength(calls);
  });
});

describe("a server that is read-only", () => {
  it("says so wherever somebody would take what it shows for what runs", async () => {
    server.controlPlane.behind = "the witness knows a newer tree";
    const shown = await inside(["status"]);
    expect([shown.code, shown.stderr]).toEqual([
      0,
      expect.stringContaining("older than what runs"),
    ]);
    const status = await inside(["server", "status"]);
    expect([status.code, status.stdout]).toEqual([
      1,
      expect.stringContaining("knows a newer tree"),
    ]);
    server.controlPlane.behind = null;
  });
});

describe("release create", () => {
  it("packs a folder, sends what is missing, and sends nothing twice", async () => {
    const service = join(folder, "shop");
    mkdirSync(service);
    writeFileSync(join(service, "tidelock.yaml"), pipelineText);
    writeFileSync(join(service, "server.js"), "x".repeat(1_000_000));
    const words = ["release", "create", "--version", "2.0.0", "-o", "name"];
    const first = await cli(words, { cwd: service });
    expect(first).toMatchObject({ code: 0, stdout: "shop@2.0.0\n" });
    expect(first.stderr).toMatch(/packing .*\nsending .*MiB|KiB/);
    expect(server.content.blobs.size).toBe(1);
    const [release] = server.controlPlane.releases.filter(({ version }) => version === "2.0.0");
    expect([...server.content.blobs.keys()]).toEqual([release?.artifacts[0]?.digest]);
    const again = await cli(words, { cwd: service });
    expect(again.code).toBe(0);
    expect(again.stderr).toContain("the server has these");
    writeFileSync(join(service, "server.js"), "y");
    const other = await cli(words, { cwd: service });
    expect([other.code, other.stderr]).toEqual([
      1,
      expect.stringContaining("choose another version"),
    ]);
  });

  it("refuses to ship a declared build's sources unbuilt", async () => {
    const service = join(folder, "built");
    mkdirSync(service);
    const build = "\nspec:\n  build:\n    command: [node, build.js]\n    tools: [node]\n";
    writeFileSync(join(service, "tidelock.yaml"), pipelineText.replace("\nspec:\n", build));
    const forgotten = await cli(["release", "create", "--version", "3.0.0"], { cwd: service });
    expect([forgotten.code, forgotten.stderr]).toEqual([2, expect.stringContaining("add --build")]);
    expect(server.controlPlane.releases.map(({ version }) => version)).not.toContain("3.0.0");
  });

  it("refuses contradicting origins and versions that cannot be", async () => {
    const create = ["release", "create"];
    for (const words of [
      [...create, "--version", "1", "--from", "a", "--build"],
      [...create, "--version", "1", "--git-ref", "a", "--tarball", "b"],
      [...create, "--version", "1", "--revision", "abc1234"],
      [...create, "--version", "a/b"],
      create,
    ]) {
      expect([words, (await inside(words)).code]).toEqual([words, 2]);
    }
  });
});

describe("stopping things", () => {
  it("asks nobody without a terminal: --yes is wanted", async () => {
    for (const words of [
      ["down"],
      ["service", "stop", "shop/production"],
      ["service", "remove", "shop"],
      ["server", "recover"],
    ]) {
      const refused = await inside(words);
      expect([words, refused.code]).toEqual([words, 2]);
      expect(refused.stderr).toContain("--yes");
      expect((await inside([...words, "--yes"])).code).toBe(0);
    }
    await expect.poll(() => server.stops).toEqual(["asked to go down"]);
  });
});
