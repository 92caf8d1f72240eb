import { stopAll } from "./lib/processes.ts";
import { type BenchResult, quantile, round } from "./lib/report.ts";
import { agentDriver } from "./lib/switch/agent-driver.ts";
import { directDriver } from "./lib/switch/direct-driver.ts";
import { runSwitches } from "./lib/switch/run.ts";
import { fullMix } from "./lib/switch/traffic.ts";

/** The drain's ceiling, and what has to end below it. */
const drainMs = 4_000;
const longMs = 1_200;

/**
 * Blue/green switches under load. Arguments: number of switches (default 100); `--direct` drives the router process
 * without an agent; `--router embedded` is the only router there is so far.
 */
export async function switchBench(argv: readonly string[]): Promise<BenchResult> {
  const at = argv.indexOf("--router");
  const router = at === -1 ? "embedded" : (argv[at + 1] ?? "");
  if (router !== "embedded") throw new Error(`there is no switch bench for the router "${router}"`);
  const switches = Number(argv.find((word) => /^\d+$/.test(word)) ?? 100);
  const direct = argv.includes("--direct");
  const driver = await (direct ? directDriver(drainMs) : agentDriver(drainMs));
  try {
    const { tally, seconds, switchMs, clientStallMs } = await runSwitches(driver, {
      switches,
      pauseMs: 700,
      longPauseMs: drainMs + 500,
      renewEvery: 10,
      longMs,
      mix: fullMix,
      onSwitch: (count, { requests, failed }) => {
        if (count % 10 === 0)
          console.log(`${count} switches, ${requests} requests, ${failed} failed`);
      },
    });
    return {
      figures: {
        switches,
        requestsPerSecond: Math.round(tally.requests / seconds),
        requests: tally.requests,
        failed: tally.failed,
        websocketsEnded1001: tally.websocketsEnded1001,
        orders: tally.orders.size,
        byKind: Object.fromEntries(tally.byKind),
        failures: Object.fromEntries(tally.failures),
        switchMs: {
          median: round(quantile(switchMs, 0.5)),
          p99: round(quantile(switchMs, 0.99)),
        },
        notSent: tally.notSent,
        clientStallMs: round(clientStallMs, 0),
        drivenBy: direct ? "state file and control socket" : "host agent",
      },
      table: [
        ["kind", "requests"],
        ...[...tally.byKind].map(([kind, count]) => [kind, String(count)]),
        ["failed", String(tally.failed)],
        ["WebSockets ended with 1001", String(tally.websocketsEnded1001)],
      ],
      notes: [
        ...tally.examples.map((example) => `failed: ${example}`),
        `${switches} switches in ${seconds.toFixed(0)} s; drain ceiling ${drainMs} ms; every tenth time the idle colour got a new release first.`,
        "An open-loop client without retries; resets, cut bodies, answers of a release that could not be live and orders not executed exactly once count as failed.",
      ],
      ok: tally.failed === 0,
    };
  } finally {
    await driver.end();
    await stopAll();
  }
}
