import type { IncomingHttpHeaders } from "node:http";
import { readDestination } from "../egress/destination.ts";
import { type EgressRules, pinAddresses } from "../egress/resolve.ts";
import { type TlsFacts, transfer } from "../egress/transfer.ts";

/** One request to the service under test. */
export interface ExchangeRequest {
  /** `http://127.0.0.1:41234`; the path is kept apart, so that it goes out exactly as it is written. */
  readonly origin: string;
  readonly path: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** From the start to the last byte that is read. */
  readonly timeoutMs: number;
  /** Reading ends here; more is not a mistake, it is cut. */
  readonly maxBodyBytes: number;
  readonly signal: AbortSignal;
  /** Where the origin itself stands in a pipeline: then less may be reached (`EgressRules.authored`). */
  readonly authored?: EgressRules["authored"];
  /** Certificates (PEM) trusted besides the well-known ones. */
  readonly ca?: string;
  /** `judge`: takes any certificate and old protocols, which are then judged; `old`: nothing newer than TLS 1.1. */
  readonly tls?: "judge" | "old";
}

export interface Exchange {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Every `Set-Cookie` line. */
  readonly cookies: readonly string[];
  readonly body: string;
  readonly truncated: boolean;
  /** From the start until the body was read. */
  readonly latencyMs: number;
  readonly tls: TlsFacts | null;
}

/**
 * Sends one request to the declared origin, wherever that is, and to nothing else. Follows no redirect.
 * Rejects when there is no whole answer: refused, reset, no valid HTTP, untrusted certificate, too slow.
 */
export async function exchange(wanted: ExchangeRequest): Promise<Exchange> {
  const { origin, path, authored, ...rest } = wanted;
  const destination = readDestination(origin);
  const rules: EgressRules = { allow: [origin], onlyAllowed: true, ...(authored && { authored }) };
  const addresses = await pinAddresses(destination, rules);
  const answer = await transfer({ ...rest, destination: { ...destination, path }, addresses });
  return {
    ...answer,
    cookies: answer.headers["set-cookie"] ?? [],
    body: answer.body.toString("utf8"),
  };
}

export { describeFailure } from "../egress/send.ts";
export { NoAnswerInTime } from "../egress/transfer.ts";
