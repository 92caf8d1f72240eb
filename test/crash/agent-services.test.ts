import { readFileSync } from "node:fs";
import { readFile, readdir } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { contradictionIn } from "../../src/policy/identity.ts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type TableEntry, environmentOf, processTable } from "../../src/agent/os/process-table.ts";
import { isFree } from "../../src/agent/os/sockets.ts";
import { digestHex, layout } from "../../src/model/layout.ts";
import type { Process } from "../../src/model/pipeline.ts";
import type { Slot } from "../../src/model/primitives.ts";
import type { SlotObservation, SlotSpec } from "../../src/ports/host-agent.ts";
import {
  type TreeFile,
  aProcess,
  aSpec,
  deployed,
  fence,
  freePort,
  getJson,
  serverSource,
  slotOf,
  storeTree,
  until,
  untilState,
} from "../support/agent-harness.ts";
import { AgentUnderTest, runs } from "../support/agent-process.ts";
import { isRoot } from "../support/optional.ts";

let agent: AgentUnderTest;
beforeAll(async () => {
  agent = await AgentUnderTest.start();
});
afterAll(async () => {
  await agent.end();
});

/** Deploys a program of the given sources on a slot of its own. */
async function start(
  name: string,
  files: readonly TreeFile[] | string,
  process: Partial<Process> = {},
  spec: Partial<SlotSpec> = {},
): Promise<Slot> {
  const slot = spec.slot ?? slotOf(name);
  const tree = typeof files === "string" ? [{ name: "server.mjs", content: files }] : files;
  const artifact = await storeTree(agent.dataDir, tree);
  const processes = { web: aProcess(process) };
  await deployed(agent.client, artifact, aSpec(artifact, { processes, ...spec, slot }));
  return slot;
}

function observe(slot: Slot): Promise<SlotObservation> {
  return agent.client.call("slot.observe", { slot });
}

async function destroy(slot: Slot, epoch = 1): Promise<void> {
  const operation = `destroy/${slot.service}/${slot.colour}/${epoch}`;
  await agent.client.call("slot.destroy", { fence: fence(epoch, slot), operation, slot });
}

/** Keeps an idle colour idle: its lane has a route that gives everything to the other one. */
async function makeIdle(slot: Slot, port: number): Promise<void> {
  await agent.client.call("route.set", {
    fence: fence(1, slot),
    operation: "idle",
    route: {
      lane: `${slot.service}/${slot.environment}`,
      listen: `127.0.0.1:${port}`,
      tls: null,
      trustedProxies: [],
      limits: { headerBytes: 16_384, bodyBytes: 1_000_000 },
      weights: { blue: 0, green: 0 },
      drainMs: 0,
    },
  });
}

