import { spawn } from "node:child_process";
import { once } from "node:events";
import { createConnection, createServer } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connectAgent } from "../../src/agent/client.ts";
import { layout } from "../../src/model/layout.ts";
import type { Slot } from "../../src/model/primitives.ts";
import type { MethodName, Params, RouteSpec } from "../../src/ports/host-agent.ts";
import {
  type Packed,
  aSpec,
  deployed,
  fence,
  freePort,
  getJson,
  makeDataDir,
  slotOf,
  storeServer,
  tearDown,
  untilState,
} from "../support/agent-harness.ts";
import { AgentUnderTest } from "../support/agent-process.ts";

let agent: AgentUnderTest;
let artifact: Packed;
beforeAll(async () => {
  agent = await AgentUnderTest.start();
  artifact = await storeServer(agent.dataDir);
  await agent.client.call("artifact.ensure", artifact);
});
afterAll(async () => {
  await agent.end();
});

function routeOf(slot: Slot, port: number, blue = 100): RouteSpec {
  return {
    lane: `${slot.service}/${slot.environment}`,
    listen: `127.0.0.1:${port}`,
    tls: null,
    trustedProxies: [],
    limits: { headerBytes: 16_384, bodyBytes: 1_000_000 },
    weights: { blue, green: 100 - blue },
    drainMs: 100,
  };
}

/** Everything that an observer can see of a lane. */
async function everything(slot: Slot): Promise<unknown> {
  const lane = `${slot.service}/${slot.environment}`;
  const green: Slot = { ...slot, colour: "green" };
  const route = await agent.client.call("route.read", { lane });
  return {
    blue: await agent.client.call("slot.observe", { slot }),
    green: await agent.client.call("slot.observe", { slot: green }),
    weights: route.effective?.weights ?? null,
    listen: route.route?.listen ?? null,
    run: await agent.client.call("check.observe", { run: `late/${slot.service}` }),
  };
}

describe("an older fence", () => {
  test("is refused by every effect, which then does nothing, also by a new agent", async () => {
    const slot = slotOf("fenced");
    const lane = "fenced/production";
    const port = await freePort();
    await deployed(agent.client, artifact, aSpec(artifact, { slot }), 5);
    await untilState(agent.client, slot, "ready");
    const route = routeOf(slot, port);
    await agent.client.call("route.set", { fence: fence(5, slot), operation: "open", route });
    // A newer worker shows its fence before it looks at anything.
    await agent.client.call("lane.fence", { fence: fence(6, slot) });

    const late = { fence: fence(5, slot), operation: "late" };
    const spec = aSpec(artifact, { slot, generation: "late" });
    const effects: { [M in MethodName]?: Params<M> } = {
      "lane.fence": { fence: late.fence },
      "slot.deploy": { ...late, spec },
      "slot.destroy": { ...late, slot },
      "route.set": { ...late, route: routeOf(slot, port, 0) },
      "route.remove": { ...late, lane },
      "return.arm": {
        ...late,
        lane,
        to: "green",
        forMs: 1_000,
        onControlLoss: "hold",
        controlLossMs: 1_000,
      },
      "return.disarm": { ...late, lane },
      "lane.forget": late,
      "check.start": {
        fence: late.fence,
        run: "late/fenced",
        argv: ["node", "-e", "0"],
        env: {},
        tree: null,
        timeoutMs: 1_000,
        outputBytes: 1_000,
      },
    };
    const before = await everything(slot);
    for (const round of ["this agent", "the next agent"]) {
      for (const [method, params] of Object.entries(effects)) {
        const call = agent.client.call(method as "lane.fence", params as Params<"lane.fence">);
        await expect(call, `${method}, ${round}`).rejects.toMatchObject({ code: "stale-epoch" });
      }
      expect(await everything(slot)).toEqual(before);
      if (round === "this agent") {
        await agent.kill();
        await agent.startAgain();
        await untilState(agent.client, slot, "ready");
      }
    }
  });

  test("of an older incarnation is refused whatever its epoch: a restored database stays behind", async () => {
    const slot = slotOf("restored");
    await agent.client.call("lane.fence", { fence: fence(3, slot, 2) });
    const call = agent.client.call("lane.fence", { fence: fence(999, slot, 1) });
    await expect(call).rejects.toMatchObject({ code: "stale-epoch" });
    await agent.client.call("lane.fence", { fence: fence(1, slot, 3) });
  });

  test("of another lane gives no right", async () => {
    const slot = slotOf("mine");
    const call = agent.client.call("slot.deploy", {
      fence: fence(1, slotOf("yours")),
      operation: "x",
      spec: aSpec(artifact, { slot }),
    });
    await expect(call).rejects.toMatchObject({ code: "invalid-input" });
    expect(await agent.client.call("slot.observe", { slot })).toMatchObject({ state: "empty" });
  });

  test("in a frame that was held up on its way is judged when it arrives", async () => {
    const slot = slotOf("stopped");
    // A worker that is stopped after its last look, with its effect already written but not yet sent.
    const source = `
      import { createConnection, createServer } from "node:net";
      const socket = createConnection(process.argv[1]);
      socket.write(JSON.stringify({ id: 1, method: "hello", params: { protocols: [1], client: "late" } }) + "\\n");
      socket.once("data", () => {
        console.log("looked");
        process.stdin.once("data", () => socket.write(process.argv[2] + "\\n"));
        socket.on("data", (data) => { console.log(data.toString()); process.exit(); });
      });`;
    const frame = {
      id: 2,
      method: "slot.deploy",
      params: { fence: fence(1, slot), operation: "late", spec: aSpec(artifact, { slot }) },
    };
    const worker = spawn(
      process.execPath,
      [
        "--input-type=module",
        "-e",
        source,
        layout(agent.dataDir).agentSocket,
        JSON.stringify(frame),
      ],
      { stdio: ["pipe", "pipe", "inherit"] },
    );
    await once(worker.stdout, "data");
    worker.kill("SIGSTOP");
    worker.stdin.write("go\n");
    await agent.client.call("lane.fence", { fence: fence(2, slot) });
    worker.kill("SIGCONT");
    const [answer] = (await once(worker.stdout, "data")) as [Buffer];
    expect(answer.toString()).toContain("stale-epoch");
    expect(await agent.client.call("slot.observe", { slot })).toMatchObject({ state: "empty" });
  });
});

