import { TidelockError } from "../../model/errors.ts";
import type { CheckReport } from "../../model/verdict.ts";
import type { Check, CheckContext } from "../../ports/check.ts";
import { targetsOf } from "../targets.ts";
import { judge, type Judged } from "./judge.ts";
import { limitsOf, orderOf } from "./order.ts";
import { lookFirst } from "./look-first.ts";
import { type Measured, reportOf, unmeasured } from "./report.ts";
import { runGenerator } from "./run-generator.ts";
import { defaultRate, LoadConfiguration } from "./schema.ts";
import { kneeOf, levelsOf } from "./stress.ts";

/**
 * Puts the tested colour's instances under load and holds what comes back against a budget. Never through the router,
 * so no user's request waits for it; it is intrusive all the same, because it may break what it meets.
 */
export const load: Check<typeof LoadConfiguration> = {
  id: "load",
  schema: LoadConfiguration,
  touch: "intrusive",
  cost: "expensive",
  disturbs: ["load", "availability", "data"],
  sensitiveTo: ["load", "availability"],
  purpose: "told",
  judgedBy: "itself",
  run: runLoad,
};

async function runLoad(
  context: CheckContext,
  configuration: LoadConfiguration,
): Promise<CheckReport> {
  refuseTooLong(context.timeoutMs, configuration);
  const targets = targetsOf(context, "instances");
  if (targets.length === 0) return unmeasured("inconclusive", "there is no instance to ask");
  const doubt = await lookFirst(context, configuration, targets);
  if (doubt !== null) return unmeasured(doubt.verdict, doubt.summary);

  const { stress } = configuration;
  const rates: readonly (number | null)[] = stress
    ? levelsOf(stress)
    : [configuration.rate === "max" ? null : (configuration.rate ?? defaultRate)];
  const limits = limitsOf(configuration);
  const measured: Measured[] = [];
  for (const rate of rates) {
    context.signal.throwIfAborted();
    const order = await orderOf(configuration, targets, rate);
    const end = await runGenerator(order, context.signal);
    if (end.kind === "failed") {
      return reportOf(configuration, measured, { verdict: "error", summary: end.why });
    }
    const judged = judge(end.reply, limits);
    measured.push({ rate, reply: end.reply, judged });
    if (judged.verdict !== "pass") break;
  }
  return reportOf(configuration, measured, decide(configuration, measured));
}

function decide(
  { stress }: LoadConfiguration,
  measured: readonly Measured[],
): { verdict: Judged["verdict"]; summary: string } {
  const last = measured.at(-1);
  if (last === undefined) return { verdict: "inconclusive", summary: "nothing was measured" };
  const [first] = last.judged.results;
  const why = first === undefined ? "" : `${first.name}: ${first.message}`;
  if (stress === undefined) return { verdict: last.judged.verdict, summary: why };
  const levels = measured.map(({ rate, judged }) => ({ rate: rate ?? 0, verdict: judged.verdict }));
  const { verdict, knee, stopped } = kneeOf(levels, stress.minimum);
  const held = knee === 0 ? "no level held" : `${knee} requests a second held`;
  const ended =
    stopped === null
      ? "the highest level that was tried; the knee is not below it"
      : `${stopped.rate} did not (${stopped.verdict}): ${why}`;
  return { verdict, summary: `${held}, at least ${stress.minimum} is demanded; ${ended}` };
}

/** Said before the load, and not by running out of time in the middle of it. */
function refuseTooLong(limitMs: number, configuration: LoadConfiguration): void {
  const { duration, warmUp, timeoutMs, stress } = configuration;
  const levels = stress === undefined ? 1 : levelsOf(stress).length;
  const needed = levels * (duration + warmUp + timeoutMs + 1_000);
  if (needed <= limitMs) return;
  throw new TidelockError(
    "invalid-input",
    `it may need ${Math.ceil(needed / 1_000)} s and has ${limitMs / 1_000} s`,
    {
      fault: "operator",
      where: "timeout",
      hint: "raise the check's `timeout`, or make `duration`, `warmUp` or the levels fewer",
    },
  );
}