describe("what a service is given", () => {
  test("its own environment and nothing of ours", async () => {
    const slot = await start("env", serverSource);
    const { instances } = await untilState(agent.client, slot, "ready");
    const port = instances[0]?.port ?? 0;
    const env = await getJson<Record<string, string>>(port, "/env");
    const ours = Object.keys(env).sort();
    expect(ours).toEqual([
      "HOME",
      "HOST",
      "LANG",
      "PATH",
      "PORT",
      "TIDELOCK_AGENT",
      "TIDELOCK_COLOUR",
      "TIDELOCK_CONFIG_DIR",
      "TIDELOCK_ENVIRONMENT",
      "TIDELOCK_INSTANCE",
      "TIDELOCK_PROCESS",
      "TIDELOCK_RELEASE",
      "TIDELOCK_SERVICE",
      "TIDELOCK_VERSION",
      "TMPDIR",
    ]);
    expect(env).toMatchObject({
      PORT: String(port),
      TIDELOCK_SERVICE: "env",
      TIDELOCK_ENVIRONMENT: "production",
      TIDELOCK_COLOUR: "blue",
      TIDELOCK_VERSION: "1.0.0",
    });
    expect(env["PATH"]?.split(":")[0]).toBe(layout(agent.dataDir).runtime);
  });

  test("no descriptor of ours", async () => {
    const source = `
      import * as fs from "node:fs";
      const open = fs.readdirSync("/proc/self/fd").flatMap((fd) => {
        try { return [fs.readlinkSync("/proc/self/fd/" + fd)]; } catch { return []; }
      });
      ${serverSource.replace("JSON.stringify(process.env)", "JSON.stringify(open)")}`;
    const slot = await start("descriptors", source);
    const { instances } = await untilState(agent.client, slot, "ready");
    const open = await getJson<string[]>(instances[0]?.port ?? 0, "/env");
    const known = /^(\/dev\/null|anon_inode:|pipe:|.*\/logs\/.*\.log|\/proc\/\d+\/fd)/;
    expect(open.filter((target) => !known.test(target))).toEqual([]);
    // The two that are files of ours are its own log.
    const own = open.filter((target) => target.includes(agent.dataDir));
    expect(new Set(own).size).toBe(1);
  });

  test("secrets as files of its own, and never in the agent's state or journal", async () => {
    const secret = "correct-horse-battery-staple";
    const source = serverSource.replace(
      "JSON.stringify(process.env)",
      'readdirSync(process.env.TIDELOCK_CONFIG_DIR).map((name) => name + "=" + readFileSync(process.env.TIDELOCK_CONFIG_DIR + "/" + name)).join()',
    );
    const slot = await start(
      "secrets",
      source.replace("{ readdirSync }", "{ readdirSync, readFileSync }"),
      {},
      { slot: slotOf("secrets"), environment: { delivery: "files", entries: { KEY: secret } } },
    );
    const { instances } = await untilState(agent.client, slot, "ready");
    const response = await fetch(`http://127.0.0.1:${instances[0]?.port}/env`);
    expect(await response.text()).toBe(`KEY=${secret}`);
    const folder = layout(agent.dataDir).agent;
    for (const name of ["state.json", ...(await journalFiles(folder))]) {
      expect(await readFile(join(folder, name), "utf8")).not.toContain(secret);
    }
    const { entries } = await agent.client.call("journal.read", { after: 0, limit: 1_000 });
    expect(JSON.stringify(entries)).not.toContain(secret);
    expect(readFileSync(`/proc/${instances[0]?.pid}/cmdline`, "utf8")).not.toContain(secret);
    expect(readFileSync(`/proc/${instances[0]?.pid}/environ`, "utf8")).not.toContain(secret);
  });

  test("configuration as variables, where that was asked for", async () => {
    const slot = await start(
      "variables",
      serverSource,
      {},
      {
        slot: slotOf("variables"),
        environment: { delivery: "variables", entries: { GREETING: "hello", PATH: "/evil" } },
      },
    );
    const { instances } = await untilState(agent.client, slot, "ready");
    const env = await getJson<Record<string, string>>(instances[0]?.port ?? 0, "/env");
    expect(env["GREETING"]).toBe("hello");
    expect(env["PATH"]).not.toContain("/evil");
  });

  test("its port as an argument, for a program that is not Node", async () => {
    const slot = await start("python", [{ name: "index.html", content: "<p>here</p>" }], {
      command: ["python3", "-m", "http.server", "--bind", "127.0.0.1", "{port}"],
      port: "argument",
    });
    const { instances } = await untilState(agent.client, slot, "ready");
    const response = await fetch(`http://127.0.0.1:${instances[0]?.port}/index.html`);
    expect(await response.text()).toBe("<p>here</p>");
    const proof = await agent.client.call("slot.prove", { slot });
    expect(proof.grade).toBe("bound");
  });

  test.skipIf(!isRoot)(
    "a network of its own, where every replica has the port that it is built for",
    async () => {
      const source = serverSource.replace('Number(process.env.PORT), "127.0.0.1"', "8080");
      const slot = await start("apart", source, { port: "namespace", replicas: 2 });
      const { instances } = await untilState(agent.client, slot, "ready");
      expect(instances.map(({ port }) => port)).toEqual([8080, 8080]);
      const hosts = instances.map(({ host }) => host);
      expect(new Set(hosts).size).toBe(2);
      const answers = await Promise.all(
        hosts.map(async (host) => {
          const response = await fetch(`http://${host}:8080/`);
          return (await response.json()) as { pid: number; uid: number };
        }),
      );
      expect(answers.map(({ pid }) => pid)).toEqual(instances.map(({ pid }) => pid));
      expect(answers.every(({ uid }) => uid !== 0)).toBe(true);
      expect(await agent.client.call("slot.prove", { slot })).toMatchObject({ grade: "bound" });
      const port = await freePort();
      await makeIdle(slot, port);
      const { route } = await agent.client.call("route.read", { lane: "apart/production" });
      if (route === null) throw new Error("no route");
      await agent.client.call("route.set", {
        fence: fence(1, slot),
        operation: "to-blue",
        route: { ...route, weights: { blue: 100, green: 0 } },
      });
      expect(await getJson(port)).toMatchObject({ colour: "blue" });
      await destroy(slot);
      const { agentId } = await agent.client.info();
      const left = (await readdir("/run/netns")).filter((name) =>
        name.startsWith(`tl-${agentId.slice(0, 8)}`),
      );
      expect(left).toEqual([]);
    },
  );

  test("kept data across releases and colours, and none of it under isolated bindings", async () => {
    const source = `
      import { appendFileSync, readFileSync } from "node:fs";
      const file = process.env.TIDELOCK_STATE_DIR + "/visits";
      appendFileSync(file, process.env.TIDELOCK_COLOUR + "\\n");
      ${serverSource.replace("JSON.stringify(process.env)", "JSON.stringify(readFileSync(file, 'utf8'))")}`;
    const visits = async (slot: Slot): Promise<string> => {
      const { instances } = await untilState(agent.client, slot, "ready");
      return getJson<string>(instances[0]?.port ?? 0, "/env");
    };
    const state = { state: true };
    const blue = await start("keeper", source, state);
    expect(await visits(blue)).toBe("blue\n");
    const green = slotOf("keeper", "green");
    await start("keeper", source, state, { slot: green, bindings: "isolated", generation: "t" });
    expect(await visits(green)).toBe("green\n");
    await start("keeper", source, state, { slot: green, bindings: "live", generation: "l" });
    expect(await visits(green)).toBe("blue\ngreen\n");
  });
});

