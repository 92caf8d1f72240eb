import type { Verdict } from "../../model/verdict.ts";
import type { LoadReply, RouteCounts } from "./protocol.ts";
import { type Budget, defaultBudget } from "./schema.ts";

/** What one measurement is held against. */
export interface Limits {
  readonly routes: readonly { readonly name: string; readonly budget: Budget }[];
  /** At least so many expected answers a second. */
  readonly perSecond: number | null;
}

export interface Judged {
  readonly verdict: "pass" | "fail" | "inconclusive";
  /** What decided, worst first; then what held. */
  readonly results: readonly {
    readonly name: string;
    readonly verdict: Verdict;
    readonly message: string;
  }[];
  /** Whether the load itself was not what was asked for. */
  readonly generator: string | null;
}

/** Fewer expected answers than this say nothing about a percentile. */
const fewest = 20;
const busy = 0.9;
/** Later than this, requests come in bunches and are not the rate that was asked for. */
const mostLateMs = 250;
/** Such a delay of its own explains no slow answer. */
const leastLateMs = 50;

/** The limits of one route: its own, else the common ones, else those that always hold. */
export function budgetOf(common: Budget, own: Budget): Budget {
  return { ...defaultBudget, ...common, ...own };
}

/**
 * Judges one measurement. What the service surely did (wrong statuses, broken connections) fails it whatever else was
 * going on. What the generating process could have done itself (slow answers, none in time, too few a second) fails
 * it only where that process kept up; where it did not, nothing is known, however good the figures look.
 */
export function judge(reply: LoadReply, limits: Limits): Judged {
  const generator = bottleneck(reply);
  const doubt = { kept: generator === null, lateMs: reply.generator.lateMaxMs };
  const results: Judged["results"][number][] = [];
  for (const [index, { name, budget }] of limits.routes.entries()) {
    const counts = reply.routes[index];
    if (counts !== undefined) results.push(...judgeRoute(name, counts, budget, doubt));
  }
  if (limits.perSecond !== null) {
    const answered = reply.routes.reduce((sum, one) => sum + one.answered, 0);
    const reached = reply.seconds === 0 ? 0 : answered / reply.seconds;
    const short = generator === null ? "fail" : "inconclusive";
    results.push({
      name: "answers a second",
      verdict: reached >= limits.perSecond ? "pass" : short,
      message: `${figure(reached)}, at least ${figure(limits.perSecond)} are demanded`,
    });
  }
  if (generator !== null) {
    results.push({ name: "load generator", verdict: "inconclusive", message: generator });
  }
  const worst = (["fail", "inconclusive"] as const).find((verdict) =>
    results.some((one) => one.verdict === verdict),
  );
  const nothing = reply.routes.every(({ answered }) => answered === 0);
  const verdict = worst ?? (nothing ? "inconclusive" : "pass");
  return {
    verdict,
    results: results.toSorted((a, b) => rank(a.verdict) - rank(b.verdict)),
    generator,
  };
}

function rank(verdict: Verdict): number {
  return verdict === "fail" ? 0 : verdict === "pass" ? 2 : 1;
}

/** Why the load was not what was asked for, through no fault of the service; null when it was. */
export function bottleneck({ generator }: LoadReply): string | null {
  const { utilisation, lateP95Ms, starved } = generator;
  if (starved > 0) {
    return `this machine could not send ${starved} requests: it has no port or file descriptor left`;
  }
  if (lateP95Ms > mostLateMs) {
    return `it took up requests ${figure(lateP95Ms)} ms late (p95), up to ${mostLateMs} ms would do: this machine is too busy`;
  }
  if (utilisation > busy) {
    return `it was busy ${Math.round(utilisation * 100)} % of the time: ask for a rate that it can send, or for fewer connections`;
  }
  return null;
}

