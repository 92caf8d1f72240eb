import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { type Colour, otherColour } from "../../../src/model/primitives.ts";
import type { SwitchDriver } from "./driver.ts";
import { Tally } from "./tally.ts";
import { Timeline } from "./timeline.ts";
import { Traffic, type Mix } from "./traffic.ts";

export interface SwitchRun {
  readonly tally: Tally;
  readonly seconds: number;
  /** Milliseconds from asking for a switch to its confirmation. */
  readonly switchMs: readonly number[];
  /** The longest time in which the client itself did not run: what a loaded machine adds to everything. */
  readonly clientStallMs: number;
}

export interface SwitchPlan {
  readonly switches: number;
  /** Between two switches: mostly short, so that a colour comes back while it still drains … */
  readonly pauseMs: number;
  /** … but every fifth time long enough for the drain's ceiling to come. */
  readonly longPauseMs: number;
  /** The idle colour gets a new release every so many switches; 0: never. */
  readonly renewEvery: number;
  /** How long long responses and uploads take; below the ceiling. */
  readonly longMs: number;
  readonly mix: Mix;
  readonly onSwitch?: (count: number, tally: Tally) => void;
}

/** Switches back and forth under load and counts what became of every request. */
export async function runSwitches(driver: SwitchDriver, plan: SwitchPlan): Promise<SwitchRun> {
  const tally = new Tally();
  const timeline = new Timeline(driver.releases.blue);
  const traffic = new Traffic(driver.port, tally, timeline, plan.longMs);
  const switchMs: number[] = [];
  const stalls = monitorEventLoopDelay({ resolution: 5 });
  stalls.enable();
  const start = performance.now();
  traffic.start(plan.mix);
  await sleep(plan.pauseMs);
  let live: Colour = "blue";
  for (let count = 1; count <= plan.switches; count++) {
    const next = otherColour(live);
    // Right after a long pause: nothing is left on the idle colour.
    if (plan.renewEvery > 0 && count > 1 && count % plan.renewEvery === 1) await driver.renew(next);
    timeline.begin(driver.releases[next]);
    const asked = performance.now();
    await driver.switchTo(next);
    switchMs.push(performance.now() - asked);
    timeline.confirm();
    live = next;
    plan.onSwitch?.(count, tally);
    await sleep(count % 5 === 0 ? plan.longPauseMs : plan.pauseMs);
  }
  const seconds = (performance.now() - start) / 1000;
  await traffic.stop();
  tally.checkOrders(driver.executed());
  return { tally, seconds, switchMs, clientStallMs: stalls.max / 1e6 };
}