describe("a service that misbehaves", () => {
  test("dies at once: it has failed after five starts, with its last words", async () => {
    const slot = slotOf("dies");
    await makeIdle(slot, 23_451);
    await start("dies", `console.error("no database"); process.exit(3)`);
    const seen = await untilState(agent.client, slot, "failed");
    const settled = await until("it is given up", async () => {
      const now = await observe(slot);
      return now.instances[0]?.state === "exited" ? now : null;
    });
    expect(seen.message).toContain("exit code 3");
    expect(settled.instances[0]).toMatchObject({ pid: null, lastExit: "exit code 3" });
    expect(settled.instances[0]?.restarts).toBe(4);
    expect(settled.instances[0]?.logTail).toEqual(["no database"]);
  });

  test("crashes on the live colour: it is tried for ever, slower each time", async () => {
    const slot = await start("crasher", `setTimeout(() => process.exit(1), 50)`);
    await untilState(agent.client, slot, "failed");
    const seen = await observe(slot);
    expect(["backoff", "starting"]).toContain(seen.instances[0]?.state);
    const { entries } = await agent.client.call("journal.read", { after: 0, limit: 1_000 });
    const exits = entries.filter(
      ({ kind, lane }) => kind === "instance-exit" && lane === "crasher/production",
    );
    const gaps = exits
      .slice(1)
      .map((entry, index) => Date.parse(entry.at) - Date.parse(exits[index]?.at ?? ""));
    expect(gaps).toHaveLength(4);
    expect(gaps.at(-1)).toBeGreaterThan((gaps[0] ?? 0) * 2);
    await destroy(slot);
  });

  test("never becomes ready: it is stopped, and the reason says what was seen last", async () => {
    const slot = slotOf("never");
    await makeIdle(slot, 23_452);
    await start("never", `setInterval(() => {}, 1000); console.log("thinking")`, {
      ready: { kind: "http", path: "/", status: 200, interval: 100, timeout: 700 },
    });
    const seen = await untilState(agent.client, slot, "failed");
    expect(seen.message).toContain("not ready in 700 ms: GET /: connection refused");
    const [instance] = seen.instances;
    expect(instance).toMatchObject({ state: "exited", pid: null, logTail: ["thinking"] });
  });

  test("answers with another status: that is said", async () => {
    const slot = slotOf("teapot");
    await makeIdle(slot, 23_453);
    const source = `
      import { createServer } from "node:http";
      const server = createServer((request, response) => {
        response.statusCode = 500;
        response.end();
      });
      server.listen(Number(process.env.PORT), "127.0.0.1");`;
    await start("teapot", source, {
      ready: { kind: "http", path: "/up", status: 200, interval: 100, timeout: 1_500 },
    });
    const seen = await untilState(agent.client, slot, "failed");
    expect(seen.message).toContain("GET /up answers 500, not 200");
  });

  test("is no program: the command and the place are named, and it is not tried again", async () => {
    const slot = slotOf("missing");
    await makeIdle(slot, 23_454);
    await start("missing", serverSource, { command: ["./bin/server"] });
    const seen = await untilState(agent.client, slot, "failed");
    expect(seen.message).toMatch(/the command \.\/bin\/server cannot be run/);
    expect(seen.instances[0]?.restarts).toBe(0);
  });

  test("ignores SIGTERM: it is killed after its grace", async () => {
    const source = serverSource.replace(
      'process.on("SIGTERM", () => server.close(() => process.exit(0)));',
      'process.on("SIGTERM", () => console.log("no"));',
    );
    const slot = await start("stubborn", source, { stop: { signal: "SIGTERM", grace: 400 } });
    const { instances } = await untilState(agent.client, slot, "ready");
    const pid = instances[0]?.pid ?? 0;
    const from = performance.now();
    await destroy(slot);
    expect(performance.now() - from).toBeGreaterThan(350);
    expect(runs(pid)).toBe(false);
    expect(await observe(slot)).toMatchObject({ state: "empty", deployed: null, instances: [] });
  });

  test("forks children, some in sessions of their own: none is left after a stop", async () => {
    const source = `
      import { spawn } from "node:child_process";
      spawn("sleep", ["300"]);
      spawn("sleep", ["300"], { detached: true });
      // Twice away from us: its parent is gone and its session is another one.
      spawn("setsid", ["sh", "-c", "sleep 300 & sleep 300"], { detached: true });
      ${serverSource}`;
    const slot = await start("forker", source);
    const { instances } = await untilState(agent.client, slot, "ready");
    const marked = (): readonly TableEntry[] =>
      processTable().filter(
        ({ pid }) => environmentOf(pid)?.get("TIDELOCK_INSTANCE") === instances[0]?.id,
      );
    await until("all of them run", () => marked().length >= 6);
    await destroy(slot);
    expect(marked()).toEqual([]);
  });

  test("dies and leaves a child on its port: the child goes too, and a fresh one starts", async () => {
    const files = [
      { name: "child.mjs", content: serverSource },
      {
        name: "server.mjs",
        content: `import { spawn } from "node:child_process";
          spawn("node", ["child.mjs"], { stdio: "ignore" });
          setInterval(() => {}, 1000);`,
      },
    ];
    const slot = await start("orphaner", files);
    const before = await untilState(agent.client, slot, "ready");
    const parent = before.instances[0]?.pid ?? 0;
    const { pid: child } = await getJson<{ pid: number }>(before.instances[0]?.port ?? 0);
    expect(child).not.toBe(parent);
    process.kill(parent, "SIGKILL");
    await until("a fresh one is ready", async () => {
      const now = await observe(slot);
      return now.state === "ready" && now.instances[0]?.pid !== parent;
    });
    expect(runs(child)).toBe(false);
  });

  test("becomes unready and ready again: both are seen", async () => {
    const source = `
      import { existsSync } from "node:fs";
      ${serverSource.replace("response.end(JSON.stringify({", 'response.statusCode = existsSync(process.env.HOME + "/ill") ? 503 : 200; response.end(JSON.stringify({ home: process.env.HOME, ')}`;
    const slot = await start("moody", source);
    const seen = await untilState(agent.client, slot, "ready");
    const { home } = await getJson<{ home: string }>(seen.instances[0]?.port ?? 0);
    const { writeFile, rm } = await import("node:fs/promises");
    await writeFile(join(home, "ill"), "");
    await untilState(agent.client, slot, "degraded");
    await rm(join(home, "ill"));
    const well = await untilState(agent.client, slot, "ready");
    expect(well.instances[0]).toMatchObject({ pid: seen.instances[0]?.pid, restarts: 0 });
  });
});

