import { setTimeout as sleep } from "node:timers/promises";
import { asTidelockError } from "../../model/errors.ts";
import type { Slot } from "../../model/primitives.ts";
import type { Verdict } from "../../model/verdict.ts";
import type { CheckContext } from "../../ports/check.ts";
import { type FaultObservation, longestFaultMs } from "../../ports/host-agent-faults.ts";
import type { Designed } from "./design.ts";
import { whyNotInjected } from "./injected.ts";
import { type Figures, figuresOf, type Prober, shareText } from "./prober.ts";
import type { ChaosConfiguration } from "./schema.ts";

const lookMs = 100;
/** The agent's own deadline comes this much after the moment at which we undo it. Milliseconds. */
const deadlineMs = 10_000;

/** What one experiment came to, for the report; times in milliseconds since the probing began. */
export interface Outcome {
  readonly name: string;
  readonly fault: Designed["fault"];
  readonly verdict: Verdict;
  readonly message: string;
  readonly before: Figures | null;
  readonly during: Figures | null;
  readonly after: Figures | null;
  readonly injectedAt: number | null;
  readonly undoneAt: number | null;
  /** From the fault's end until what held before held again. */
  readonly recoveredAfterMs: number | null;
  readonly evidence: readonly string[];
}

export interface Bench {
  readonly context: CheckContext;
  readonly slot: Slot;
  readonly generation: string;
  readonly configuration: ChaosConfiguration;
  readonly prober: Prober;
  /** How long the hypothesis has to hold so that each request was sent to each address. */
  readonly measureMs: number;
}

/** Measures whether the hypothesis holds, now. */
export async function measure(bench: Bench): Promise<Figures> {
  const { prober, measureMs } = bench;
  const from = prober.now;
  await pause(bench, measureMs);
  const to = prober.now;
  await settle(bench, to);
  return figuresOf(prober.between(from, to));
}

export function holds(bench: Bench, figures: Figures): boolean {
  return figures.requests > 0 && figures.errorShare <= bench.configuration.hypothesis.tolerance;
}

/** Injects one fault, watches, undoes it, and waits for things to be as before. Always undoes it. */
export async function carryOut(
  bench: Bench,
  designed: Designed,
  operation: string,
  before: Figures,
): Promise<Outcome> {
  const { context, slot, prober } = bench;
  const { name, experiment, fault } = designed;
  const notes: string[] = [];
  const base = {
    name,
    fault,
    before,
    during: null,
    after: null,
    undoneAt: null,
    recoveredAfterMs: null,
    evidence: notes,
  };
  prober.accept(experiment.during.degraded ?? null);
  const injectedAt = prober.now;
  let first: FaultObservation;
  let last: FaultObservation;
  try {
    first = await begin(bench, designed, operation);
    notes.push(first.evidence);
    await pause(bench, experiment.durationMs);
    const seen = await context.agent.call("fault.read", { slot });
    last = seen.fault ?? first;
    if (last.evidence !== first.evidence) notes.push(last.evidence);
  } catch (error) {
    if (context.signal.aborted) throw error;
    const message = `the fault could not be injected: ${asTidelockError(error).message}`;
    return { ...base, injectedAt: null, verdict: "error", message };
  } finally {
    // Not by our signal: what was injured is healed although nobody waits for the check any more.
    await context.agent.call("fault.end", { slot, operation }).catch(() => undefined);
    prober.accept(null);
  }
  const undoneAt = prober.now;
  await settle(bench, undoneAt);
  const during = figuresOf(prober.between(injectedAt, undoneAt));
  const over = (await context.agent.call("fault.read", { slot })).fault;
  const so = { ...base, during, injectedAt, undoneAt };
  const not = whyNotInjected(operation, first, last, over);
  if (not !== null) return { ...so, verdict: "error", message: not };
  const { errorShare } = experiment.during;
  if (during.requests === 0) {
    return { ...so, verdict: "error", message: "nothing was asked while it stood" };
  }
  const broken =
    during.errorShare > errorShare
      ? `while it stood, ${shareText(during)} were worse than they may be, and ${errorShare * 100} % may; first: ${during.firstProblem}`
      : null;
  const { after, recoveredAfterMs, missing } = await recover(bench, undoneAt, experiment.recoverMs);
  const done = { ...so, after, recoveredAfterMs };
  const problems = [broken, missing].filter((problem) => problem !== null);
  if (problems.length > 0) return { ...done, verdict: "fail", message: problems.join("; ") };
  const met = during.degraded > 0 ? `, ${during.degraded} degraded as they may be` : "";
  return {
    ...done,
    verdict: "pass",
    message: `while it stood, ${shareText(during)} failed${met}; as before ${recoveredAfterMs} ms after it`,
  };
}

async function begin(
  { context, slot, generation }: Bench,
  { experiment, fault }: Designed,
  operation: string,
): Promise<FaultObservation> {
  const forMs = Math.min(experiment.durationMs + deadlineMs, longestFaultMs);
  const { fence } = context;
  return context.agent.call("fault.begin", { fence, operation, slot, generation, fault, forMs });
}

/** Waits until the hypothesis held for its time and every instance is ready, or says what is missing. */
async function recover(
  bench: Bench,
  undoneAt: number,
  limitMs: number,
): Promise<{
  readonly after: Figures;
  readonly recoveredAfterMs: number | null;
  readonly missing: string | null;
}> {
  const { prober, measureMs, context, slot } = bench;
  let unreadyAt = undoneAt;
  for (;;) {
    await pause(bench, lookMs);
    const to = prober.now;
    const from = to - measureMs;
    if (from < undoneAt) continue;
    await settle(bench, to);
    const after = figuresOf(prober.between(from, to));
    const { state, message } = await context.agent.call("slot.observe", { slot });
    if (state !== "ready") unreadyAt = to;
    // How long it was looked to be sure is not the service's time.
    const bad = Math.min(lastBadAfter(bench, undoneAt, to), from);
    const sinceMs = Math.round(Math.max(bad, unreadyAt) - undoneAt);
    if (holds(bench, after) && state === "ready") {
      if (sinceMs <= limitMs) return { after, recoveredAfterMs: sinceMs, missing: null };
      const missing = `it was as before only ${sinceMs} ms after it, and ${limitMs} ms are allowed`;
      return { after, recoveredAfterMs: sinceMs, missing };
    }
    if (from - undoneAt <= limitMs) continue;
    const why =
      state === "ready"
        ? `still ${shareText(after)} fail, first: ${after.firstProblem}`
        : `the instances are ${state}: ${message}`;
    const missing = `${limitMs} ms after it things were not as before: ${why}`;
    return { after, recoveredAfterMs: null, missing };
  }
}

/** When the last request was sent after the fault that was not answered as before: from then on all went well. */
function lastBadAfter({ prober }: Bench, undoneAt: number, to: number): number {
  const bad = prober.between(undoneAt, to).filter(({ outcome }) => outcome !== "good");
  return bad.at(-1)?.at ?? undoneAt;
}

async function pause({ context }: Bench, ms: number): Promise<void> {
  await sleep(ms, undefined, { signal: context.signal });
}

async function settle(bench: Bench, before: number): Promise<void> {
  while (!bench.prober.isSettled(before)) await pause(bench, 10);
}
