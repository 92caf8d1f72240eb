import { setTimeout as sleep } from "node:timers/promises";
import { describeFailure, type Exchange, exchange, NoAnswerInTime } from "../exchange.ts";
import type { TargetAddress } from "../targets.ts";
import { keyOf, type Operation, type RawRequest } from "./operation.ts";

/** Thrown when the scan may send no more; what was found until then stands, and the scan is `partial`. */
export class BudgetSpent extends Error {}

/** How much may be sent, and where nothing is. */
export interface ProberSettings {
  readonly limits: {
    readonly requests: number;
    readonly requestsPerSecond: number;
    readonly timeoutMs: number;
    readonly bodyBytes: number;
  };
  readonly avoid: readonly string[];
  readonly ca?: string | undefined;
}

/**
 * `slow`: no whole answer in time. `broken`: reset, or no valid HTTP. `refused`: nothing listens, so the request is not
 * why. `unsendable`: it never went out.
 */
export type FailureKind = "slow" | "broken" | "refused" | "unsendable";

/** Carries a session into requests, and out of answers. */
export interface Actor {
  readonly name: string;
  headersFor(path: string): Readonly<Record<string, string>>;
  take(answer: Exchange): void;
}

/** The only way from the scan to the service: counts, keeps the rate, and keeps off what is to be avoided. */
export class Prober {
  sent = 0;
  answered = 0;
  failed = 0;
  lastFailure = "";
  lastFailureKind: FailureKind = "broken";
  readonly #target: TargetAddress;
  readonly #configuration: ProberSettings;
  readonly #name: string;
  readonly #signal: AbortSignal;
  readonly #log: ((request: RawRequest) => void) | undefined;
  readonly #ends: number;
  #next = 0;

  constructor(
    target: TargetAddress,
    configuration: ProberSettings,
    signal: AbortSignal,
    /** Milliseconds after which nothing more is begun. */
    forMs: number,
    log?: (request: RawRequest) => void,
    /** What it calls itself in `user-agent`. */
    name = "tidelock-dast",
  ) {
    this.#name = name;
    this.#ends = performance.now() + forMs;
    this.#target = target;
    this.#configuration = configuration;
    this.#signal = signal;
    this.#log = log;
  }

  get origin(): string {
    return this.#target.origin;
  }

  /** Null when there is no whole answer. Throws `BudgetSpent`, and what the signal says. */
  async send(
    request: RawRequest,
    actor: Actor | null,
    timeoutMs?: number,
    bodyBytes = this.#configuration.limits.bodyBytes,
  ): Promise<Exchange | null> {
    this.#signal.throwIfAborted();
    const { limits, ca } = this.#configuration;
    if (this.sent >= limits.requests) {
      throw new BudgetSpent(`the budget of ${limits.requests} requests was spent`);
    }
    if (performance.now() > this.#ends) throw new BudgetSpent("the time was up");
    await this.#wait(limits.requestsPerSecond);
    this.sent += 1;
    this.#log?.(request);
    try {
      const answer = await exchange({
        origin: this.#target.origin,
        path: request.path,
        method: request.method,
        headers: {
          "user-agent": this.#name,
          ...mergeCookies(request.headers, actor?.headersFor(request.path) ?? {}),
          ...this.#target.headers,
        },
        ...bodyOf(request),
        timeoutMs: timeoutMs ?? limits.timeoutMs,
        maxBodyBytes: bodyBytes,
        signal: this.#signal,
        tls: "judge",
        ...(ca === undefined ? {} : { ca }),
      });
      this.answered += 1;
      actor?.take(answer);
      return answer;
    } catch (error) {
      this.#signal.throwIfAborted();
      this.failed += 1;
      this.lastFailure = describeFailure(error);
      this.lastFailureKind = kindOf(error);
      return null;
    }
  }

  /** Whether the configuration, or prudence, says to keep off. */
  avoids(operation: Pick<Operation, "method" | "template">, path = operation.template): boolean {
    if (/(log|sign)-?_?(out|off)\b/i.test(path)) return true;
    return this.#configuration.avoid.some(
      (one) => one === keyOf(operation) || (one.startsWith("/") && path.startsWith(one)),
    );
  }

  async #wait(perSecond: number): Promise<void> {
    const now = performance.now();
    const at = Math.max(now, this.#next);
    this.#next = at + 1_000 / perSecond;
    // Timers are coarse: shorter waits are added up.
    if (at - now >= 2) await sleep(at - now, undefined, { signal: this.#signal });
  }
}

function bodyOf({ body, base64 }: RawRequest): { body?: string | Uint8Array } {
  if (base64 !== undefined) return { body: Buffer.from(base64, "base64") };
  return body === undefined ? {} : { body };
}

function kindOf(error: unknown): FailureKind {
  if (error instanceof NoAnswerInTime) return "slow";
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (code === "ECONNREFUSED") return "refused";
  return /^ERR_(INVALID_CHAR|UNESCAPED_CHARACTERS|INVALID_HTTP_TOKEN|HTTP_INVALID_HEADER_VALUE)$/.test(
    code,
  )
    ? "unsendable"
    : "broken";
}

/** A cookie under test goes out beside the session's. */
function mergeCookies(
  own: Readonly<Record<string, string>>,
  session: Readonly<Record<string, string>>,
): Record<string, string> {
  const both = [session["cookie"], own["cookie"]].filter((one) => one !== undefined && one !== "");
  return {
    ...session,
    ...own,
    ...(both.length === 0 ? {} : { cookie: both.join("; ") }),
  };
}
