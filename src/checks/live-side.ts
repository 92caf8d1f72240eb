import { setTimeout as sleep } from "node:timers/promises";
import type { CheckContext } from "../ports/check.ts";
import { describeFailure, type Exchange, exchange } from "./exchange.ts";
import type { TargetAddress } from "./targets.ts";

/** What changes nothing at a service that keeps to HTTP (RFC 9110 9.2.1): all that a live colour ever gets. */
export const readingMethods = ["GET", "HEAD", "OPTIONS"] as const;
export type ReadingMethod = (typeof readingMethods)[number];

export function isReading(method: string): method is ReadingMethod {
  return readingMethods.some((one) => one === method);
}

/** One request of a comparison. */
export interface Asking {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  /** Instead of `body`: sent as JSON. */
  readonly json?: unknown;
}

/** A whole answer, or why there was none. */
export type Asked =
  | { readonly kind: "answer"; readonly answer: Exchange }
  | { readonly kind: "none"; readonly why: string };

/** Said to both sides, so that their owners find these requests in their logs. */
const agent = "tidelock-comparison";

export interface AskLimits {
  /** For one request. */
  readonly timeoutMs: number;
  readonly maxBodyBytes: number;
}

/** How the live colour is asked. */
export interface LivePace extends AskLimits {
  readonly livePerSecond: number;
}

/** Sends one request to the tested colour. */
export async function askTested(
  context: CheckContext,
  limits: AskLimits,
  target: TargetAddress,
  request: Asking,
): Promise<Asked> {
  return send(context, limits, target, request);
}

/**
 * The colour that users meet, by its public address and as any user: no credential of a tester, no mark.
 * It only ever gets what reads, one request at a time, and no more often than it may.
 */
export class LiveSide {
  readonly #context: CheckContext;
  readonly #configuration: LivePace;
  readonly #target: TargetAddress;
  #next = 0;
  asked = 0;

  constructor(context: CheckContext, configuration: LivePace, origin: string) {
    this.#context = context;
    this.#configuration = configuration;
    this.#target = { origin, headers: {} };
  }

  async ask(request: Asking): Promise<Asked> {
    if (!isReading(request.method))
      throw new Error(`${request.method} never goes to a live colour`);
    const wait = this.#next - performance.now();
    if (wait > 0) await sleep(wait, undefined, { signal: this.#context.signal });
    this.#next = performance.now() + 1_000 / this.#configuration.livePerSecond;
    this.asked += 1;
    return send(this.#context, this.#configuration, this.#target, request);
  }
}

async function send(
  context: CheckContext,
  limits: AskLimits,
  target: TargetAddress,
  request: Asking,
): Promise<Asked> {
  const json = request.json === undefined ? undefined : JSON.stringify(request.json);
  const body = isReading(request.method) ? undefined : (json ?? request.body);
  const type = json === undefined ? {} : { "content-type": "application/json" };
  try {
    const answer = await exchange({
      origin: target.origin,
      path: request.path,
      method: request.method,
      headers: { "user-agent": agent, ...type, ...request.headers, ...target.headers },
      ...(body === undefined ? {} : { body }),
      timeoutMs: limits.timeoutMs,
      maxBodyBytes: limits.maxBodyBytes,
      signal: context.signal,
      // The route is asked at the address where it listens, which no certificate names.
      tls: "judge",
    });
    return { kind: "answer", answer };
  } catch (error) {
    context.signal.throwIfAborted();
    return { kind: "none", why: describeFailure(error) };
  }
}
