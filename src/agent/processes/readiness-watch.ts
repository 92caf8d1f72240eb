import { setTimeout as sleep } from "node:timers/promises";
import { ownerInFamily } from "../os/sockets.ts";
import type { ParsedProcess } from "../slots/spec.ts";
import { type ProbeResult, probe } from "./readiness.ts";

/** While it starts, a probe comes sooner than the declared interval. Milliseconds. */
const startingPollMs = 50;
const failingPollMs = 100;
const leastPollMs = 20;
/** After this many probes in a row without the declared answer, a ready instance is ready no more. */
const failuresToUnready = 2;
/** For a process that declares a probe but has no port to probe. Milliseconds. */
const aliveForMs = 2_000;

/** One run of an instance as the watch sees it, and what it tells. */
export interface WatchedRun {
  readonly ready: ParsedProcess["ready"];
  host(): string;
  /** Whether it is to listen at all. */
  readonly listens: boolean;
  /** Null as long as it is not known: a program in a network of its own chooses for itself. */
  port(): number | null;
  readonly pid: number;
  /** By `performance.now()`. */
  readonly startedMono: number;
  /** Whether an earlier agent saw it ready: it is then taken to be, until probes say otherwise. */
  readonly wasReady: boolean;
  /** False once it ended, was replaced or is being stopped: the watch then ends. */
  isCurrent(): boolean;
  probed(result: ProbeResult): void;
  becameReady(): void;
  becameUnready(): void;
  /** It was not ready in its declared time; the watch ends with this. */
  tooSlow(why: string): void;
}

/** Probes a run until it ends, sooner while it starts or fails, at its declared interval while all is well. */
export async function watchReadiness(run: WatchedRun): Promise<void> {
  let isReady = run.wasReady;
  let wasReady = run.wasReady;
  let failures = 0;
  while (run.isCurrent()) {
    const result = await probeOnce(run, isReady);
    if (!run.isCurrent()) return;
    run.probed(result);
    failures = result === null ? 0 : failures + 1;
    if (result === null && !isReady) {
      isReady = wasReady = true;
      run.becameReady();
    } else if (isReady && failures >= failuresToUnready) {
      isReady = false;
      run.becameUnready();
    }
    const limit = run.ready.kind === "alive" ? Number.POSITIVE_INFINITY : run.ready.timeout;
    if (!wasReady && performance.now() - run.startedMono > limit) {
      run.tooSlow(`not ready in ${limit} ms: ${result ?? "no answer"}`);
      return;
    }
    await sleep(nextProbeMs(run, failures > 0 || !isReady, wasReady), undefined, { ref: false });
  }
}

async function probeOnce(run: WatchedRun, isReady: boolean): Promise<ProbeResult> {
  const { ready } = run;
  if (ready.kind === "alive" || !run.listens) {
    const wanted = ready.kind === "alive" ? ready.for : aliveForMs;
    const age = performance.now() - run.startedMono;
    return isReady || age >= wanted ? null : `alive for ${Math.round(age)} of ${wanted} ms`;
  }
  const port = run.port();
  if (port === null) return "it does not listen yet";
  const answer = await probe(ready, run.host(), port);
  if (answer !== null || isReady || process.platform !== "linux") return answer;
  // Somebody else may have taken the port first: only an answer of our own process counts.
  return ownerInFamily(run.pid, port) === null
    ? `port ${port} answers, but not from this process`
    : null;
}

function nextProbeMs({ ready }: WatchedRun, failing: boolean, wasReady: boolean): number {
  const interval = Math.max(ready.kind === "alive" ? 500 : ready.interval, leastPollMs);
  if (!failing) return interval;
  return Math.min(interval, wasReady ? failingPollMs : startingPollMs);
}