describe("a deployment", () => {
  test("replaces: the instances of before are gone before fresh ones start", async () => {
    const slot = await start("replaced", serverSource);
    const before = await untilState(agent.client, slot, "ready");
    await start(
      "replaced",
      serverSource,
      {},
      { slot, generation: "g2", releaseName: "shop@2.0.0" },
    );
    const after = await until("the new one is ready", async () => {
      const now = await observe(slot);
      return now.state === "ready" && now.deployed?.generation === "g2" ? now : null;
    });
    expect(runs(before.instances[0]?.pid ?? 0)).toBe(false);
    expect(await getJson(after.instances[0]?.port ?? 0)).toMatchObject({ version: "2.0.0" });
    const folder = join(layout(agent.dataDir).slots, "replaced", "production", "blue");
    expect(await readdir(folder)).toHaveLength(1);
  });

  test("runs several processes with several replicas, one of them without a port", async () => {
    const artifact = await storeTree(agent.dataDir, [
      { name: "server.mjs", content: serverSource },
      { name: "worker.mjs", content: "setInterval(() => {}, 1000)" },
    ]);
    const slot = slotOf("several");
    await deployed(
      agent.client,
      artifact,
      aSpec(artifact, {
        slot,
        processes: {
          web: aProcess({ replicas: 3 }),
          worker: aProcess({
            command: ["node", "worker.mjs"],
            port: "none",
            router: "none",
            ready: { kind: "alive", for: 200 },
          }),
        },
      }),
    );
    const seen = await untilState(agent.client, slot, "ready");
    expect(seen.instances.map((one) => `${one.process}-${one.index}`).sort()).toEqual([
      "web-0",
      "web-1",
      "web-2",
      "worker-0",
    ]);
    const ports = seen.instances.flatMap(({ port }) => port ?? []);
    expect(new Set(ports).size).toBe(3);
    const proof = await agent.client.call("slot.prove", { slot });
    expect(proof).toMatchObject({ grade: "bound", treeVerified: true });
  });

  test("of the same thing again changes nothing that runs", async () => {
    const slot = await start("again", serverSource);
    const before = await untilState(agent.client, slot, "ready");
    await start("again", serverSource);
    const artifact = await storeTree(agent.dataDir, [
      { name: "server.mjs", content: serverSource },
    ]);
    await agent.client.call("slot.deploy", {
      fence: fence(1, slot),
      operation: "another operation",
      spec: aSpec(artifact, { slot }),
    });
    const after = await observe(slot);
    expect(after.instances[0]?.pid).toBe(before.instances[0]?.pid);
  });

  test("limits open files where the machine can, and the service notices", async () => {
    const source = `
      import { readFileSync } from "node:fs";
      const limits = readFileSync("/proc/self/limits", "utf8");
      ${serverSource.replace("JSON.stringify(process.env)", "JSON.stringify(limits)")}`;
    const slot = await start("limited", source, { resources: { openFiles: 123, memoryMb: 700 } });
    const { instances } = await untilState(agent.client, slot, "ready");
    const limits = await getJson<string>(instances[0]?.port ?? 0, "/env");
    expect(limits).toMatch(/Max open files\s+123\s+123/);
    expect(limits).toMatch(/Max data size\s+734003200/);
  });
});

