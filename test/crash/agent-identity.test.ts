import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { isFree } from "../../src/agent/os/sockets.ts";
import { IdentityWatch } from "../../src/engine/check-runs/check-identity.ts";
import { defaultSettings } from "../../src/engine/engine.ts";
import type { Slot } from "../../src/model/primitives.ts";
import { processTarget } from "../../src/targets/process/index.ts";
import {
  aProcess,
  aSpec,
  deployed,
  serverSource,
  slotOf,
  storeTree,
  until,
  untilState,
} from "../support/agent-harness.ts";
import { AgentUnderTest } from "../support/agent-process.ts";

/** Whom a check tests, watched over a real agent and real processes. */

let agent: AgentUnderTest;
beforeAll(async () => {
  agent = await AgentUnderTest.start();
});
afterAll(() => agent.end());

/** It lets go of its port when asked to and lives on, or ends. */
const source = `${serverSource.replace(
  'if (request.url === "/env")',
  `if (request.url === "/leave") { server.close(); return server.closeAllConnections(); }
  if (request.url === "/end") process.exit(3);
  if (request.url === "/env")`,
)}
setInterval(() => {}, 1000);`;

async function start(name: string): Promise<{ slot: Slot; port: number; generation: string }> {
  const slot = slotOf(name);
  const artifact = await storeTree(agent.dataDir, [{ name: "server.mjs", content: source }]);
  const ready = { kind: "tcp", interval: 100, timeout: 20_000 } as const;
  const spec = aSpec(artifact, { slot, processes: { web: aProcess({ ready }) } });
  await deployed(agent.client, artifact, spec);
  const { instances } = await untilState(agent.client, slot, "ready");
  return { slot, port: instances[0]?.port ?? 0, generation: spec.generation };
}

function watching(slot: Slot, generation: string) {
  const settings = { ...defaultSettings, identityLookMs: 100, identityProofMs: 300 };
  const target = processTarget(agent.client);
  const release = `sha256:${"a".repeat(64)}`;
  let voided = 0;
  const watch = new IdentityWatch(
    { agent: agent.client, settings },
    target,
    { slot, release, generation },
    () => (voided += 1),
  );
  return { watch, voided: () => voided };
}

test("a run over a colour that stays as it is is bound before, during and after", async () => {
  const { slot, generation } = await start("steady");
  const { watch, voided } = watching(slot, generation);
  expect(await watch.begin()).toBeNull();
  await sleep(1_200);
  const seen = await watch.end();
  expect(seen).toMatchObject({
    before: "bound",
    during: "bound",
    after: "bound",
    restarts: [],
    contradiction: null,
  });
  expect(seen.proofs).toBeGreaterThan(0);
  expect(seen.looks).toBeGreaterThan(2);
  expect(voided()).toBe(0);
}, 30_000);

test("a run is void at once when another process takes over the port during it", async () => {
  const { slot, port, generation } = await start("robbed");
  const { watch, voided } = watching(slot, generation);
  expect(await watch.begin()).toBeNull();
  await fetch(`http://127.0.0.1:${port}/leave`).catch(() => undefined);
  await until("the port is free", () => isFree(port));
  const thief = createServer((_, response) => response.end("{}"));
  await new Promise<void>((resolve) => thief.listen(port, "127.0.0.1", resolve));
  try {
    await until("it is noticed", () => voided() === 1);
    const { contradiction } = await watch.end();
    expect(contradiction).toBe(`port ${port} is answered by another process than the release's`);
    // A new run needs a new proof, and there is none.
    expect(await watching(slot, generation).watch.begin()).toContain(`port ${port}`);
  } finally {
    thief.close();
  }
}, 30_000);

test("a run during which the instance ends and is started again is not void, and says so", async () => {
  const { slot, port, generation } = await start("restarted");
  const { watch, voided } = watching(slot, generation);
  expect(await watch.begin()).toBeNull();
  await fetch(`http://127.0.0.1:${port}/end`).catch(() => undefined);
  await until("it is back", async () => {
    const seen = await agent.client.call("slot.observe", { slot });
    return seen.state === "ready" && (seen.instances[0]?.restarts ?? 0) > 0;
  });
  const seen = await watch.end();
  expect(seen).toMatchObject({ before: "bound", after: "bound", contradiction: null });
  expect(seen.restarts[0]).toContain("web-0 was started again from the same digest");
  expect(voided()).toBe(0);
}, 30_000);
