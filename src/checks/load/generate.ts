import { Agent } from "node:http";
import { Agent as TlsAgent } from "node:https";
import { performance } from "node:perf_hooks";
import { rootCertificates } from "node:tls";
import { setTimeout as sleep } from "node:timers/promises";
import { type Outcome, send } from "./one-request.ts";
import { latencyOf, percentile, Samples } from "./percentile.ts";
import type { Failure, LoadOrder, LoadReply, LoadRoute, RouteCounts } from "./protocol.ts";

/** A connection that failed is not tried again at once: what refuses everything would be asked without pause. */
const pauseAfterFailureMs = 50;

interface Due {
  readonly route: number;
  readonly number: number;
  /** When it was due: latency counts from here. */
  readonly at: number;
  /** When this process noticed: from here on it is the service's time, and its limit runs. */
  readonly taken: number;
  readonly measured: boolean;
}

/**
 * Makes the load of one order, from here to its last answer or time limit.
 *
 * With a rate it is an open model: requests are due at fixed times whatever the answers do, and latency counts from
 * when each was due, so that one stall is seen by every request that it delays (no "coordinated omission",
 * G. Tene). Without a rate each connection sends when it has its answer: that shows throughput, and its latencies
 * hide whatever a waiting client would not have sent.
 */
export class Generation {
  readonly #order: LoadOrder;
  readonly #agents: readonly Agent[];
  readonly #tallies: readonly Tally[];
  readonly #late = new Samples();
  readonly #turn: () => number;
  #number = 0;
  #asked = 0;
  #underWay = 0;
  #mostUnderWay = 0;
  #starved = 0;
  /** Due, and waiting for a connection: the oldest first. */
  #waiting: Due[] = [];
  #settled: () => void = () => undefined;

  constructor(order: LoadOrder) {
    this.#order = order;
    this.#agents = order.targets.map(({ secure }) => agentFor(order, secure));
    this.#tallies = order.routes.map(() => new Tally());
    this.#turn = inTurn(order.routes.map(({ weight }) => weight));
  }

  async run(): Promise<LoadReply> {
    const { rate, warmUpMs, durationMs } = this.#order;
    const start = performance.now();
    const from = start + warmUpMs;
    const until = from + durationMs;
    let busy = performance.eventLoopUtilization();
    const marked = sleep(warmUpMs).then(() => {
      busy = performance.eventLoopUtilization();
    });
    if (rate === null) await this.#closed(from, until);
    else await this.#open(start, until, rate);
    const seconds = (performance.now() - from) / 1_000;
    await marked;
    const { utilization } = performance.eventLoopUtilization(busy);
    await this.#drained();
    for (const agent of this.#agents) agent.destroy();
    const late = this.#late.values.toSorted();
    return {
      routes: this.#tallies.map((tally) => tally.counts()),
      asked: this.#asked,
      seconds,
      mostUnderWay: this.#mostUnderWay,
      generator: {
        utilisation: Math.min(1, Math.max(0, utilization)),
        lateP95Ms: percentile(late, 0.95),
        lateMaxMs: percentile(late, 1),
        starved: this.#starved,
      },
    };
  }

  async #open(start: number, until: number, rate: number): Promise<void> {
    const { warmUpMs, durationMs } = this.#order;
    const warm = Math.round((warmUpMs / 1_000) * rate);
    const all = warm + Math.round((durationMs / 1_000) * rate);
    let taken = 0;
    while (taken < all) {
      const now = performance.now();
      for (; taken < all; taken += 1) {
        const at = start + (taken / rate) * 1_000;
        if (at > now) break;
        const measured = taken >= warm;
        if (measured) this.#late.add(now - at);
        this.#take(at, now, measured);
      }
      this.#giveUp(now);
      if (taken >= all) break;
      const next = start + (taken / rate) * 1_000 - performance.now();
      await sleep(Math.max(1, Math.min(next, 50)));
    }
    const rest = until - performance.now();
    if (rest > 0) await sleep(rest);
  }

  async #closed(from: number, until: number): Promise<void> {
    const { connections, mostRequests } = this.#order;
    const one = async (): Promise<void> => {
      for (;;) {
        const now = performance.now();
        if (now >= until || this.#number >= mostRequests) return;
        const good = await new Promise<boolean>((resolve) => {
          this.#send(this.#next(now, now, now >= from), resolve);
        });
        if (!good) await sleep(pauseAfterFailureMs);
      }
    };
    await Promise.all(Array.from({ length: connections }, one));
  }

  #next(at: number, taken: number, measured: boolean): Due {
    if (measured) this.#asked += 1;
    this.#number += 1;
    return { route: this.#turn(), number: this.#number, at, taken, measured };
  }

  #take(at: number, taken: number, measured: boolean): void {
    const due = this.#next(at, taken, measured);
    if (this.#underWay < this.#order.connections) this.#send(due);
    else this.#waiting.push(due);
  }