describe("a release", () => {
  test("is refused when a name could leave its folder, before anything is recorded", async () => {
    const artifact = await storeTree(agent.dataDir, [
      { name: "server.mjs", content: serverSource },
    ]);
    const spec = aSpec(artifact, { slot: slotOf("names") });
    const evil = [
      { ...spec, processes: { "../../etc": aProcess() } },
      { ...spec, environment: { delivery: "files" as const, entries: { "../key": "x" } } },
      { ...spec, processes: { web: aProcess({ command: ["node", "a\0b"] }) } },
    ];
    for (const [index, bad] of evil.entries()) {
      const call = agent.client.call("slot.deploy", {
        fence: fence(1, spec.slot),
        operation: `evil/${index}`,
        spec: bad,
      });
      await expect(call).rejects.toMatchObject({ code: "invalid-input" });
    }
    expect(await observe(spec.slot)).toMatchObject({ state: "empty" });
  });

  test("that was changed on disk is found by the proof, named, and refused by the next deploy", async () => {
    const slot = await start("changed", `${serverSource}// of its own`);
    await untilState(agent.client, slot, "ready");
    expect(await agent.client.call("slot.prove", { slot })).toMatchObject({ grade: "bound" });
    const artifact = await storeTree(agent.dataDir, [
      { name: "server.mjs", content: `${serverSource}// of its own` },
    ]);
    const file = join(layout(agent.dataDir).releases, digestHex(artifact.digest), "server.mjs");
    const { chmod, writeFile } = await import("node:fs/promises");
    await chmod(file, 0o644);
    await writeFile(file, `${serverSource}// of another`);
    await chmod(file, 0o444);
    const proof = await agent.client.call("slot.prove", { slot });
    expect(proof).toMatchObject({ grade: "none", treeVerified: false });
    expect(proof.reason).toContain("server.mjs");
    const spec = aSpec(artifact, { slot: slotOf("changed", "green") });
    const call = agent.client.call("slot.deploy", { fence: fence(1, slot), operation: "x", spec });
    await expect(call).rejects.toMatchObject({ code: "digest-mismatch" });
    await agent.client.call("artifact.ensure", artifact);
    expect(await agent.client.call("slot.prove", { slot })).toMatchObject({ treeVerified: true });
  });

  test("is not proven when another process holds its port", async () => {
    const source = serverSource.replace(
      'if (request.url === "/env")',
      `if (request.url === "/close") { server.close(); return server.closeAllConnections(); }
      if (request.url === "/env")`,
    );
    const slot = await start("robbed", `${source}\nsetInterval(() => {}, 1000);`, {
      ready: { kind: "tcp", interval: 10_000, timeout: 10_000 },
    });
    const { instances } = await untilState(agent.client, slot, "ready");
    const port = instances[0]?.port ?? 0;
    expect(await agent.client.call("slot.prove", { slot })).toMatchObject({ grade: "bound" });
    await fetch(`http://127.0.0.1:${port}/close`).catch(() => undefined);
    await until("the port is free", () => isFree(port));
    const thief = createServer((_, response) => response.end("{}"));
    await new Promise<void>((resolve) => thief.listen(port, "127.0.0.1", resolve));
    try {
      const proof = await agent.client.call("slot.prove", { slot });
      expect(proof).toMatchObject({ grade: "none", treeVerified: true });
      expect(proof.reason).toContain(`does not hold the listening socket at port ${port}`);
    } finally {
      thief.close();
    }
  });

  test("is not taken for ready when another process answers in its place", async () => {
    const slot = await start("imposter", "setInterval(() => {}, 1000)", {
      ready: { kind: "http", path: "/", status: 200, interval: 50, timeout: 10_000 },
    });
    const { instances } = await observe(slot);
    const port = await until("it has a port", async () => (await observe(slot)).instances[0]?.port);
    expect(instances).toHaveLength(1);
    const imposter = createServer((_, response) => response.end("{}"));
    await new Promise<void>((resolve) => imposter.listen(port, "127.0.0.1", resolve));
    try {
      const seen = await until("it is noticed", async () => {
        const now = await observe(slot);
        return now.message.includes("not from this process") ? now : null;
      });
      expect(seen.state).toBe("starting");
    } finally {
      imposter.close();
    }
  });

  test("whose service answers the nonce is proven native", async () => {
    const source = serverSource.replace(
      'if (request.url === "/env")',
      `if (request.url === "/.well-known/tidelock-identity") return response.end(JSON.stringify({
        release: process.env.TIDELOCK_RELEASE, nonce: request.headers["x-tidelock-nonce"] }));
      if (request.url === "/env")`,
    );
    const slot = await start("native", source);
    await untilState(agent.client, slot, "ready");
    expect(await agent.client.call("slot.prove", { slot })).toMatchObject({ grade: "native" });
  });

  test("whose service answers the nonce as another release is no proof, but one of the contrary", async () => {
    const source = serverSource.replace(
      'if (request.url === "/env")',
      `if (request.url === "/.well-known/tidelock-identity") return response.end(JSON.stringify({
        release: "sha256:" + "e".repeat(64), nonce: request.headers["x-tidelock-nonce"] }));
      if (request.url === "/env")`,
    );
    const slot = await start("hands-on", source);
    await untilState(agent.client, slot, "ready");
    const proof = await agent.client.call("slot.prove", { slot });
    expect(proof).toMatchObject({ grade: "none", answeredAs: `sha256:${"e".repeat(64)}` });
    expect(contradictionIn(proof, { release: proof.release })).toContain("answers as");
  });
});

