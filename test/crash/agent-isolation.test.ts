import { chmodSync, chownSync, mkdirSync, writeFileSync } from "node:fs";
import { mkdir, mkdtemp, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { removeTree } from "../../src/tree/remove-tree.ts";
import { userRange } from "../../src/agent/isolation/users.ts";
import { environmentOf, processTable, uidsOf } from "../../src/agent/os/process-table.ts";
import { layout } from "../../src/model/layout.ts";
import {
  aProcess,
  aSpec,
  deployed,
  fence,
  getJson,
  makeDataDir,
  serverSource,
  slotOf,
  storeServer,
  tearDown,
  until,
  untilState,
} from "../support/agent-harness.ts";
import { AgentUnderTest, runs, startAgentAs } from "../support/agent-process.ts";
import { isRoot, needs } from "../support/optional.ts";

/** Tries to look at everything it was told of, and says what it could. */
const hostileSource = `
import * as fs from "node:fs";
import { connect } from "node:net";
async function attack(targets) {
  const reached = [];
  const attempt = (what, act) => { try { act(); reached.push(what); } catch {} };
  for (const path of targets.files) {
    attempt("read " + path, () => fs.readFileSync(path));
    attempt("overwrite " + path, () => fs.closeSync(fs.openSync(path, "r+")));
    attempt("remove " + path, () => fs.unlinkSync(path));
  }
  for (const path of targets.folders) {
    attempt("list " + path, () => fs.readdirSync(path));
    attempt("write into " + path, () => fs.writeFileSync(path + "/planted", "x"));
    attempt("rename " + path, () => fs.renameSync(path, path + "-moved"));
  }
  for (const path of targets.sockets) {
    const open = await new Promise((resolve) => {
      const socket = connect(path, () => resolve(true));
      socket.on("error", () => resolve(false));
    });
    if (open) reached.push("connect to " + path);
  }
  for (const pid of targets.processes) {
    attempt("signal " + pid, () => process.kill(pid, 0));
    attempt("environment of " + pid, () => fs.readFileSync("/proc/" + pid + "/environ"));
    attempt("memory of " + pid, () => fs.closeSync(fs.openSync("/proc/" + pid + "/mem", "r+")));
    attempt("files of " + pid, () => fs.readdirSync("/proc/" + pid + "/fd"));
  }
  return reached;
}`;

const hostileServer = `${hostileSource}
import { createServer } from "node:http";
createServer(async (request, response) => {
  if (request.method !== "POST") return response.end("{}");
  let text = "";
  for await (const chunk of request) text += chunk;
  const reached = await attack(JSON.parse(text));
  response.end(JSON.stringify({ uid: process.getuid(), groups: process.getgroups(), reached }));
}).listen(Number(process.env.PORT), "127.0.0.1");`;

interface Attack {
  readonly uid: number;
  readonly groups: readonly number[];
  readonly reached: readonly string[];
}

const root = needs(isRoot, "separate users for services and checks need root");

describe.skipIf(root.missing)("as root", () => {
  let agent: AgentUnderTest;
  let victim: { pid: number; folder: string; secret: string };
  let targets: object;

  beforeAll(async () => {
    agent = await AgentUnderTest.start();
    const paths = layout(agent.dataDir);
    // What the other parts keep here, with the modes they give it.
    mkdirSync(join(paths.postgres, "base"), { recursive: true, mode: 0o700 });
    chmodSync(paths.postgres, 0o700);
    writeFileSync(join(paths.postgres, "postgresql.conf"), "", { mode: 0o600 });
    for (const name of ["token", "secrets.key", "server.json"]) {
      writeFileSync(join(paths.server, name), "secret", { mode: 0o600 });
    }
    const artifact = await storeServer(agent.dataDir);
    const slot = slotOf("victim");
    await deployed(
      agent.client,
      artifact,
      aSpec(artifact, {
        slot,
        processes: { web: aProcess({ state: true }) },
        environment: { delivery: "files", entries: { PASSWORD: "of the victim" } },
      }),
    );
    const { instances } = await untilState(agent.client, slot, "ready");
    const { pid } = await getJson<{ pid: number }>(instances[0]?.port ?? 0);
    const env = await getJson<Record<string, string>>(instances[0]?.port ?? 0, "/env");
    const folder = env["TIDELOCK_CONFIG_DIR"] ?? "";
    victim = { pid, folder, secret: join(folder, "PASSWORD") };
    targets = {
      files: [
        join(paths.server, "token"),
        join(paths.server, "secrets.key"),
        join(paths.agent, "state.json"),
        join(paths.agent, "agent-key.pem"),
        join(paths.postgres, "postgresql.conf"),
        artifact.path,
        victim.secret,
        join(folder, "..", "entries.json"),
        join(paths.logs, "agent.log"),
        join(paths.runtime, "planted"),
      ],
      folders: [
        paths.root,
        paths.server,
        paths.agent,
        paths.blobs,
        paths.postgres,
        paths.logs,
        paths.releases,
        paths.slots,
        paths.state,
        folder,
        join(folder, ".."),
        env["HOME"],
        env["TMPDIR"],
        env["TIDELOCK_STATE_DIR"],
        env["PWD"] ?? join(paths.releases, "x"),
      ],
      sockets: [paths.agentSocket],
      processes: [await agent.pid(), pid],
    };
  });
  afterAll(async () => {
    await agent.end();
  });

  test("the agent claims separate users", async () => {
    expect(await agent.client.info()).toMatchObject({
      isolation: "separate-user",
      isolationReason: null,
    });
  });

  test("a hostile service reaches no token, key, socket, database or other service", async () => {
    const artifact = await storeServer(agent.dataDir, hostileServer);
    const slot = slotOf("hostile");
    await deployed(agent.client, artifact, aSpec(artifact, { slot }));
    const { instances } = await untilState(agent.client, slot, "ready");
    const response = await fetch(`http://127.0.0.1:${instances[0]?.port}/`, {
      method: "POST",
      body: JSON.stringify(targets),
    });
    const attack = (await response.json()) as Attack;
    expect(attack.reached).toEqual([]);
    expect(attack.uid).toBeGreaterThanOrEqual(userRange.service[0]);
    expect(attack.groups).toEqual([attack.uid]);
    expect(runs(victim.pid)).toBe(true);
  });

  test("a hostile check reaches none of them either", async () => {
    const source = `${hostileSource}
      attack(JSON.parse(process.env.TARGETS)).then((reached) =>
        console.log(JSON.stringify({ uid: process.getuid(), groups: process.getgroups(), reached })));`;
    await agent.client.call("check.start", {
      fence: fence(1, slotOf("checked")),
      run: "hostile",
      argv: ["node", "--input-type=module", "-e", source],
      env: { TARGETS: JSON.stringify(targets) },
      tree: null,
      timeoutMs: 20_000,
      outputBytes: 100_000,
    });
    const seen = await until("the check ends", async () => {
      const now = await agent.client.call("check.observe", { run: "hostile" });
      return now.state === "finished" ? now : null;
    });
    expect(seen).toMatchObject({ exitCode: 0, stderr: "" });
    const attack = JSON.parse(seen.stdout) as Attack;
    expect(attack.reached).toEqual([]);
    expect(attack.uid).toBeGreaterThanOrEqual(userRange.check[0]);
    expect(attack.uid).toBeLessThanOrEqual(userRange.check[1]);
    expect(attack.groups).toEqual([attack.uid]);
  });

  test("a service that starts set-uid programs gains nothing", async () => {
    const source = serverSource.replace(
      "JSON.stringify(process.env)",
      'JSON.stringify(readFileSync("/proc/self/status", "utf8"))',
    );
    const artifact = await storeServer(
      agent.dataDir,
      source.replace("readdirSync", "readFileSync"),
    );
    const slot = slotOf("setuid");
    await deployed(agent.client, artifact, aSpec(artifact, { slot }));
    const { instances } = await untilState(agent.client, slot, "ready");
    const status = await getJson<string>(instances[0]?.port ?? 0, "/env");
    expect(status).toMatch(/NoNewPrivs:\s+1/);
    expect(status).toMatch(/CapEff:\s+0+\n/);
  });

  test("two deployments of one colour run as two users, and nothing of the first one stays", async () => {
    const source = `
      import { spawn } from "node:child_process";
      const stray = spawn("env", ["-i", "setsid", "sleep", "300"], { detached: true });
      ${serverSource}`;
    const artifact = await storeServer(agent.dataDir, source);
    const slot = slotOf("attacked");
    const users: number[] = [];
    for (const generation of ["under-test", "live"]) {
      await deployed(agent.client, artifact, aSpec(artifact, { slot, generation }));
      const seen = await until("it is ready", async () => {
        const now = await agent.client.call("slot.observe", { slot });
        return now.state === "ready" && now.deployed?.generation === generation ? now : null;
      });
      const { uid } = await getJson<{ uid: number }>(seen.instances[0]?.port ?? 0);
      users.push(uid);
    }
    const [first, second] = users;
    expect(first).not.toBe(second);
    // It had left its session, its group and its environment; its user gave it away.
    expect(processesOf(first ?? 0)).toEqual([]);
    expect(processesOf(second ?? 0).length).toBeGreaterThan(0);
  });

  test("the router serves as a user of its own", async () => {
    const artifact = await storeServer(agent.dataDir);
    const slot = slotOf("routed");
    await deployed(agent.client, artifact, aSpec(artifact, { slot }));
    await untilState(agent.client, slot, "ready");
    await agent.client.call("route.set", {
      fence: fence(1, slot),
      operation: "open",
      route: {
        lane: "routed/production",
        listen: "127.0.0.1:23471",
        tls: null,
        trustedProxies: [],
        limits: { headerBytes: 16_384, bodyBytes: 1_000 },
        weights: { blue: 100, green: 0 },
        drainMs: 0,
      },
    });
    const { agentId } = await agent.client.info();
    await until("it has given up root", () => {
      const router = processTable().find(({ pid }) => {
        const marks = environmentOf(pid);
        return marks?.get("TIDELOCK_AGENT") === agentId && isRouter(marks.get("TIDELOCK_INSTANCE"));
      });
      const uid = router === undefined ? 0 : (uidsOf(router.pid)?.[0] ?? 0);
      return uid >= userRange.router[0] && uid <= userRange.router[1];
    });
    // And goes on taking changes, although it may not read its own state file any more.
    await agent.client.call("slot.destroy", { fence: fence(1, slot), operation: "end", slot });
    await until("the router knows", async () => {
      const seen = await agent.client.call("route.read", { lane: "routed/production" });
      return seen.effective?.colours.blue.backends === 0;
    });
  });
});

describe.skipIf(root.missing)("a data directory that other users cannot reach", () => {
  test("gives grade none and says which folder is closed", async () => {
    const closed = await mkdtemp(join(tmpdir(), "tl-closed-"));
    chmodSync(closed, 0o700);
    const dataDir = join(closed, "data");
    await mkdir(dataDir);
    const agent = await AgentUnderTest.start(dataDir);
    try {
      const info = await agent.client.info();
      expect(info.isolation).toBe("none");
      expect(info.isolationReason).toContain(closed);
      expect((await stat(dataDir)).mode & 0o777).toBe(0o700);
    } finally {
      await agent.end();
      await removeTree(closed);
    }
  });
});

describe.skipIf(root.missing)("as an ordinary user", () => {
  test("the agent works, and claims no isolation", async () => {
    const user = 60_990;
    const dataDir = await makeDataDir();
    chownSync(dataDir, user, user);
    const { client } = await startAgentAs(user, dataDir);
    try {
      const info = await client.info();
      expect(info.isolation).toBe("none");
      expect(info.isolationReason).toMatch(/does not run as root/);
      const source = `import { spawn } from "node:child_process";
        spawn("setsid", ["sh", "-c", "sleep 300 & sleep 300"], { detached: true });
        ${serverSource}`;
      const artifact = await storeServer(dataDir, source);
      for (const folder of ["blobs", "blobs/sha256"]) chownSync(join(dataDir, folder), user, user);
      const bucket = join(artifact.path, "..");
      chownSync(bucket, user, user);
      chownSync(artifact.path, user, user);
      await deployed(client, artifact, aSpec(artifact));
      const { instances } = await untilState(client, aSpec(artifact).slot, "ready");
      expect(await getJson(instances[0]?.port ?? 0)).toMatchObject({ uid: user });
      expect((await stat(dataDir)).mode & 0o077).toBe(0);
      const { slot } = aSpec(artifact);
      const proof = await client.call("slot.prove", { slot });
      expect(proof.grade).toBe("bound");
      await client.call("slot.destroy", { fence: fence(1, slot), operation: "end", slot });
      // No user of their own by whom they could be found: their mark has to do.
      const { agentId } = info;
      const left = processTable().filter(
        ({ pid }) => environmentOf(pid)?.get("TIDELOCK_AGENT") === agentId,
      );
      expect(left).toEqual([]);
    } finally {
      await tearDown(dataDir, client);
    }
  });
});

describe.skipIf(isRoot)("without root", () => {
  test("the agent claims no isolation", async () => {
    const agent = await AgentUnderTest.start();
    try {
      expect(await agent.client.info()).toMatchObject({ isolation: "none" });
    } finally {
      await agent.end();
    }
  });
});

function isRouter(instance: string | undefined): boolean {
  return instance?.startsWith("router-") === true;
}

function processesOf(user: number): readonly number[] {
  return processTable()
    .map(({ pid }) => pid)
    .filter((pid) => uidsOf(pid)?.includes(user));
}
