import { rm } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { once } from "node:events";
import { afterAll, beforeAll, expect, test } from "vitest";
import { FrameReader } from "../../src/agent/protocol/frames.ts";
import type { RouterAnswer, RouterState } from "../../src/agent/router-control.ts";
import { layout, socketPath } from "../../src/model/layout.ts";
import type { RouteSpec } from "../../src/ports/host-agent.ts";
import {
  aSpec,
  deployed,
  fence,
  freePort,
  slotOf,
  storeServer,
  untilState,
} from "../support/agent-harness.ts";
import { AgentUnderTest } from "../support/agent-process.ts";

let agent: AgentUnderTest;
beforeAll(async () => {
  agent = await AgentUnderTest.start();
});
afterAll(() => agent.end());

/** A router that confirms whatever it is told and does `state`, at the place where the agent asks. */
async function liar(path: string, answer: RouterAnswer): Promise<Server> {
  const server = createServer((socket) => {
    socket.on("error", () => socket.destroy());
    const reader = new FrameReader((line) => {
      const { id, state } = JSON.parse(line) as { id: number; state?: RouterState };
      const generation = state?.generation ?? answer.generation;
      answer = { ...answer, generation };
      socket.write(`${JSON.stringify({ id, result: answer })}\n`);
    });
    socket.on("data", (chunk) => reader.push(chunk));
  });
  await rm(path, { force: true });
  server.listen(path);
  await once(server, "listening");
  return server;
}

test("a router that confirms a change and does not do it is found out, and the old route stays wanted", async () => {
  const slot = slotOf("believed");
  const lane = "believed/production";
  const artifact = await storeServer(agent.dataDir);
  await deployed(agent.client, artifact, aSpec(artifact, { slot }));
  await untilState(agent.client, slot, "ready");
  const route: RouteSpec = {
    lane,
    listen: `127.0.0.1:${await freePort()}`,
    tls: null,
    trustedProxies: [],
    limits: { headerBytes: 16_384, bodyBytes: 1_000_000 },
    weights: { blue: 100, green: 0 },
    drainMs: 100,
  };
  const opened = await agent.client.call("route.set", {
    fence: fence(1, slot),
    operation: "open",
    route,
  });
  expect(opened.effective?.weights).toEqual(route.weights);

  const socket = socketPath(layout(agent.dataDir).agent, "router-production.sock");
  const router = await liar(socket, { generation: 1, pid: 1, lanes: [opened] });
  try {
    const weights = { blue: 0, green: 100 };
    const change = { fence: fence(1, slot), operation: "move", route: { ...route, weights } };
    await expect(agent.client.call("route.set", change)).rejects.toThrow(
      "does not do what it was told",
    );
    const seen = await agent.client.call("route.read", { lane });
    expect(seen.route?.weights).toEqual(route.weights);
  } finally {
    router.close();
  }
});
