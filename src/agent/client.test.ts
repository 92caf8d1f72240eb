import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { TidelockError } from "../model/errors.ts";
import { layout } from "../model/layout.ts";
import type { AgentInfo } from "../ports/host-agent.ts";
import { connectAgent } from "./client.ts";
import { type AgentServer, type Handlers, serveProtocol } from "./protocol/server.ts";

let dataDir: string;
let server: AgentServer | null = null;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "tl-client-"));
});
afterEach(async () => {
  await server?.close();
  server = null;
  await rm(dataDir, { recursive: true });
});

const info: AgentInfo = {
  protocol: 1,
  version: "0",
  agentId: "a",
  pid: 1,
  bootId: "b",
  publicKey: "k",
  isolation: "none",
  isolationReason: null,
  outlivesServer: true,
  outlivesServerReason: null,
  dataDir: "/",
};

/** An agent that knows only what a test gives it. */
async function serve(some: Partial<Handlers>): Promise<void> {
  const handlers = new Proxy(
    { hello: () => Promise.resolve(info), ...some },
    {
      get: (target, name: keyof Handlers) =>
        target[name] ?? (() => Promise.reject(new Error(`${name} was not expected`))),
    },
  ) as Handlers;
  server = await serveProtocol(layout(dataDir).agentSocket, handlers, () => undefined);
}

test("calls that are answered in another order find their callers", async () => {
  await serve({
    "check.observe": async ({ run }) => {
      await new Promise((resolve) => setTimeout(resolve, run === "slow" ? 60 : 0));
      return {
        state: "finished",
        exitCode: 0,
        signal: null,
        timedOut: false,
        stdout: run,
        stderr: "",
        truncated: false,
        durationMs: 0,
      };
    },
  });
  const client = connectAgent(dataDir);
  const answers = await Promise.all(
    ["slow", "quick"].map((run) => client.call("check.observe", { run })),
  );
  expect(answers.map(({ stdout }) => stdout)).toEqual(["slow", "quick"]);
  client.close();
});

test("what the agent throws arrives as it was thrown", async () => {
  await serve({
    "slot.list": () =>
      Promise.reject(
        new TidelockError("stale-epoch", "over", { where: "shop/production", hint: "look again" }),
      ),
  });
  const client = connectAgent(dataDir);
  const call = client.call("slot.list", {});
  await expect(call).rejects.toBeInstanceOf(TidelockError);
  await expect(call).rejects.toMatchObject({
    code: "stale-epoch",
    where: "shop/production",
    hint: "look again",
  });
  client.close();
});

test("a call under way fails as retryable when the agent goes, and the next one reaches the new agent", async () => {
  await serve({ "slot.list": () => new Promise(() => undefined) });
  const client = connectAgent(dataDir);
  const hanging = client.call("slot.list", {});
  await client.info();
  const gone = expect(hanging).rejects.toMatchObject({ code: "unavailable", retryable: true });
  await new Promise((resolve) => setTimeout(resolve, 50));
  await server?.close();
  await gone;
  const next = client.call("slot.list", {});
  await new Promise((resolve) => setTimeout(resolve, 100));
  await serve({ "slot.list": () => Promise.resolve({ slots: [] }) });
  expect(await next).toEqual({ slots: [] });
  client.close();
});

test("without an agent a call says so in time, with the way to start one", async () => {
  const client = connectAgent(dataDir, { connectTimeoutMs: 100 });
  await expect(client.call("slot.list", {})).rejects.toMatchObject({
    code: "unavailable",
    retryable: true,
    hint: expect.stringContaining("tidelock server start") as string,
  });
  client.close();
});

test("whoever can start an agent hears at once that none answers, while the call still waits for one", async () => {
  let heard = 0;
  const onRefused = (): void => {
    heard += 1;
    if (heard === 1) void serve({ "slot.list": () => Promise.resolve({ slots: [] }) });
  };
  const client = connectAgent(dataDir, { onRefused });
  expect(await client.call("slot.list", {})).toEqual({ slots: [] });
  expect(heard).toBeGreaterThan(0);
  client.close();
});

test("an agent that never answers is a timeout", async () => {
  await serve({ "slot.list": () => new Promise(() => undefined) });
  const client = connectAgent(dataDir, { callTimeoutMs: 80 });
  await expect(client.call("slot.list", {})).rejects.toMatchObject({ code: "timeout" });
  client.close();
});

test("an answer that does not fit its schema is refused, not handed on", async () => {
  await serve({});
  const liar = createServer((socket) => {
    socket.on("data", (data) => {
      for (const line of data.toString().trim().split("\n")) {
        const { id, method } = JSON.parse(line) as { id: number; method: string };
        const result = method === "hello" ? info : { slots: "none" };
        socket.write(`${JSON.stringify({ id, result })}\n`);
      }
    });
    socket.on("error", () => undefined);
  });
  await server?.close();
  server = null;
  await rm(layout(dataDir).agentSocket, { force: true });
  await new Promise<void>((resolve) => liar.listen(layout(dataDir).agentSocket, resolve));
  const client = connectAgent(dataDir);
  await expect(client.call("slot.list", {})).rejects.toMatchObject({ code: "incompatible" });
  client.close();
  await new Promise((resolve) => liar.close(resolve));
});

test("a frame longer than the protocol allows is not sent", async () => {
  await serve({});
  const client = connectAgent(dataDir);
  const call = client.call("check.observe", { run: "x".repeat(5 * 1024 * 1024) });
  await expect(call).rejects.toMatchObject({ code: "invalid-input" });
  client.close();
});
