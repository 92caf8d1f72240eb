import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, statSync, writeFileSync, chmodSync } from "node:fs";
import { createServer } from "node:net";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { isRoot, needs } from "../support/optional.ts";
import { RawBackend, RawClient } from "./support/raw.ts";
import {
  type ControlRefusal,
  eventually,
  freePort,
  lane,
  RouterProcess,
} from "./support/router-process.ts";

const backend = new RawBackend();
let router: RouterProcess;
let port = 0;
let listen = "";

beforeAll(() => backend.listen());
afterAll(() => backend.close());
beforeEach(async () => {
  router = new RouterProcess();
  port = await freePort();
  listen = `127.0.0.1:${port}`;
  await router.start([lane(listen, { blue: [backend.port] })]);
});
afterEach(() => router.end());

async function ask(at = port): Promise<string> {
  const client = new RawClient(at);
  client.send("GET / HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n");
  return await client.untilClosed();
}

async function refusal(attempt: Promise<unknown>): Promise<ControlRefusal["error"]> {
  const error = await attempt.then(
    () => null,
    (reason: unknown) => reason as ControlRefusal,
  );
  if (!error) throw new Error("it was not refused");
  return error.error;
}

const second = (at: string) =>
  lane(at, { blue: [backend.port], route: { lane: "cart/production" } });

test("a connection that stands lives through loads", async () => {
  const client = new RawClient(port);
  client.send("GET / HTTP/1.1\r\nHost: shop\r\n\r\n");
  await client.until(/ok$/);
  for (let i = 0; i < 5; i++) await router.load([lane(listen, { blue: [backend.port] })]);
  client.send("GET / HTTP/1.1\r\nHost: shop\r\n\r\n");
  expect(await client.until(/ok[^]*ok$/)).toMatch(/ok[^]*ok$/);
  client.end();
});

test("a port in use is one clear error and everything else stays as it is", async () => {
  const taken = createServer().listen(0, "127.0.0.1");
  await once(taken, "listening");
  const address = taken.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const wanted = `127.0.0.1:${address.port}`;
  const before = router.generation;
  const weights = { blue: 0, green: 100 };
  const error = await refusal(
    router.load([lane(listen, { blue: [backend.port], route: { weights } }), second(wanted)]),
  );
  expect(error).toMatchObject({ code: "port-in-use", where: wanted });
  expect((await router.read()).generation).toBe(before);
  expect((await router.lane("shop/production")).weights).toEqual({ blue: 100, green: 0 });
  expect(await ask()).toMatch(/ok$/);
  taken.close();
  await once(taken, "close");
  await router.load([lane(listen, { blue: [backend.port] }), second(wanted)]);
  expect(await ask(address.port)).toMatch(/ok$/);
});

test("at start a port in use keeps only its own lane waiting, which is served once it is free", async () => {
  await router.kill();
  const taken = createServer().listen(0, "127.0.0.1");
  await once(taken, "listening");
  const address = taken.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  await router.start(
    [lane(listen, { blue: [backend.port] }), second(`127.0.0.1:${address.port}`)],
    {
      sweepMs: 50,
    },
  );
  expect(await ask()).toMatch(/ok$/);
  const waiting = (await router.read()).lanes.find(({ lane }) => lane === "cart/production");
  expect(waiting?.effective).toBeNull();
  expect(router.stderr).toContain("is taken by another program");
  // The other lanes can still be loaded.
  await router.load([lane(listen, { blue: [backend.port] }), second(`127.0.0.1:${address.port}`)]);
  taken.close();
  await eventually("it is served", async () => {
    const answer = await router.read();
    return answer.lanes.find(({ lane }) => lane === "cart/production")?.effective;
  });
  expect(await ask(address.port)).toMatch(/ok$/);
});

test.each([
  ["no JSON", "{"],
  ["another version", '{"formatVersion":2}'],
  ["nothing", ""],
])("a state file with %s is refused whole", async (_name, text) => {
  router.writeRaw(text);
  expect((await refusal(router.control({ method: "load" }))).code).toBe("invalid-input");
  expect(await ask()).toMatch(/ok$/);
});

test.each([
  ["weights that add up to 99", { weights: { blue: 50, green: 49 } }],
  ["an address without port", { listen: "127.0.0.1" }],
  ["a proxy that is no address", { trustedProxies: ["10.0.0.0/33"] }],
  ["a certificate that is not there", { tls: { certificate: "/nowhere/a", key: "/nowhere/b" } }],
])("a route with %s is refused whole", async (_name, route) => {
  const before = (await router.read()).generation;
  const error = await refusal(router.load([lane(listen, { blue: [backend.port], route })]));
  expect(error.code).toBe("invalid-input");
  expect((await router.read()).generation).toBe(before);
  expect(await ask()).toMatch(/ok$/);
});

test("an older generation is refused", async () => {
  await router.load([lane(listen, { blue: [backend.port] })]);
  const older = { ...router.state(), generation: 1 };
  expect((await refusal(router.control({ method: "load", state: older }))).code).toBe("conflict");
});