describe("logs", () => {
  test("are read from where the last reading ended", async () => {
    const source = serverSource.replace(
      "response.end(JSON.stringify({",
      'console.log("served " + request.url); response.end(JSON.stringify({',
    );
    const slot = await start("talker", source);
    const { instances } = await untilState(agent.client, slot, "ready");
    const request = { slot, process: null, tailLines: 100, waitMs: 3_000 };
    const first = await agent.client.call("logs.read", { ...request, cursor: null });
    expect(first.lines[0]).toMatchObject({ instance: "web-0", text: "listening" });
    await getJson(instances[0]?.port ?? 0, "/one");
    let { cursor } = first;
    const seen = await until("the line", async () => {
      const more = await agent.client.call("logs.read", { ...request, cursor });
      cursor = more.cursor;
      return more.lines.find(({ text }) => text === "served /one");
    });
    expect(Math.abs(Date.parse(seen.at) - Date.now())).toBeLessThan(5_000);
    const late = agent.client.call("logs.read", { ...request, cursor, waitMs: 5_000 });
    await getJson(instances[0]?.port ?? 0, "/two");
    expect((await late).lines.map(({ text }) => text)).toContainEqual(
      expect.stringMatching(/served \/(two)?$/),
    );
  });
});

async function journalFiles(folder: string): Promise<string[]> {
  return (await readdir(join(folder, "journal"))).map((name) => join("journal", name));
}