  /** What waits longer than a request may take is not sent any more: whoever asked has gone. */
  #giveUp(now: number): void {
    const { timeoutMs } = this.#order;
    let given = 0;
    for (const due of this.#waiting) {
      if (now - due.taken < timeoutMs) break;
      this.#record(due, { kind: "failure", failure: "unsent" }, now);
      given += 1;
    }
    if (given > 0) this.#waiting = this.#waiting.slice(given);
  }

  #send(due: Due, done?: (good: boolean) => void): void {
    const { targets, routes, timeoutMs, maxBodyBytes } = this.#order;
    const which = due.number % targets.length;
    const [target, agent] = [targets[which], this.#agents[which]];
    const route = routes[due.route];
    if (target === undefined || agent === undefined || route === undefined) return;
    this.#underWay += 1;
    this.#mostUnderWay = Math.max(this.#mostUnderWay, this.#underWay);
    const tally = this.#tallies[due.route];
    const wanted = {
      agent,
      target,
      method: route.method,
      path: numbered(route.path, due.number),
      headers: route.headers,
      body: route.body === null ? null : numbered(route.body, due.number),
      contains: route.contains,
      timeoutMs: Math.max(1, timeoutMs - (performance.now() - due.taken)),
      maxBodyBytes,
      onBytes: (bytes: number) => {
        if (due.measured && tally !== undefined) tally.bytes += bytes;
      },
    };
    send(wanted, (outcome) => {
      this.#underWay -= 1;
      const now = performance.now();
      const good = this.#record(due, outcome, now);
      this.#giveUp(now);
      const next = this.#waiting.shift();
      if (next !== undefined) this.#send(next);
      if (this.#underWay === 0) this.#settled();
      done?.(good);
    });
  }

  /** Whether it was the expected answer. */
  #record(due: Due, outcome: Outcome, now: number): boolean {
    const route = this.#order.routes[due.route];
    const tally = this.#tallies[due.route];
    if (route === undefined || tally === undefined) return false;
    const good =
      outcome.kind === "answer" && outcome.whole === null && expects(route, outcome.status);
    if (!due.measured) return good;
    if (outcome.kind === "starved") this.#starved += 1;
    else tally.take(outcome, good, now - due.at, this.#order.timeoutMs);
    return good;
  }

  /** Until nothing is under way any more: at most the time limit of one request. */
  async #drained(): Promise<void> {
    if (this.#underWay === 0) return;
    await new Promise<void>((resolve) => {
      this.#settled = resolve;
    });
  }
}

/** What became of one route's requests. */
class Tally {
  bytes = 0;
  readonly #latencies = new Samples();
  readonly #unexpected = new Map<string, number>();
  readonly #failures = new Map<Failure, number>();
  #answered = 0;

  take(outcome: Outcome, good: boolean, latencyMs: number, timeoutMs: number): void {
    if (good) {
      this.#answered += 1;
      this.#latencies.add(latencyMs);
    } else if (outcome.kind === "failure" || (outcome.kind === "answer" && outcome.whole)) {
      const failure = outcome.kind === "failure" ? outcome.failure : outcome.whole;
      if (failure === null) return;
      add(this.#failures, failure);
      const without = failure === "timeout" || failure === "unsent";
      if (without) this.#latencies.add(Math.max(latencyMs, timeoutMs));
    } else if (outcome.kind === "answer") {
      add(this.#unexpected, String(outcome.status).padStart(3, "0"));
    }
  }

  counts(): RouteCounts {
    return {
      answered: this.#answered,
      unexpected: Object.fromEntries(this.#unexpected),
      failures: Object.fromEntries(this.#failures),
      latency: latencyOf(this.#latencies.values),
      bytes: this.bytes,
    };
  }
}

function add<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function expects({ statuses }: LoadRoute, status: number): boolean {
  return statuses === null ? status >= 200 && status < 300 : statuses.includes(status);
}

function numbered(text: string, number: number): string {
  return text.replaceAll("{n}", String(number));
}

/** Gives each place its share in turn, evenly mixed and always in the same order (smooth weighted round robin). */
export function inTurn(weights: readonly number[]): () => number {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const credit = weights.map(() => 0);
  return () => {
    let best = 0;
    for (const [index, weight] of weights.entries()) {
      credit[index] = (credit[index] ?? 0) + weight;
      if ((credit[index] ?? 0) > (credit[best] ?? 0)) best = index;
    }
    credit[best] = (credit[best] ?? 0) - total;
    return best;
  };
}

function agentFor({ connections, ca }: LoadOrder, secure: boolean): Agent {
  const options = { keepAlive: true, maxSockets: connections, scheduling: "lifo" as const };
  if (!secure) return new Agent(options);
  return new TlsAgent({ ...options, ...(ca === null ? {} : { ca: [...rootCertificates, ca] }) });
}