function judgeRoute(
  name: string,
  counts: RouteCounts,
  budget: Budget,
  doubt: { readonly kept: boolean; readonly lateMs: number },
): Judged["results"][number][] {
  const say = (verdict: Verdict, message: string) => [{ name, verdict, message }];
  const wrong = wrongOf(counts);
  const total = counts.answered + wrong.sure + wrong.doubtful + wrong.elsewhere;
  const whatElse = describeWrong(counts);
  if (total === 0) return say("inconclusive", "no request was sent");
  if (counts.answered === 0 && wrong.elsewhere * 2 >= total) {
    return say(
      "inconclusive",
      `nothing of it was exercised: ${whatElse} of ${total}; say with \`status\` what it should answer, or ask for something that answers a stranger`,
    );
  }
  const allowed = budget.errorShare ?? defaultBudget.errorShare;
  const bad = wrong.sure + wrong.elsewhere;
  const percent = (count: number) => `${figure((count / total) * 100)} %`;
  const latencies = describeLatency(counts);
  const tooMany = (count: number) =>
    `${percent(count)} without the expected answer, ${figure(allowed * 100)} % may be: ${whatElse} of ${total}${latencies === "" ? "" : ` (${latencies})`}`;
  if (bad / total > allowed) return say("fail", tooMany(bad));
  const unsure = doubt.kept ? "fail" : "inconclusive";
  if ((bad + wrong.doubtful) / total > allowed) return say(unsure, tooMany(bad + wrong.doubtful));
  if (counts.answered < fewest || counts.latency === null) {
    return say(
      "inconclusive",
      `${counts.answered} expected answers are too few to judge by, ${fewest} are needed`,
    );
  }
  const { latency } = counts;
  const over = (["p50", "p95", "p99"] as const).flatMap((key) => {
    const limit = budget[`${key}Ms`];
    return limit !== undefined && latency[key] > limit ? [{ key, limit }] : [];
  });
  const shown = `${latencies}, ${percent(bad + wrong.doubtful)} of ${total} wrong`;
  if (over.length === 0) return say("pass", shown);
  const which = over
    .map(({ key, limit }) => `${key} ${figure(latency[key])} ms, at most ${limit} may be`)
    .join("; ");
  // A request that was taken up late was slow by no fault of the service.
  const late = doubt.lateMs > leastLateMs ? doubt.lateMs : 0;
  if (doubt.kept && over.some(({ key, limit }) => latency[key] - late > limit)) {
    return say("fail", `${which} (${shown})`);
  }
  const why = `the generator was up to ${figure(doubt.lateMs)} ms late itself`;
  return say("inconclusive", `${which}, but ${why} (${shown})`);
}

/** Answers that say: not this way, or not you. Alone they show that nothing was exercised. */
const elsewhere = /^(3\d\d|401|403|404|405|407|410)$/;

interface Wrong {
  /** The service did it. */
  readonly sure: number;
  /** Nothing came in time: it could be the generating process. */
  readonly doubtful: number;
  readonly elsewhere: number;
}

function wrongOf({ unexpected, failures }: RouteCounts): Wrong {
  let [sure, doubtful, other] = [0, 0, 0];
  for (const [status, count] of Object.entries(unexpected)) {
    if (elsewhere.test(status)) other += count;
    else sure += count;
  }
  for (const [failure, count] of Object.entries(failures)) {
    if (failure === "timeout" || failure === "unsent") doubtful += count;
    else sure += count;
  }
  return { sure, doubtful, elsewhere: other };
}

const words: Readonly<Record<string, string>> = {
  timeout: "no answer in time",
  unsent: "never sent because every connection was waiting",
  refused: "connection refused",
  reset: "connection closed without an answer",
  cut: "answer cut off",
  garbage: "no valid HTTP",
  "too-large": "answer too long",
  "wrong-body": "answer without the expected text",
  upgrade: "another protocol",
  other: "no connection",
};

function describeLatency({ latency }: RouteCounts): string {
  if (latency === null) return "";
  return `p50 ${figure(latency.p50)}, p95 ${figure(latency.p95)}, p99 ${figure(latency.p99)} ms`;
}

function describeWrong({ unexpected, failures }: RouteCounts): string {
  const each = [
    ...Object.entries(unexpected).map(([status, count]) => ({ says: `status ${status}`, count })),
    ...Object.entries(failures).map(([kind, count]) => ({ says: words[kind] ?? kind, count })),
  ].toSorted((a, b) => b.count - a.count);
  const shown = each.slice(0, 4).map(({ says, count }) => `${count} × ${says}`);
  return shown.length === 0 ? "nothing" : shown.join(", ");
}

/** Three figures are enough for a person. */
export function figure(value: number): string {
  return value >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));
}
