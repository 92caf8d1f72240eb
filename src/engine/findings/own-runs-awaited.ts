import { setTimeout as sleep } from "node:timers/promises";
import { type AwaitedRun, awaitedRuns } from "../../store/queries/findings-runs.ts";
import type { Engine } from "../engine.ts";
import { scannersOf, takeInOwnRuns } from "./own-runs.ts";

const lookMs = 250;

/**
 * Waits until the reports of a promotion's own scans are among the findings, so that nobody judges what is open before the
 * scans that were made for it count. Takes them in itself: the server that sweeps may be another one, and busy.
 *
 * @returns why one of them is not there, in a sentence; null when all are
 */
export async function ownRunsAwaited(
  engine: Engine,
  {
    promotion,
    patienceMs,
    signal,
  }: {
    readonly promotion: string | null;
    readonly patienceMs: number;
    readonly signal: AbortSignal;
  },
): Promise<string | null> {
  const scanners = scannersOf(engine);
  if (promotion === null || scanners.length === 0) return null;
  const end = performance.now() + patienceMs;
  for (;;) {
    const waiting = await awaitedRuns(engine.db, scanners, promotion);
    const [lost] = waiting.filter((run) => run.given_up);
    if (lost) return `${naming(lost)} could not be taken in: ${lost.why}`;
    const [first] = waiting;
    if (first === undefined) return null;
    if (performance.now() >= end || signal.aborted) {
      const why = first.why === null ? "" : `: ${first.why}`;
      return `${naming(first)} was not taken in within ${Math.round(patienceMs / 1_000)} s${why}`;
    }
    await takeInOwnRuns(engine, promotion);
    if ((await awaitedRuns(engine.db, scanners, promotion)).length > 0) {
      await sleep(lookMs, undefined, { signal }).catch(() => undefined);
    }
  }
}

function naming({ id, name }: AwaitedRun): string {
  return `the report of check ${name} (${id})`;
}