test("a lane that is removed stops listening after what is under way has ended", async () => {
  backend.onBytes = (socket) => {
    setTimeout(() => socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"), 200);
  };
  backend.forget();
  const slow = new RawClient(port);
  slow.send("GET / HTTP/1.1\r\nHost: shop\r\n\r\n");
  await eventually("it is under way", () => backend.connections.length > 0);
  const kept = new RawClient(port);
  kept.send("GET / HTTP/1.1\r\nHost: shop\r\n\r\n");
  await kept.until(/ok$/);
  const silent = new RawClient(port);
  await once(silent.socket, "connect");
  // A request that crosses the end of the route is still answered, and told that it was the last.
  await router.load([]);
  kept.send("GET / HTTP/1.1\r\nHost: shop\r\n\r\n");
  expect(await slow.untilClosed()).toMatch(/ok$/);
  expect(await kept.untilClosed()).toMatch(/ok[^]*connection: close\r\n\r\nok$/);
  await silent.untilClosed();
  const late = new RawClient(port);
  await late.untilClosed();
  expect(late.text).toBe("");
  expect((await router.read()).lanes).toEqual([]);
});

test("frames that are none get an error, not silence, and the connection goes on", async () => {
  expect((await refusal(router.control({ method: "explode" }))).code).toBe("invalid-input");
  expect((await router.read()).pid).toBe(router.pid);
});

test("the control socket is its owner's alone", () => {
  expect(statSync(router.stateFile.replace(/json$/, "sock")).mode & 0o777).toBe(0o600);
});

test("stop lets what is under way end, then exits with 0", async () => {
  backend.onBytes = (socket) => {
    setTimeout(() => socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"), 200);
  };
  backend.forget();
  const slow = new RawClient(port);
  slow.send("GET / HTTP/1.1\r\nHost: shop\r\n\r\n");
  await eventually("it is under way", () => backend.connections.length > 0);
  await router.control({ method: "stop" });
  expect(await slow.untilClosed()).toMatch(/ok$/);
  await eventually("it has exited", () => router.exitCode !== null);
  expect(router.exitCode).toBe(0);
});

test("killed and started again it serves the same state before anybody talks to it", async () => {
  backend.onBytes = (socket) => socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
  await router.load([
    lane(listen, { blue: [backend.port] }),
    second(`127.0.0.1:${await freePort()}`),
  ]);
  await router.kill();
  const [answer] = await Promise.all([
    eventually("it answers", async () => (await ask()).endsWith("ok") && "ok"),
    router.spawn(),
  ]);
  expect(answer).toBe("ok");
  expect((await router.read()).generation).toBe(router.generation);
});

test("it outlives whoever started it", async () => {
  await router.kill();
  // A parent that starts the router with pipes, as the agent might, and is then killed.
  const script = `const c = require("node:child_process").spawn(process.execPath, ["src/agent/router/main.ts", process.argv[1]], { detached: true, stdio: ["ignore", "pipe", "pipe"] }); console.log(c.pid); setInterval(() => {}, 1000);`;
  const parent = spawn(process.execPath, ["-e", script, router.stateFile], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  const [line] = (await once(parent.stdout, "data")) as [Buffer];
  const pid = Number(line.toString());
  try {
    await eventually("it serves", async () => (await ask()).endsWith("ok"));
    parent.kill("SIGKILL");
    await once(parent, "exit");
    // Make it write to the pipe that nobody reads any more.
    router.writeRaw("{");
    await refusal(router.control({ method: "load" }));
    expect(await ask()).toMatch(/ok$/);
    expect(((await router.read()) as { pid: number }).pid).toBe(pid);
  } finally {
    process.kill(pid, "SIGKILL");
  }
});

test.skipIf(needs(isRoot, "giving up root can only be tested as root").missing)(
  "it gives up root once everything is open, and then takes its state from the frame",
  async () => {
    await router.kill();
    chmodSync(router.directory, 0o700);
    router.write([lane(listen, { blue: [backend.port] })]);
    const state = { ...router.state(), runAs: { uid: 65_534, gid: 65_534 } };
    writeFileSync(router.stateFile, JSON.stringify(state), { mode: 0o600 });
    await router.spawn();
    const status = await eventually("it is another user", () => {
      const text = readFileSync(`/proc/${router.pid}/status`, "utf8");
      return /^Uid:\t65534\t65534\t65534\t65534$/m.test(text) && text;
    });
    expect(status).toMatch(/^Gid:\t65534\t65534\t65534\t65534$/m);
    expect(status).toMatch(/^Groups:\t *$/m);
    expect(status).toMatch(/^CapEff:\t0+$/m);
    expect(await ask()).toMatch(/ok$/);
    expect((await refusal(router.control({ method: "load" }))).code).toBe("unavailable");
    await router.control({ method: "load", state: { ...state, generation: state.generation + 1 } });
    expect((await router.read()).generation).toBe(state.generation + 1);
    expect(await ask()).toMatch(/ok$/);
    await router.accessLines(1);
  },
);

test("a first state that is unusable ends it with 1 and one sentence", async () => {
  await router.kill();
  router.writeRaw("{");
  const failed = await router.spawn().then(
    () => "",
    (error: Error) => error.message,
  );
  expect(failed).toContain("the router's state is not JSON");
  expect(router.exitCode).toBe(1);
});
