import type { Judged } from "./judge.ts";

export interface Level {
  /** Requests a second. */
  readonly rate: number;
  readonly verdict: Judged["verdict"];
}

export interface Knee {
  readonly verdict: Judged["verdict"];
  /** The last level that held with all below it; 0 when none did. */
  readonly knee: number;
  /** The level at which it ended, and how; null when every level held. */
  readonly stopped: Level | null;
}

/** The rates that stress tries, lowest first. `minimum` is always one of them, and `to` the last. */
export function levelsOf(stress: {
  from: number;
  step: number;
  to: number;
  minimum: number;
}): readonly number[] {
  const rates = new Set([stress.minimum, stress.to]);
  for (let rate = stress.from; rate <= stress.to; rate += stress.step) rates.add(rate);
  return [...rates].sort((a, b) => a - b);
}

/**
 * Where the service bends, out of the levels in the order in which they were tried. A level counts when it and all
 * before it held. Below the minimum, a broken level fails, and one about which nothing is known is inconclusive.
 */
export function kneeOf(levels: readonly Level[], minimum: number): Knee {
  const stopped = levels.find(({ verdict }) => verdict !== "pass") ?? null;
  const held = stopped === null ? levels : levels.slice(0, levels.indexOf(stopped));
  const knee = held.at(-1)?.rate ?? 0;
  if (knee >= minimum) return { verdict: "pass", knee, stopped };
  return { verdict: stopped?.verdict === "fail" ? "fail" : "inconclusive", knee, stopped };
}
