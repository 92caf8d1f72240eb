import type { ResponseHead } from "./backend/response-parser.ts";

/** Fields of a response that are for one hop only, or that Node writes itself. */
const oneHop = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "proxy-authenticate",
  "te",
  "transfer-encoding",
  "upgrade",
  "content-length",
]);
const droppedSpellings = new Map<string, boolean>();
const maxSpellings = 2_000;

function dropped(name: string): boolean {
  const known = droppedSpellings.get(name);
  if (known !== undefined) return known;
  const drop = oneHop.has(name.toLowerCase());
  if (droppedSpellings.size < maxSpellings && name.length <= 64) droppedSpellings.set(name, drop);
  return drop;
}

/**
 * What the client gets of a backend's header, flat as Node's `writeHead` takes it. Content-Length comes
 * last: Node re-encodes a Content-Disposition that follows it.
 * @param trailers the response will be chunked and may announce trailers.
 */
export function clientHeaders(head: ResponseHead, trailers: boolean): string[] {
  const fields = head.headers;
  const kept: string[] = [];
  const named = head.connection === "" ? null : namedIn(head.connection);
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] as string;
    if (dropped(name)) continue;
    if (named?.has(name.toLowerCase())) continue;
    if (!trailers && name.length === 7 && name.toLowerCase() === "trailer") continue;
    kept.push(name, fields[i + 1] as string);
  }
  if (head.contentLength >= 0 && head.status !== 204) {
    kept.push("content-length", String(head.contentLength));
  }
  return kept;
}

function namedIn(connection: string): Set<string> | null {
  const lower = connection.toLowerCase();
  if (lower === "keep-alive" || lower === "close") return null;
  return new Set(lower.split(",").map((option) => option.trim()));
}

const notInTrailers = new Set([
  ...oneHop,
  "host",
  "trailer",
  "content-encoding",
  "content-type",
  "content-range",
  "authorization",
  "cookie",
  "set-cookie",
  "cache-control",
  "expect",
  "max-forwards",
  "range",
  "forwarded",
  "x-tidelock-tester",
  "x-request-id",
  "via",
]);

/** Trailers that may travel on: never framing, routing, authentication or what we vouch for (RFC 9110 section 6.5.1). */
export function allowedTrailers(trailers: readonly string[]): [string, string][] {
  const allowed: [string, string][] = [];
  for (let i = 0; i + 1 < trailers.length; i += 2) {
    const name = trailers[i] as string;
    const lower = name.toLowerCase().replaceAll("_", "-");
    if (notInTrailers.has(lower) || lower.startsWith("x-forwarded-")) continue;
    allowed.push([name, trailers[i + 1] as string]);
  }
  return allowed;
}
