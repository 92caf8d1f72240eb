import type { CheckReport, Verdict } from "../../model/verdict.ts";
import type { Result } from "../../ports/host-agent.ts";
import type { Outcome } from "./carry-out.ts";
import type { Prober, Sample } from "./prober.ts";
import type { ChaosConfiguration } from "./schema.ts";

/** Single bad answers that are kept word for word; the time line counts all of them. */
const keptProblems = 200;
const worstFirst: readonly Verdict[] = ["fail", "error", "inconclusive", "missing", "pass"];

interface Finished {
  readonly configuration: ChaosConfiguration;
  readonly through: string;
  readonly offers: Result<"fault.offers">;
  readonly outcomes: readonly Outcome[];
  readonly prober: Prober;
}

export function reportOf(finished: Finished): CheckReport {
  const { configuration, outcomes, prober, through } = finished;
  const verdict =
    worstFirst.find((one) => outcomes.some((outcome) => outcome.verdict === one)) ?? "inconclusive";
  const first = outcomes.find((outcome) => outcome.verdict === verdict);
  const injected = outcomes.filter(({ verdict: one }) => one === "pass" || one === "fail");
  const tried = injected.filter(({ injectedAt }) => injectedAt !== null).length;
  const slowest = Math.max(0, ...outcomes.map(({ recoveredAfterMs }) => recoveredAfterMs ?? 0));
  return {
    verdict,
    summary:
      verdict === "pass"
        ? `the steady state outlived ${tried} experiments; the slowest recovery took ${slowest} ms`
        : `${first?.name}: ${first?.message}`,
    exercised: { ...prober.counts, files: 0, experiments: tried },
    tools: { node: process.version },
    data: {
      seed: String(configuration.seed),
      through,
      rate: `${configuration.hypothesis.perSecond} requests/s`,
    },
    results: outcomes.map(({ name, verdict: one, message }) => ({ name, verdict: one, message })),
    raw: {
      format: "tidelock-chaos",
      text: JSON.stringify(rawOf(finished), null, 1),
      truncated: false,
    },
  };
}

function rawOf({ configuration, through, offers, outcomes, prober }: Finished): object {
  const { hypothesis, seed, order } = configuration;
  return {
    format: "tidelock-chaos/1",
    seed,
    order,
    through,
    hypothesis: { tolerance: hypothesis.tolerance, perSecond: hypothesis.perSecond },
    dependencies: offers.dependencies.map(({ name }) => name),
    experiments: outcomes.map((outcome) => ({
      ...outcome,
      injectedAt: rounded(outcome.injectedAt),
      undoneAt: rounded(outcome.undoneAt),
    })),
    timeLine: timeLine(prober.samples),
    problems: prober.samples
      .filter(({ outcome }) => outcome === "wrong" || outcome === "silent")
      .slice(0, keptProblems)
      .map(({ at, outcome, message }) => ({ at: Math.round(at), outcome, message })),
  };
}

/** What became of the requests of each second, and the slowest of them. */
function timeLine(samples: readonly Sample[]): readonly object[] {
  const seconds = new Map<number, Sample[]>();
  for (const sample of samples) {
    const second = Math.floor(sample.at / 1_000);
    const list = seconds.get(second);
    if (list === undefined) seconds.set(second, [sample]);
    else list.push(sample);
  }
  return [...seconds]
    .sort(([a], [b]) => a - b)
    .map(([second, list]) => {
      const count = (outcome: Sample["outcome"]): number =>
        list.filter((one) => one.outcome === outcome).length;
      return {
        second,
        good: count("good"),
        degraded: count("degraded"),
        wrong: count("wrong"),
        silent: count("silent"),
        slowestMs: Math.round(Math.max(...list.map(({ tookMs }) => tookMs))),
      };
    });
}

function rounded(ms: number | null): number | null {
  return ms === null ? null : Math.round(ms);
}
