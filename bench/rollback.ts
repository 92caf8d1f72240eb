import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as pause } from "node:timers/promises";
import { connectAgent } from "../src/agent/client.ts";
import { Client } from "../src/api/client.ts";
import { hasEnded } from "../src/model/promotion.ts";
import { findServers } from "../src/store/server-record.ts";
import { freePort, Installation } from "../test/support/installation.ts";
import type { LoadResult } from "./lib/load.ts";
import { inRepository } from "./lib/processes.ts";
import { type BenchResult, median, quantile, round } from "./lib/report.ts";

const lane = { service: "bench", environment: "production" };
const loadMs = 1_200;

interface Sample {
  readonly firstOldMs: number;
  readonly lastNewMs: number;
  readonly requests: number;
  readonly failed: number;
}

/**
 * How long a rollback takes for users: a whole control plane (PostgreSQL, server, agent, router), a bad
 * release live, requests coming open-loop, then `POST …/rollback`. Counted from before the request leaves
 * the client, which is earlier than the server's accepting it, to the first request that the router
 * dispatched to the old colour, and to the last one that it dispatched to the new colour.
 * Arguments: rollbacks (default 30), requests a second (default 1000).
 */
export async function rollbackBench(argv: readonly string[]): Promise<BenchResult> {
  const [rollbacks = 30, rate = 1_000] = argv.map(Number);
  const installation = new Installation();
  try {
    const port = await freePort();
    const project = writeProject(installation.folder, port);
    await installation.start();
    const { client, agent } = connections(installation.dataDir);
    await installation.tidelock(["pipeline", "apply"], project);
    await release(installation, client, project, "1.0.0");
    const samples: Sample[] = [];
    for (let i = 1; i <= rollbacks; i++) {
      await release(installation, client, project, `1.0.${i}`);
      samples.push(await rollBackUnderLoad(client, agent, port, rate));
    }
    agent.close();
    return summarise(samples, rate);
  } finally {
    await installation.stop();
  }
}

function writeProject(folder: string, port: number): string {
  const project = join(folder, "service");
  mkdirSync(project);
  const server = `require("node:http").createServer((_, answer) => answer.end(process.env.TIDELOCK_VERSION)).listen(process.env.PORT);`;
  writeFileSync(join(project, "server.cjs"), server);
  writeFileSync(
    join(project, "tidelock.yaml"),
    `apiVersion: tidelock.dev/v1
kind: Pipeline
metadata: { name: bench }
spec:
  processes:
    web: { command: [node, server.cjs], ready: { kind: http, path: /, interval: 100ms } }
  environments:
    - { name: production, watch: { for: 500ms, interval: 100ms } }
---
apiVersion: tidelock.dev/v1
kind: Environment
metadata: { name: production }
spec:
  tier: production
  router: { type: embedded, listen: { bench: "127.0.0.1:${port}" } }
`,
  );
  return project;
}

function connections(dataDir: string) {
  const [record] = findServers(dataDir);
  const token = readFileSync(join(dataDir, "server", "token"), "utf8").trim();
  return { client: new Client({ url: record?.url ?? "", token }), agent: connectAgent(dataDir) };
}

async function release(
  installation: Installation,
  client: Client,
  project: string,
  version: string,
): Promise<void> {
  await installation.tidelock(["release", "create", "--version", version], project);
  const body = { service: lane.service, release: version, environment: lane.environment };
  const { id } = await client.call("promotionCreate", { body });
  await ended(client, id, "complete");
}

async function ended(client: Client, id: string, wanted: string): Promise<void> {
  for (;;) {
    const view = await client.call("promotionShow", { params: { id } });
    if (hasEnded(view.state)) {
      if (view.state !== wanted) throw new Error(`${view.state}: ${view.message}`);
      return;
    }
    await pause(50);
  }
}

async function rollBackUnderLoad(
  client: Client,
  agent: ReturnType<typeof connectAgent>,
  port: number,
  rate: number,
): Promise<Sample> {
  const argv = [
    inRepository("bench/lib/load.ts"),
    String(port),
    "16",
    String(loadMs),
    String(rate),
  ];
  const load = spawn(process.execPath, argv, { stdio: ["ignore", "pipe", "inherit"] });
  const output = text(load.stdout);
  await pause(500);
  const start = performance.timeOrigin + performance.now();
  const { id } = await client.call("rollback", { params: lane, body: { reason: "bench" } });
  await ended(client, id, "complete");
  const { requests, failed } = JSON.parse(await output) as LoadResult;
  const { effective } = await agent.call("route.read", {
    lane: `${lane.service}/${lane.environment}`,
  });
  const last = effective?.lastSwitch;
  if (!last?.firstNew || !last.lastOld)
    throw new Error("the router saw no request around the switch");
  return { firstOldMs: last.firstNew - start, lastNewMs: last.lastOld - start, requests, failed };
}

function summarise(samples: readonly Sample[], rate: number): BenchResult {
  const spread = (values: readonly number[]) => ({
    median: round(median(values)),
    p99: round(quantile(values, 0.99)),
    max: round(Math.max(...values)),
  });
  const firstOldMs = spread(samples.map((sample) => sample.firstOldMs));
  const lastNewMs = spread(samples.map((sample) => sample.lastNewMs));
  const requests = samples.reduce((sum, sample) => sum + sample.requests, 0);
  const failed = samples.reduce((sum, sample) => sum + sample.failed, 0);
  const row = (name: string, { median: middle, p99, max }: typeof firstOldMs) => [
    name,
    `${middle} ms`,
    `${p99} ms`,
    `${max} ms`,
  ];
  return {
    figures: { firstOldMs, lastNewMs, rollbacks: samples.length, requests, failed },
    table: [
      ["from asking for a rollback to", "median", "p99", "max"],
      row("first request to the old colour", firstOldMs),
      row("last request to the new colour", lastNewMs),
    ],
    notes: [
      `${samples.length} rollbacks at ${rate} requests/s open-loop: ${requests} requests, ${failed} failed.`,
      "Times are the router's own of its dispatches; everything runs on this machine, load included.",
    ],
    ok: failed === 0,
  };
}
