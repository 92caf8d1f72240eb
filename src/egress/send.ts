import { TidelockError } from "../model/errors.ts";
import { readDestination } from "./destination.ts";
import { type EgressRules, pinAddresses } from "./resolve.ts";
import { type Answer, transfer } from "./transfer.ts";

/** Something that Tidelock sends. Everything that leaves it goes through here. */
export interface Outgoing {
  readonly url: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** For the whole, redirects included. Default 10,000. */
  readonly timeoutMs?: number;
  /** Default 1 MiB; a longer answer is cut and says so. */
  readonly maxBodyBytes?: number;
  readonly signal?: AbortSignal;
  readonly ca?: string;
  /** How many redirects are followed, on the same host only, and never to plain HTTP. Default none. */
  readonly redirects?: number;
}

const mostRedirects = 5;

/**
 * Sends a request where the rules allow it: the name is resolved once, every address it has is judged, and the
 * connection goes to what was judged. A redirect is followed when asked, on the same origin, under the same
 * rules; to anywhere else it is the answer.
 *
 * @throws TidelockError `invalid-input` (no such address), `forbidden` (not allowed), `unavailable` (no answer)
 */
export async function send(wanted: Outgoing, rules: EgressRules): Promise<Answer> {
  const signal = wanted.signal ?? new AbortController().signal;
  const ends = performance.now() + (wanted.timeoutMs ?? 10_000);
  const redirects = Math.min(wanted.redirects ?? 0, mostRedirects);
  let url = wanted.url;
  for (let hop = 0; ; hop += 1) {
    const destination = readDestination(url);
    const left = Math.max(1, Math.round(ends - performance.now()));
    const resolveMs = Math.min(left, rules.resolveMs ?? left);
    const addresses = await pinAddresses(destination, { ...rules, resolveMs });
    const answer = await transfer({
      destination,
      addresses,
      method: wanted.method ?? "GET",
      headers: wanted.headers ?? {},
      ...(wanted.body === undefined ? {} : { body: wanted.body }),
      ...(wanted.ca === undefined ? {} : { ca: wanted.ca }),
      timeoutMs: Math.max(1, Math.round(ends - performance.now())),
      maxBodyBytes: wanted.maxBodyBytes ?? 1024 * 1024,
      signal,
    }).catch((cause: unknown) => {
      signal.throwIfAborted();
      throw new TidelockError(
        "unavailable",
        `no answer from ${destination.origin}: ${describeFailure(cause)}`,
        { retryable: true, where: destination.origin, cause },
      );
    });
    const next = redirectOf(answer, url);
    if (next === null || hop >= redirects || readsOnly(wanted.method) === false) return answer;
    if (new URL(next).origin !== new URL(url).origin) return answer;
    url = next;
  }
}

function readsOnly(method = "GET"): boolean {
  return method === "GET" || method === "HEAD";
}

/** Where an answer sends us, or null. */
function redirectOf({ status, headers }: Answer, from: string): string | null {
  if (![301, 302, 303, 307, 308].includes(status) || headers.location === undefined) return null;
  return URL.canParse(headers.location, from) ? new URL(headers.location, from).href : null;
}

/** One line about why there was no answer, for people. */
export function describeFailure(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  const known: Readonly<Record<string, string>> = {
    ECONNREFUSED: "nothing listens there",
    ECONNRESET: "the connection was reset without an answer",
    EPIPE: "the connection was reset without an answer",
    ENOTFOUND: "the host name is unknown",
    EHOSTUNREACH: "the host cannot be reached",
    ETIMEDOUT: "no answer in time",
  };
  const text = known[code] ?? error.message;
  return code.startsWith("HPE_") ? `the answer is not valid HTTP (${error.message})` : text;
}
