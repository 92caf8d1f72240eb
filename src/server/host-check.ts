import type { FastifyRequest } from "fastify";
import { TidelockError } from "../model/errors.ts";

export const loopbackNames: readonly string[] = ["localhost", "127.0.0.1", "[::1]"];

/**
 * Against DNS rebinding: a page of `evil.example`, whose name suddenly resolves to 127.0.0.1, sends its
 * own name as Host. And against other sites: whoever sends an Origin must be this very server, as a
 * browser sees it. Programs send no Origin and pass.
 *
 * A trusted proxy may say by which name it was asked (`X-Forwarded-Host`); both names must be known, so that a header
 * that it only passed on opens nothing.
 */
export function requireKnownHost(hostNames: readonly string[]) {
  const known = new Set([...loopbackNames, ...hostNames.map((name) => name.toLowerCase())]);
  const isKnown = (host: string): boolean => {
    const name = hostName(host);
    return name !== null && known.has(name);
  };
  return async (request: FastifyRequest): Promise<void> => {
    const { headers, raw } = request;
    // `GET http://evil/ HTTP/1.1` names another host than the header (RFC 9112 3.2.2); two headers name two.
    const ambiguous = !request.url.startsWith("/") || countHosts(raw.rawHeaders) > 1;
    if (ambiguous || !isKnown(headers.host ?? "") || !isKnown(request.host)) {
      throw new TidelockError("forbidden", "this server does not answer to that host name", {
        fault: "operator",
        where: "Host header",
        hint: "use http://localhost:<port>, or start the server with --host-name <name>",
      });
    }
    const { origin } = headers;
    const site = headers["sec-fetch-site"];
    const foreign = origin !== undefined && !isOwnOrigin(origin, request);
    // A link followed from elsewhere (`navigate`) may open the page; nothing else may be asked from there. Another port of
    // this machine is elsewhere too, though browsers call it `same-site`.
    const elsewhere = site !== undefined && site !== "same-origin" && site !== "none";
    if (foreign || (elsewhere && headers["sec-fetch-mode"] !== "navigate")) {
      throw new TidelockError("forbidden", "requests from pages of other sites are refused", {
        fault: "operator",
        where: "Origin header",
        hint: "open the page of this server itself, or call the API from a program",
      });
    }
  };
}

function countHosts(rawHeaders: readonly string[]): number {
  return rawHeaders.filter((name, at) => at % 2 === 0 && name.toLowerCase() === "host").length;
}

/** `localhost:7420` to `localhost`, `[::1]:7420` to `[::1]`; null when it is no host at all. */
export function hostName(host: string): string | null {
  const match = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::\d{1,5})?$/i.exec(host);
  return match?.[1]?.toLowerCase() ?? null;
}

/** What came encrypted may not be asked by a page that did not. */
function isOwnOrigin(origin: string, { host, protocol }: FastifyRequest): boolean {
  const lower = origin.toLowerCase();
  if (lower === `https://${host.toLowerCase()}`) return true;
  return protocol !== "https" && lower === `http://${host.toLowerCase()}`;
}
