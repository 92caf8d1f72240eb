import { printable } from "../../model/printable.ts";
import { assertAnswer } from "../assert-answer.ts";
import { describeFailure, exchange } from "../exchange.ts";
import type { Expectation } from "../request-schema.ts";
import type { TargetAddress } from "../targets.ts";
import type { ChaosConfiguration } from "./schema.ts";

/** One request and what became of it. */
export interface Sample {
  /** When it was sent, in milliseconds since the probing began. */
  readonly at: number;
  readonly tookMs: number;
  /**
   * `good`: as the hypothesis expects. `degraded`: as the experiment allows meanwhile. `wrong`: answered
   * otherwise. `silent`: no whole answer.
   */
  readonly outcome: "good" | "degraded" | "wrong" | "silent";
  /** What was wrong; empty for a good one. */
  readonly message: string;
}

/** Under way at once; one more is counted as unanswered. */
const mostAtOnce = 300;
const maxBodyBytes = 1024 * 1024;

/**
 * Keeps asking, at the same pace whether or not answers come: who waits for a slow answer before asking
 * again would see fewer of them than users do.
 */
export class Prober {
  readonly #hypothesis: ChaosConfiguration["hypothesis"];
  readonly #targets: readonly TargetAddress[];
  readonly #signal: AbortSignal;
  readonly #began = performance.now();
  readonly #samples: Sample[] = [];
  /** Sent and not answered yet: when. */
  readonly #open = new Map<number, number>();
  #timer: NodeJS.Timeout | null = null;
  #sent = 0;
  #answered = 0;
  #assertions = 0;
  #degraded: Expectation | null = null;

  constructor(
    hypothesis: ChaosConfiguration["hypothesis"],
    targets: readonly TargetAddress[],
    signal: AbortSignal,
  ) {
    this.#hypothesis = hypothesis;
    this.#targets = targets;
    this.#signal = signal;
  }

  start(): void {
    const every = 1_000 / this.#hypothesis.perSecond;
    let due = performance.now();
    this.#timer = setInterval(
      () => {
        // A timer that came late makes up for it, up to a second's worth.
        due = Math.max(due, performance.now() - 1_000);
        for (; due <= performance.now(); due += every) void this.#ask();
      },
      Math.max(1, Math.floor(every / 2)),
    );
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
  }

  get now(): number {
    return performance.now() - this.#began;
  }

  get counts(): { readonly requests: number; readonly assertions: number } {
    return { requests: this.#answered, assertions: this.#assertions };
  }

  get samples(): readonly Sample[] {
    return this.#samples;
  }

  /** Answers of this kind will do from now on, for what is sent from now on; null: none but the good ones. */
  accept(degraded: Expectation | null): void {
    this.#degraded = degraded;
  }

  /** Everything that was sent before this moment is answered or given up. */
  isSettled(before: number): boolean {
    return [...this.#open.values()].every((at) => at >= before);
  }

  between(from: number, to: number): readonly Sample[] {
    return this.#samples.filter(({ at }) => at >= from && at < to);
  }

  async #ask(): Promise<void> {
    const number = this.#sent;
    this.#sent += 1;
    const { requests, timeoutMs, ca } = this.#hypothesis;
    const request = requests[number % requests.length];
    const target = this.#targets[Math.floor(number / requests.length) % this.#targets.length];
    if (request === undefined || target === undefined || this.#signal.aborted) return;
    const at = this.now;
    const degraded = this.#degraded;
    const keep = (outcome: Sample["outcome"], message: string): void => {
      this.#samples.push({ at, tookMs: this.now - at, outcome, message });
    };
    if (this.#open.size >= mostAtOnce) {
      keep("silent", `${mostAtOnce} requests wait for their answers already`);
      return;
    }
    this.#open.set(number, at);
    const name = request.name ?? `${request.method} ${request.path}`;
    const body = request.json === undefined ? request.body : JSON.stringify(request.json);
    const type = request.json === undefined ? {} : { "content-type": "application/json" };
    try {
      const answer = await exchange({
        origin: target.origin,
        path: request.path,
        method: request.method,
        headers: { ...type, ...request.headers, ...target.headers },
        ...(body === undefined ? {} : { body }),
        timeoutMs,
        maxBodyBytes,
        signal: this.#signal,
        ...(ca === undefined ? {} : { ca }),
      });
      this.#answered += 1;
      const results = assertAnswer(name, answer, request.expect);
      this.#assertions += results.length;
      const bad = results.find(({ verdict }) => verdict !== "pass");
      if (bad === undefined) return keep("good", "");
      const message = `${bad.name} ${bad.message}`;
      const allowed =
        degraded !== null &&
        assertAnswer(name, answer, degraded).every(({ verdict }) => verdict === "pass");
      keep(allowed ? "degraded" : "wrong", message);
    } catch (error) {
      keep("silent", `${name}: ${printable(describeFailure(error), 200)}`);
    } finally {
      this.#open.delete(number);
    }
  }
}

/** What became of some requests. */
export interface Figures {
  readonly requests: number;
  readonly good: number;
  readonly degraded: number;
  readonly wrong: number;
  readonly silent: number;
  /** Of all, those that were neither good nor degraded; 0 of nothing. */
  readonly errorShare: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly firstProblem: string;
}

export function figuresOf(samples: readonly Sample[]): Figures {
  const count = (outcome: Sample["outcome"]): number =>
    samples.filter((one) => one.outcome === outcome).length;
  const [wrong, silent] = [count("wrong"), count("silent")];
  const times = samples.map(({ tookMs }) => tookMs).sort((a, b) => a - b);
  const at = (share: number): number =>
    Math.round(times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0);
  const bad = samples.find(({ outcome }) => outcome === "wrong" || outcome === "silent");
  return {
    requests: samples.length,
    good: count("good"),
    degraded: count("degraded"),
    wrong,
    silent,
    errorShare: samples.length === 0 ? 0 : (wrong + silent) / samples.length,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    firstProblem: bad?.message ?? "",
  };
}

/** `12 of 40 requests (30 %)`. */
export function shareText({ requests, wrong, silent, errorShare }: Figures): string {
  return `${wrong + silent} of ${requests} requests (${Math.round(errorShare * 1_000) / 10} %)`;
}
