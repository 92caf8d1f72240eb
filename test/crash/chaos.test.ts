import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { chaos } from "../../src/checks/chaos/index.ts";
import { runCheck } from "../../src/checks/run.ts";
import type { CheckReport } from "../../src/model/verdict.ts";
import {
  aProcess,
  aSpec,
  deployed,
  fence,
  type Packed,
  slotOf,
  storeServer,
  untilState,
} from "../support/agent-harness.ts";
import { AgentUnderTest } from "../support/agent-process.ts";
import { checkContext } from "../support/check-context.ts";

/**
 * A shop that asks a bakery and keeps orders in a file. How it goes wrong is its configuration: `once` starts
 * one time only, `waits` for the bakery however long that takes, one order after the other, and `inplace`
 * empties its file before it writes it. `robust` does none of that.
 */
const source = `
import { createServer } from "node:http";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
const config = (key) => readFileSync(process.env.TIDELOCK_CONFIG_DIR + "/" + key, "utf8");
const mode = config("MODE");
const file = process.env.TIDELOCK_STATE_DIR + "/orders-" + process.env.PORT;
if (mode === "once") {
  if (existsSync(file + ".started")) process.exit(3);
  writeFileSync(file + ".started", "");
}
const read = () => (existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : ["first"]);
function order() {
  const orders = [...read(), "x".repeat(2000)].slice(-60);
  if (mode === "inplace") return writeFileSync(file, JSON.stringify(orders));
  writeFileSync(file + ".new", JSON.stringify(orders));
  renameSync(file + ".new", file);
}
let turn = Promise.resolve();
async function bread() {
  const signal = mode === "waits" ? undefined : AbortSignal.timeout(400);
  const ask = () => fetch("http://" + config("BAKERY"), { signal, headers: { connection: "close" } }).then((a) => (a.ok ? a.text() : Promise.reject(a.status)));
  if (mode !== "waits") return ask().catch(() => "yesterday's bread");
  const mine = turn.then(ask);
  turn = mine.catch(() => undefined);
  return mine;
}
createServer(async (request, response) => {
  try {
    if (request.url === "/bread") return response.end(await bread());
    if (request.url === "/order") { order(); return response.end("ordered"); }
    if (request.url === "/orders") return response.end(String(read().length > 0));
    response.end("open");
  } catch (error) {
    response.writeHead(error.code === "ENOSPC" ? 507 : 500).end(String(error));
  }
}).listen(Number(process.env.PORT), "127.0.0.1");
process.on("SIGTERM", () => process.exit(0));
`;

/** Half a minute each: one of them always, all with `TIDELOCK_TEST_LONG=1`. */
const long = process.env["TIDELOCK_TEST_LONG"] === "1";
if (!long) console.warn("chaos: one service only; all of them with TIDELOCK_TEST_LONG=1");
const longTest = test.runIf(long);

vi.setConfig({ testTimeout: 120_000 });

let agent: AgentUnderTest;
let artifact: Packed;
let bakery: Server;
beforeAll(async () => {
  agent = await AgentUnderTest.start();
  artifact = await storeServer(agent.dataDir, source);
  bakery = createServer((_request, response) => response.end("fresh bread"));
  bakery.listen(0, "127.0.0.1");
  await once(bakery, "listening");
});
afterAll(async () => {
  bakery.close();
  await agent.end();
});

async function injure(
  mode: string,
  experiments: readonly Record<string, unknown>[],
  requests: readonly Record<string, unknown>[],
): Promise<CheckReport> {
  const slot = slotOf(mode);
  const port = (bakery.address() as AddressInfo).port;
  const entries = {
    MODE: mode,
    BAKERY: `{fault.bakery=127.0.0.1:${port}}`,
    ROOM: "{fault.disk=1m}",
  };
  await deployed(
    agent.client,
    artifact,
    aSpec(artifact, {
      slot,
      bindings: "isolated",
      processes: { web: aProcess({ state: true, replicas: 2 }) },
      environment: { delivery: "files", entries },
    }),
  );
  const seen = await untilState(agent.client, slot, "ready");
  const context = checkContext({
    agent: agent.client,
    slot,
    fence: fence(1, slot),
    instances: seen.instances.map((one) => `http://127.0.0.1:${one.port}`),
  });
  const hypothesis = { requests, perSecond: 20, measureMs: 1_000, timeoutMs: 2_000 };
  const demand = { name: "chaos", with: { hypothesis, experiments }, timeout: 120_000 };
  const report = await runCheck(chaos, context, demand);
  await agent.client.call("slot.destroy", { fence: fence(1, slot), operation: "end", slot });
  return report;
}

const open = { path: "/" };
const bread = { path: "/bread", expect: { latencyMs: 1_500 } };
const order = { path: "/order" };
const orders = { path: "/orders", expect: { body: { equals: "true" } } };
const kill = {
  fault: { kind: "kill", process: "web" },
  durationMs: 2_000,
  during: { errorShare: 0.6 },
};
const slow = {
  fault: { kind: "latency", dependency: "bakery", addMs: 800 },
  durationMs: 2_000,
};
const full = {
  fault: { kind: "disk-full" },
  durationMs: 2_000,
  during: { degraded: { status: [200, 507] } },
  recoverMs: 3_000,
};
const asRoot = process.getuid?.() === 0;

test("a service that does not start a second time is found by killing it once", async () => {
  const report = await injure("once", [{ ...kill, recoverMs: 3_000 }], [open]);
  expect(report.verdict, report.summary).toBe("fail");
  expect(report.summary).toMatch(/kill one web: .*3000 ms after it things were not as before/);
  expect(report.summary).toMatch(/exit code 3|degraded|failed/);
  expect(report.exercised.experiments).toBe(1);
});

longTest("a service that hangs with its dependency is found by making that slow", async () => {
  const report = await injure("waits", [slow], [open, bread]);
  expect(report.verdict, report.summary).toBe("fail");
  expect(report.summary).toMatch(/bakery 800 ms later: while it stood, .*\/bread/);
});

longTest("a service that loses its file on a full disk is found by filling it", async (context) => {
  if (!asRoot) context.skip("only root has disks to fill");
  const report = await injure("inplace", [full], [open, order, orders]);
  expect(report.verdict, report.summary).toBe("fail");
  expect(report.summary).toMatch(/disk full: .*(\/order|\/orders)/);
});

longTest("a robust one lives through all of them", async () => {
  const cut = { kind: "error", dependency: "bakery" };
  const report = await injure(
    "robust",
    [
      kill,
      { ...kill, fault: { kind: "pause", process: "web" } },
      slow,
      { fault: { ...cut, how: "reset" }, durationMs: 2_000 },
      { fault: { ...cut, how: "status", share: 0.5 }, durationMs: 2_000 },
      ...(asRoot ? [full] : []),
    ],
    [open, bread, order, orders],
  );
  expect(report.verdict, report.summary).toBe("pass");
  expect(report.exercised.experiments).toBe(asRoot ? 6 : 5);
});
