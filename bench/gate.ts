import { decide } from "../src/policy/decide.ts";
import { decideGate, gateGrounds } from "../src/policy/gate.ts";
import { canonicalJson, digestOf } from "../src/model/canonical.ts";
import { peerRules } from "./lib/gate/bufbuild-cel.ts";
import { findings, gateInput, rules } from "./lib/gate/decisions.ts";
import { afterAdvisory } from "./lib/gate/after-advisory.ts";
import { reevaluate } from "./lib/gate/reevaluate.ts";
import { type BenchResult, median, quantile, round } from "./lib/report.ts";

/** Of each live release. */
const ofEach = { components: 60, findings: 20 };
const goals = { decisionMs: 5, reevaluateSeconds: 10 };

/**
 * One decision at a strict gate: 50 rules as people write them over 10,000 findings, ten of which look at each finding.
 * Keeping the inputs (their canonical form and its digest) is measured beside it: it is paid once a decision, by
 * whatever engine. In the same run: `JSON.parse` of the same inputs as a limit, and @bufbuild/cel as a peer.
 *
 * Then an advisory about 10,000 live releases: everything from its arrival to the last record, in a real database. In
 * memory alone beside it.
 *
 * Arguments: findings (default 10,000), rules (default 50), decisions (default 200), releases (default 10,000).
 */
export async function gateBench(argv: readonly string[]): Promise<BenchResult> {
  const [found = 10_000, planned = 50, runs = 200, releases = 10_000] = argv.map(Number);
  const input = gateInput(findings(found), rules(planned));
  const loops = gateInput(findings(found), rules(planned, "!findings.items.exists(f, f.severity == 'critical' && !f.waived)")); // prettier-ignore
  const { decision, inputs } = decideGate("strict", input);
  if (decision.outcome !== "allow") throw new Error(decision.reasons[0]?.message);
  const text = canonicalJson(inputs);
  const decided = timed(runs, () => decide(gateGrounds("strict", input), input.grades, {}));
  const looped = timed(runs, () => decide(gateGrounds("strict", loops), loops.grades, {}));
  const kept = timed(Math.min(runs, 50), () => digestOf(inputs));
  const parsed = timed(Math.min(runs, 50), () => JSON.parse(text));
  const peer = peerRules(input.rules ?? []);
  const { facts } = input;
  if (!facts || !peer(facts)) throw new Error("the peer does not say the same");
  const others = timed(Math.min(runs, 20), () => peer(facts));
  const inMemorySeconds = reevaluate(releases, 100);
  const { seconds, sequencedSeconds } = await afterAdvisory({ ...ofEach, releases });
  const figures = {
    decisionMs: spread(decided),
    everyRuleLoopsMs: spread(looped),
    keepingMs: spread(kept),
    jsonParseMs: spread(parsed),
    bufbuildCelMs: spread(others),
    inputBytes: text.length,
    reevaluateSeconds: round(seconds),
    reevaluateSequencedSeconds: round(sequencedSeconds),
    reevaluateInMemorySeconds: round(inMemorySeconds),
    findings: found,
    rules: planned,
    releases,
  };
  const row = (what: string, { median: half, p99 }: { median: number; p99: number }, goal = "") => [
    what,
    `${half} / ${p99} ms`,
    goal,
  ];
  return {
    figures,
    table: [
      ["gate", "median / p99", "goal"],
      row(`a decision: ${planned} rules, ${found} findings`, figures.decisionMs, `< ${goals.decisionMs} ms`), // prettier-ignore
      row("the same, each rule looks at every finding", figures.everyRuleLoopsMs),
      row("keeping its inputs: canonical form and digest", figures.keepingMs),
      row("limit: JSON.parse of the same inputs", figures.jsonParseMs),
      row("peer: @bufbuild/cel, the same rules, compiled", figures.bufbuildCelMs),
      [`${releases} live releases found, decided again and recorded after an advisory`, `${figures.reevaluateSeconds} s`, `< ${goals.reevaluateSeconds} s`], // prettier-ignore
      ["the same until every entry has its place in the log", `${figures.reevaluateSequencedSeconds} s`, ""], // prettier-ignore
      [`${releases} kept decisions of 100 findings made again, in memory alone`, `${figures.reevaluateInMemorySeconds} s`, ""], // prettier-ignore
    ],
    notes: [
      "a decision: every part of the strict gate and the rules, sorted into a decision; without the digest of its inputs, which stands beside it",
      `its inputs are ${round(text.length / 1e6)} MB; they are kept once a decision`,
      `live releases: each with ${ofEach.components} components and ${ofEach.findings} findings in its kept inputs, every one denied, signed, recorded and announced`,
      "in memory alone: read, checked, decided and hashed, one processor; finding the releases and writing it down is not in it",
    ],
    // A slow machine is no failure: the figures say it.
    ok: true,
  };
}

function timed(runs: number, run: () => unknown): readonly number[] {
  for (let warm = 0; warm < Math.min(runs, 20); warm += 1) run();
  return Array.from({ length: runs }, () => {
    const start = performance.now();
    run();
    return performance.now() - start;
  });
}

function spread(times: readonly number[]): { median: number; p99: number } {
  return { median: round(median(times)), p99: round(quantile(times, 0.99)) };
}
