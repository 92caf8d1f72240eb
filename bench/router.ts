import type { ChildProcess } from "node:child_process";
import { mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { findProgram } from "../test/support/optional.ts";
import type { LoadResult } from "./lib/load.ts";
import {
  canPin,
  cpuMicroseconds,
  freePort,
  inRepository,
  start,
  stopAll,
  untilListening,
} from "./lib/processes.ts";
import { type BenchResult, median, quantile, round } from "./lib/report.ts";
import { laneOf, newTesterKey, routerState } from "./lib/router-state.ts";

/** The proxy under test has a core of its own; client and backend share the other. */
const proxyCore = 0;
const loadCore = 1;
const connections = 32;
const bodyBytes = 1024;

interface Proxy {
  readonly name: "tidelock" | "haproxy";
  readonly port: number;
  readonly pid: number;
  readonly throughput: number[];
  /** CPU microseconds of the proxy for one request. */
  readonly cpu: number[];
}

/**
 * The embedded router beside HAProxy: the same client, the same backend, the same run, alternating.
 * Arguments: rounds (default 9), seconds a round (default 2).
 */
export async function routerBench(argv: readonly string[]): Promise<BenchResult> {
  const [rounds = 9, seconds = 2] = argv.map(Number);
  const directory = mkdtempSync(join(tmpdir(), "tidelock-bench-"));
  try {
    const backend = await freePort();
    start(
      [process.execPath, inRepository("bench/lib/backend.ts"), String(backend), String(bodyBytes)],
      {
        core: loadCore,
      },
    );
    await untilListening(backend);
    const tidelock = await startTidelock(directory, backend);
    const haproxy = await startHaproxy(directory, backend);
    const proxies = haproxy ? [haproxy, tidelock] : [tidelock];
    for (const proxy of proxies) await load(proxy.port, 2_000, 0);
    for (let i = 0; i < rounds; i++) {
      for (const proxy of proxies) await measureThroughput(proxy, seconds * 1_000);
    }
    const latency = await measureLatency(
      backend,
      tidelock.port,
      Math.max(3, Math.ceil(rounds / 2)),
    );
    return summarise(tidelock, haproxy, latency);
  } finally {
    await stopAll();
    rmSync(directory, { recursive: true, force: true });
  }
}

async function startTidelock(directory: string, backend: number): Promise<Proxy> {
  const port = await freePort();
  const stateFile = join(directory, "router-bench.json");
  const state = routerState({
    generation: 1,
    testerPublicKey: newTesterKey(),
    accessLog: join(directory, "access.log"),
    lanes: [laneOf({ port, blue: [backend], green: [] })],
  });
  writeFileSync(stateFile, JSON.stringify(state), { mode: 0o600 });
  const child = start([process.execPath, inRepository("src/agent/router/main.ts"), stateFile], {
    core: proxyCore,
  });
  return await proxyOf("tidelock", port, child);
}

/** As near to what our router does as HAProxy's configuration comes. */
async function startHaproxy(directory: string, backend: number): Promise<Proxy | null> {
  const program = findProgram("haproxy");
  if (!program) {
    console.log("haproxy is not installed (apt-get install haproxy): nothing to compare with");
    return null;
  }
  const port = await freePort();
  const file = join(directory, "haproxy.cfg");
  const configuration = [
    "global",
    "  nbthread 1",
    "  maxconn 4000",
    "  log stdout format raw local0",
    "defaults",
    "  mode http",
    "  log global",
    "  option httplog",
    "  option forwardfor",
    "  http-reuse safe",
    "  timeout connect 3s",
    "  timeout client 60s",
    "  timeout server 300s",
    "  timeout http-request 15s",
    "frontend shop",
    `  bind 127.0.0.1:${port}`,
    "  unique-id-format %[uuid()]",
    "  unique-id-header X-Request-ID",
    "  http-request del-header X-Forwarded-For",
    "  http-request set-header X-Forwarded-Proto http",
    "  http-request set-header X-Forwarded-Host %[req.hdr(Host)]",
    "  default_backend blue",
    "backend blue",
    "  balance leastconn",
    `  server one 127.0.0.1:${backend}`,
    "",
  ];
  writeFileSync(file, configuration.join("\n"));
  const log = openSync(join(directory, "haproxy.log"), "a");
  const child = start([program, "-f", file, "-db", "-q"], { core: proxyCore, stdout: log });
  return await proxyOf("haproxy", port, child);
}

async function proxyOf(name: Proxy["name"], port: number, child: ChildProcess): Promise<Proxy> {
  await untilListening(port);
  return { name, port, pid: child.pid ?? 0, throughput: [], cpu: [] };
}

async function load(port: number, milliseconds: number, rate: number): Promise<LoadResult> {
  const argv = [port, connections, milliseconds, rate].map(String);
  const child = start([process.execPath, inRepository("bench/lib/load.ts"), ...argv], {
    core: loadCore,
    stdout: "pipe",
  });
  if (!child.stdout) throw new Error("the load generator has no output");
  const result = JSON.parse(await text(child.stdout)) as LoadResult;
  if (result.failed > 0) throw new Error(`${result.failed} requests failed on port ${port}`);
  return result;
}

async function measureThroughput(proxy: Proxy, milliseconds: number): Promise<void> {
  const before = cpuMicroseconds(proxy.pid);
  const { requests, seconds } = await load(proxy.port, milliseconds, 0);
  proxy.throughput.push(requests / seconds);
  proxy.cpu.push((cpuMicroseconds(proxy.pid) - before) / requests);
}

interface Latency {
  readonly rate: number;
  readonly addedP50: number[];
  readonly addedP99: number[];
}

/** What the router adds to the backend's own latency, at a rate that leaves room on both cores. */
async function measureLatency(backend: number, router: number, rounds: number): Promise<Latency> {
  const rate = 2_000;
  const addedP50: number[] = [];
  const addedP99: number[] = [];
  for (let i = 0; i < rounds; i++) {
    const direct = (await load(backend, 3_000, rate)).latencies;
    const through = (await load(router, 3_000, rate)).latencies;
    addedP50.push(quantile(through, 0.5) - quantile(direct, 0.5));
    addedP99.push(quantile(through, 0.99) - quantile(direct, 0.99));
  }
  return { rate, addedP50, addedP99 };
}

function summarise(tidelock: Proxy, haproxy: Proxy | null, latency: Latency): BenchResult {
  const byWall = haproxy && median(tidelock.throughput) / median(haproxy.throughput);
  const byCpu = haproxy && median(haproxy.cpu) / median(tidelock.cpu);
  // HAProxy can outrun client and backend on their core: its time per request then says more than its rate.
  const ratio = byWall && byCpu ? Math.min(byWall, byCpu) : byWall;
  const row = (proxy: Proxy): string[] => [
    proxy.name,
    median(proxy.throughput).toFixed(0),
    spread(proxy.throughput, 0),
    median(proxy.cpu).toFixed(1),
    spread(proxy.cpu, 1),
  ];
  return {
    figures: {
      requestsPerSecond: Math.round(median(tidelock.throughput)),
      haproxyRequestsPerSecond: haproxy && Math.round(median(haproxy.throughput)),
      ratioToHaproxy: ratio && round(ratio),
      addedP50Ms: round(median(latency.addedP50), 3),
      addedP99Ms: round(median(latency.addedP99), 3),
      ratioByThroughput: byWall && round(byWall),
      ratioByCpuPerRequest: byCpu && round(byCpu),
      cpuMicrosecondsPerRequest: round(median(tidelock.cpu), 1),
      haproxyCpuMicrosecondsPerRequest: haproxy && round(median(haproxy.cpu), 1),
      rounds: tidelock.throughput.length,
    },
    table: [
      ["proxy", "requests/s", "(min–max)", "CPU µs/request", "(min–max)"],
      row(tidelock),
      ...(haproxy ? [row(haproxy)] : []),
      [],
      [`added at ${latency.rate}/s`, "p50 ms", "p99 ms", "", ""],
      [
        "tidelock",
        median(latency.addedP50).toFixed(3),
        median(latency.addedP99).toFixed(3),
        "",
        "",
      ],
      ["(min–max)", spread(latency.addedP50, 3), spread(latency.addedP99, 3), "", ""],
    ],
    notes: [
      `${connections} keep-alive connections, ${bodyBytes} byte bodies, medians of ${tidelock.throughput.length} alternating rounds.`,
      canPin()
        ? `The proxy is pinned to core ${proxyCore}, client and backend share core ${loadCore}.`
        : "taskset is missing: nothing is pinned, the figures mean less.",
      "Both write an access log, set X-Forwarded-* and a request id, limit headers and reuse backend connections.",
      "The ratio is the lower of the one by requests/s and the one by CPU time a request.",
    ],
    ok: true,
  };
}

function spread(values: readonly number[], digits: number): string {
  return `${Math.min(...values).toFixed(digits)}–${Math.max(...values).toFixed(digits)}`;
}