describe("an operation", () => {
  test("that arrives again is answered and not done again, even after later ones", async () => {
    const slot = slotOf("replayed");
    const port = await freePort();
    const route = routeOf(slot, port);
    const toBlue = { fence: fence(1, slot), operation: "to-blue", route };
    await agent.client.call("route.set", toBlue);
    const green = { fence: fence(1, slot), operation: "to-green", route: routeOf(slot, port, 0) };
    await agent.client.call("route.set", green);
    const again = await agent.client.call("route.set", toBlue);
    expect(again.effective?.weights).toEqual({ blue: 0, green: 100 });
    await agent.kill();
    await agent.startAgain();
    const later = await agent.client.call("route.set", toBlue);
    expect(later.effective?.weights).toEqual({ blue: 0, green: 100 });
  });

  test("that was used for something else is a conflict", async () => {
    const slot = slotOf("conflict");
    const spec = aSpec(artifact, { slot });
    const effect = { fence: fence(1, slot), operation: "same" };
    await agent.client.call("slot.deploy", { ...effect, spec });
    const other = aSpec(artifact, { slot, generation: "other" });
    const call = agent.client.call("slot.deploy", { ...effect, spec: other });
    await expect(call).rejects.toMatchObject({ code: "conflict" });
  });

  test("of a destroyed slot does not bring it back", async () => {
    const slot = slotOf("gone");
    await deployed(agent.client, artifact, aSpec(artifact, { slot }));
    await agent.client.call("slot.destroy", { fence: fence(1, slot), operation: "end", slot });
    await deployed(agent.client, artifact, aSpec(artifact, { slot }));
    expect(await agent.client.call("slot.observe", { slot })).toMatchObject({ state: "empty" });
  });
});

