import { afterAll, beforeAll, expect, test } from "vitest";
import type { Slot } from "../../src/model/primitives.ts";
import type { RouteSpec } from "../../src/ports/host-agent.ts";
import {
  aSpec,
  deployed,
  fence,
  freePort,
  type Packed,
  slotOf,
  storeServer,
  until,
  untilState,
} from "../support/agent-harness.ts";
import { AgentUnderTest } from "../support/agent-process.ts";

/** Answers after as many milliseconds as its path says, and ends at once when it is told to. */
const slowSource = `
import { createServer } from "node:http";
createServer((request, response) => {
  setTimeout(() => response.end("whole"), Number(request.url.slice(1)) || 0);
}).listen(Number(process.env.PORT), "127.0.0.1");
process.on("SIGTERM", () => process.exit(0));
`;

let agent: AgentUnderTest;
let artifact: Packed;
beforeAll(async () => {
  agent = await AgentUnderTest.start();
  artifact = await storeServer(agent.dataDir, slowSource);
});
afterAll(async () => {
  await agent.end();
});

/** Both colours stand, and blue has the traffic. */
async function begin(service: string, drainMs: number): Promise<{ port: number; blue: Slot }> {
  const [blue, green] = [slotOf(service, "blue"), slotOf(service, "green")];
  for (const slot of [blue, green]) {
    await deployed(agent.client, artifact, aSpec(artifact, { slot }));
    await untilState(agent.client, slot, "ready");
  }
  const port = await freePort();
  await send(blue, port, drainMs);
  return { port, blue };
}

async function send(to: Slot, port: number, drainMs: number): Promise<void> {
  const { service, environment, colour } = to;
  const route: RouteSpec = {
    lane: `${service}/${environment}`,
    listen: `127.0.0.1:${port}`,
    tls: null,
    trustedProxies: [],
    limits: { headerBytes: 16_384, bodyBytes: 1_000_000 },
    weights: { blue: 0, green: 0, [colour]: 100 },
    drainMs,
  };
  await agent.client.call("route.set", { fence: fence(1, to), operation: `to-${colour}`, route });
}

/** A request that the service has begun with; the answer comes later. */
async function ask(
  service: string,
  port: number,
  ms: number,
): Promise<{ readonly answer: Promise<string> }> {
  const answer = fetch(`http://127.0.0.1:${port}/${ms}`).then(
    (response) => response.text(),
    (error: unknown) => `lost: ${String(error)}`,
  );
  await until("it is under way", async () => {
    const lane = `${service}/production`;
    const { effective } = await agent.client.call("route.read", { lane });
    return (effective?.colours.blue.inFlight ?? 0) > 0;
  });
  return { answer };
}

test("a colour that is replaced right after a switch ends its requests first, and says so", async () => {
  const { port, blue } = await begin("replaced", 10_000);
  const { answer } = await ask("replaced", port, 1_500);
  await send(slotOf("replaced", "green"), port, 10_000);
  await deployed(agent.client, artifact, aSpec(artifact, { slot: blue, generation: "g2" }));
  expect(await agent.client.call("slot.observe", { slot: blue })).toMatchObject({
    state: "starting",
    deployed: { generation: "g2" },
    draining: true,
  });
  expect(await answer).toBe("whole");
  const seen = await untilState(agent.client, blue, "ready");
  expect(seen.draining).toBeUndefined();
});

test("a colour that is destroyed right after a switch ends its requests first", async () => {
  const { port, blue } = await begin("destroyed", 10_000);
  const { answer } = await ask("destroyed", port, 1_000);
  await send(slotOf("destroyed", "green"), port, 10_000);
  await agent.client.call("slot.destroy", { fence: fence(1, blue), operation: "end", slot: blue });
  expect(await answer).toBe("whole");
});

test("a request that does not end holds its colour up to the ceiling and no longer", async () => {
  const { port, blue } = await begin("endless", 300);
  const { answer } = await ask("endless", port, 60_000);
  await send(slotOf("endless", "green"), port, 300);
  await agent.client.call("slot.destroy", { fence: fence(1, blue), operation: "end", slot: blue });
  expect(await answer).not.toBe("whole");
  expect(await agent.client.call("slot.observe", { slot: blue })).toMatchObject({ state: "empty" });
});
