import { expect, test } from "vitest";
import { directDriver } from "../../bench/lib/switch/direct-driver.ts";
import { runSwitches } from "../../bench/lib/switch/run.ts";

/** The switch bench in short: the same client, checks and services, at a rate that a busy machine bears. */
test("switches back and forth under mixed load lose nothing and execute every order exactly once", async () => {
  const driver = await directDriver(4_000);
  try {
    const { tally } = await runSwitches(driver, {
      switches: 6,
      pauseMs: 400,
      longPauseMs: 4_500,
      renewEvery: 5,
      longMs: 800,
      mix: {
        reads: 120,
        newConnections: 20,
        orders: 30,
        longResponses: 4,
        uploads: 2,
        websockets: 4,
      },
    });
    expect(tally.examples).toEqual([]);
    expect(tally.failed).toBe(0);
    expect(tally.requests).toBeGreaterThan(500);
    expect([...tally.byKind.keys()].sort()).toEqual([
      "long response",
      "new connection",
      "order",
      "read",
      "upload",
      "websocket",
    ]);
    // The sessions that stay were told to go at the one ceiling that came.
    expect(tally.websocketsEnded1001).toBeGreaterThan(0);
  } finally {
    await driver.end();
  }
}, 60_000);
