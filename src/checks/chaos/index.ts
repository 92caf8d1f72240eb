import { createHash, randomBytes } from "node:crypto";
import { TidelockError } from "../../model/errors.ts";
import type { Slot } from "../../model/primitives.ts";
import type { CheckReport } from "../../model/verdict.ts";
import type { Check, CheckContext } from "../../ports/check.ts";
import { targetsOf } from "../targets.ts";
import { type Bench, carryOut, holds, measure, type Outcome } from "./carry-out.ts";
import { type Designed, design, type Impossible } from "./design.ts";
import { Prober, shareText } from "./prober.ts";
import { reportOf } from "./report.ts";
import { ChaosConfiguration } from "./schema.ts";

/**
 * Injures the tested colour on purpose and watches whether users would notice: a steady state that held
 * before has to hold, or to be broken no more than allowed, while each fault stands, and to hold again soon
 * after it. The host agent injures, proves that it did, and undoes it whoever dies meanwhile.
 */
export const chaos: Check<typeof ChaosConfiguration> = {
  id: "chaos",
  schema: ChaosConfiguration,
  touch: "intrusive",
  cost: "expensive",
  disturbs: ["availability", "load", "data"],
  sensitiveTo: ["availability", "load", "data"],
  purpose: "told",
  judgedBy: "itself",
  run: runChaos,
};

async function runChaos(
  context: CheckContext,
  configuration: ChaosConfiguration,
): Promise<CheckReport> {
  const { slot, agent } = context;
  if (slot === null) {
    throw new TidelockError("unsupported", "nothing is deployed that could be injured", {
      fault: "operator",
      where: "phase",
      hint: "use `phase: deployed`",
    });
  }
  const resumed = await endLeftovers(context, slot);
  const offers = await agent.call("fault.offers", { slot });
  const { refused, generation } = offers;
  if (refused !== null || generation === null) {
    throw new TidelockError("forbidden", `it may not be injured: ${refused ?? "it is empty"}`);
  }
  const { designed, impossible } = design(
    configuration,
    offers,
    await routedProcess(context, slot),
  );
  requireTime(context, configuration);
  if (impossible.length > 0) return notHere(configuration, designed, impossible);
  const through = configuration.through ?? (context.tester === null ? "instances" : "route");
  const targets = targetsOf(context, through);
  if (targets.length === 0) throw new TidelockError("not-found", "there is no instance to ask");
  const prober = new Prober(configuration.hypothesis, targets, context.signal);
  const { perSecond, measureMs, requests } = configuration.hypothesis;
  const everyOne = Math.ceil((requests.length * targets.length * 1_000) / perSecond) + 100;
  const bench: Bench = {
    context,
    slot,
    generation,
    configuration,
    prober,
    measureMs: Math.max(measureMs, everyOne),
  };
  prober.start();
  try {
    if (resumed) await comeBack(bench);
    const outcomes = await carryOutAll(bench, designed);
    return reportOf({ configuration, through, offers, outcomes, prober });
  } finally {
    prober.stop();
  }
}

/** One after the other, up to the first that does not pass: what comes after a broken state shows nothing. */
async function carryOutAll(bench: Bench, designed: readonly Designed[]): Promise<Outcome[]> {
  const { context } = bench;
  const outcomes: Outcome[] = [];
  // A run that is taken up again after a crash must not be answered with what it did before.
  const stem = `chaos/${createHash("sha256").update(context.run).digest("hex").slice(0, 24)}/${randomBytes(6).toString("hex")}`;
  for (const [index, one] of designed.entries()) {
    const ended = outcomes.find(({ verdict }) => verdict !== "pass");
    if (ended !== undefined) {
      outcomes.push(untried(one, "missing", `not begun, because "${ended.name}" did not pass`));
      continue;
    }
    const before = await measure(bench);
    if (holds(bench, before)) {
      outcomes.push(await carryOut(bench, one, `${stem}/${index}`, before));
      continue;
    }
    const first = index === 0;
    const what = `${shareText(before)} were not as the hypothesis says, first: ${before.firstProblem || "nothing was asked"}`;
    const message = first
      ? `the steady state did not hold before anything was injected: ${what}`
      : `the steady state had come back after "${designed[index - 1]?.name}", and is gone again: ${what}`;
    outcomes.push({ ...untried(one, first ? "inconclusive" : "fail", message), before });
  }
  return outcomes;
}

function untried({ name, fault }: Designed, verdict: Outcome["verdict"], message: string): Outcome {
  return {
    name,
    fault,
    verdict,
    message,
    before: null,
    during: null,
    after: null,
    injectedAt: null,
    undoneAt: null,
    recoveredAfterMs: null,
    evidence: [],
  };
}

/** Of a run whose server died: a fault of it may still stand. Answers whether this colour had any. */
async function endLeftovers({ agent }: CheckContext, slot: Slot): Promise<boolean> {
  const { fault } = await agent.call("fault.read", { slot });
  if (fault?.active) await agent.call("fault.end", { slot, operation: fault.operation });
  return fault !== null;
}

/** What an earlier run has hurt gets its time to recover; whether it did is measured anew. */
async function comeBack(bench: Bench): Promise<void> {
  const longest = Math.max(...bench.configuration.experiments.map(({ recoverMs }) => recoverMs));
  const until = bench.prober.now + longest;
  while (!holds(bench, await measure(bench)) && bench.prober.now < until);
}

/** The process whose instances the tested addresses are of. */
async function routedProcess(
  { agent, instances }: CheckContext,
  slot: Slot,
): Promise<string | null> {
  const seen = await agent.call("slot.observe", { slot });
  const ports = new Set(instances.map((origin) => Number(new URL(origin).port)));
  return seen.instances.find(({ port }) => port !== null && ports.has(port))?.process ?? null;
}

/** @throws TidelockError `invalid-input` where even the best run would be cut off by its time limit */
function requireTime({ timeoutMs }: CheckContext, configuration: ChaosConfiguration): void {
  const { hypothesis, experiments } = configuration;
  const least = experiments.reduce(
    (sum, { durationMs }) => sum + durationMs + 2 * hypothesis.measureMs,
    0,
  );
  if (least < timeoutMs) return;
  throw new TidelockError(
    "invalid-input",
    `its experiments take at least ${Math.ceil(least / 1_000)} s, and its time limit is ${timeoutMs / 1_000} s`,
    { fault: "operator", where: "timeout", hint: "set a longer `timeout`, or shorter experiments" },
  );
}

/** Nothing is begun: a run that leaves an experiment out would pass for something that it did not do. */
function notHere(
  configuration: ChaosConfiguration,
  designed: readonly Designed[],
  impossible: readonly Impossible[],
): CheckReport {
  const [first] = impossible;
  const lacking = impossible.every((one) => one.lacking);
  const verdict = lacking ? "missing" : "error";
  return {
    verdict,
    summary: `nothing was injected: ${first?.name}: ${first?.why}`,
    exercised: { requests: 0, assertions: 0, files: 0, experiments: 0 },
    tools: { node: process.version },
    data: { seed: String(configuration.seed) },
    results: [
      ...impossible.map(({ name, why }) => ({ name, verdict, message: why }) as const),
      ...designed.map(({ name }) => ({ name, verdict: "missing", message: "not begun" }) as const),
    ],
  };
}