describe("a route", () => {
  test("whose port is taken is refused with the name of who has it, and nothing changes", async () => {
    const port = await freePort();
    const holder = spawn(
      process.execPath,
      [
        "-e",
        `require("node:net").createServer().listen(${port}, "127.0.0.1", () => console.log("up"))`,
      ],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    await once(holder.stdout, "data");
    try {
      const slot = slotOf("taken");
      const call = agent.client.call("route.set", {
        fence: fence(1, slot),
        operation: "open",
        route: routeOf(slot, port),
      });
      await expect(call).rejects.toMatchObject({
        code: "port-in-use",
        where: `127.0.0.1:${port}`,
        message: expect.stringContaining(`(pid ${holder.pid})`) as string,
      });
      const seen = await agent.client.call("route.read", { lane: "taken/production" });
      expect(seen).toMatchObject({ route: null, effective: null });
    } finally {
      holder.kill("SIGKILL");
    }
  });

  test("that another service has is refused with that service's name", async () => {
    const port = await freePort();
    const one = slotOf("first");
    await agent.client.call("route.set", {
      fence: fence(1, one),
      operation: "open",
      route: routeOf(one, port),
    });
    const other = slotOf("second");
    const call = agent.client.call("route.set", {
      fence: fence(1, other),
      operation: "open",
      route: routeOf(other, port),
    });
    await expect(call).rejects.toMatchObject({
      code: "port-in-use",
      message: expect.stringContaining("first/production") as string,
    });
  });

  test("of a colour without a release answers 503, never with the other colour", async () => {
    const slot = slotOf("half");
    const port = await freePort();
    await deployed(agent.client, artifact, aSpec(artifact, { slot }));
    await untilState(agent.client, slot, "ready");
    const route = routeOf(slot, port);
    await agent.client.call("route.set", { fence: fence(1, slot), operation: "a", route });
    expect(await getJson(port)).toMatchObject({ colour: "blue" });
    const tester = await agent.client.call("route.tester", { lane: route.lane, ttlMs: 10_000 });
    const idle = await fetch(`http://127.0.0.1:${port}/`, {
      headers: { [tester.header]: tester.value },
    });
    expect(idle.status).toBe(503);
    const green: Slot = { ...slot, colour: "green" };
    await deployed(agent.client, artifact, aSpec(artifact, { slot: green, generation: "g" }));
    await untilState(agent.client, green, "ready");
    const tested = await fetch(`http://127.0.0.1:${port}/`, {
      headers: { [tester.header]: tester.value },
    });
    expect(await tested.json()).toMatchObject({ colour: "green" });
    expect(await getJson(port)).toMatchObject({ colour: "blue" });
  });

  test("forgets nothing of a fence when its lane is forgotten", async () => {
    const slot = slotOf("forgotten");
    await deployed(agent.client, artifact, aSpec(artifact, { slot }), 7);
    await untilState(agent.client, slot, "ready");
    await agent.client.call("lane.forget", { fence: fence(7, slot), operation: "forget" });
    expect(await agent.client.call("slot.observe", { slot })).toMatchObject({ state: "empty" });
    const call = deployed(agent.client, artifact, aSpec(artifact, { slot }), 6);
    await expect(call).rejects.toMatchObject({ code: "stale-epoch" });
  });
});

describe("the protocol", () => {
  async function talk(...lines: string[]): Promise<string> {
    const socket = createConnection(layout(agent.dataDir).agentSocket);
    let said = "";
    socket.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
    socket.on("error", () => undefined);
    for (const line of lines) socket.write(`${line}\n`);
    const expected = lines.length;
    const deadline = performance.now() + 3_000;
    while (said.split("\n").length <= expected && performance.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    socket.destroy();
    return said;
  }

  test("answers nothing before hello", async () => {
    const said = await talk(JSON.stringify({ id: 1, method: "slot.list", params: {} }));
    expect(JSON.parse(said)).toMatchObject({ id: 1, error: { code: "incompatible" } });
  });

  test("refuses another version with a hint", async () => {
    const said = await talk(
      JSON.stringify({ id: 1, method: "hello", params: { protocols: [99], client: "future" } }),
    );
    expect(JSON.parse(said)).toMatchObject({ error: { code: "incompatible" } });
  });

  test("goes on after garbage, unknown methods and parameters that do not fit", async () => {
    const hello = { id: 1, method: "hello", params: { protocols: [1], client: "test" } };
    const said = await talk(
      JSON.stringify(hello),
      "this is no frame",
      JSON.stringify({ id: 3, method: "slot.explode", params: {} }),
      JSON.stringify({ id: 4, method: "slot.observe", params: { slot: { service: "../etc" } } }),
      JSON.stringify({ id: 5, method: "slot.list", params: {} }),
    );
    const frames = said
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { id: number | null; error?: { code: string } });
    const code = (id: number | null): string | undefined =>
      frames.find((frame) => frame.id === id)?.error?.code;
    expect(code(null)).toBe("invalid-input");
    expect(code(3)).toBe("unsupported");
    expect(code(4)).toBe("invalid-input");
    expect(frames.some((frame) => frame.id === 5 && frame.error === undefined)).toBe(true);
  });

  test("cuts a client off whose frame has no end, and serves the others", async () => {
    const socket = createConnection(layout(agent.dataDir).agentSocket);
    socket.on("error", () => undefined);
    const closed = new Promise((resolve) => socket.once("close", resolve));
    socket.write(Buffer.alloc(5 * 1024 * 1024, "x"));
    await closed;
    expect(await agent.client.call("slot.list", {})).toBeDefined();
  });
});

test("a port that systemd opened for the agent is served by the router, although it is taken", async () => {
  const port = await freePort();
  const listening = createServer().listen(port, "127.0.0.1");
  await once(listening, "listening");
  const handle = (listening as unknown as { _handle: { fd: number } })._handle;
  const dataDir = await makeDataDir();
  const started = spawn(
    "sh",
    ["-c", 'export LISTEN_PID=$$ LISTEN_FDS=1; exec "$@"', "sh", process.execPath].concat(
      "src/agent/main.ts",
      "--data-dir",
      dataDir,
    ),
    { stdio: ["ignore", "ignore", "inherit", handle.fd] },
  );
  await once(started, "spawn");
  listening.close();
  const client = connectAgent(dataDir, { connectTimeoutMs: 10_000 });
  try {
    const slot = slotOf("activated");
    const release = await storeServer(dataDir);
    await deployed(client, release, aSpec(release, { slot }));
    await untilState(client, slot, "ready");
    const route = routeOf(slot, port);
    await client.call("route.set", { fence: fence(1, slot), operation: "open", route });
    expect(await getJson(port)).toMatchObject({ colour: "blue" });
    // It belongs to nobody else: the router has the very socket that was handed to the agent.
    const { effective } = await client.call("route.read", { lane: route.lane });
    expect(effective?.colours.blue.requests).toBe(1);
  } finally {
    await tearDown(dataDir, client);
  }
});
