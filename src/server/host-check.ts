import type { FastifyRequest } from "fastify";
import { TidelockError } from "../model/errors.ts";

const loopbackNames: readonly string[] = ["localhost", "127.0.0.1", "[::1]"];

/**
 * Against DNS rebinding: a page of `evil.example`, whose name suddenly resolves to 127.0.0.1, sends its
 * own name as Host. And against other sites: whoever sends an Origin must be this very server, as a
 * browser sees it. Programs send no Origin and pass.
 */
export function requireKnownHost(hostNames: readonly string[]) {
  const known = new Set([...loopbackNames, ...hostNames.map((name) => name.toLowerCase())]);
  return async (request: FastifyRequest): Promise<void> => {
    const host = request.headers.host ?? "";
    const name = hostName(host);
    if (name === null || !known.has(name)) {
      throw new TidelockError("forbidden", "this server does not answer to that host name", {
        fault: "operator",
        where: "Host header",
        hint: "use http://localhost:<port>, or start the server with --host-name <name>",
      });
    }
    const origin = request.headers.origin;
    const site = request.headers["sec-fetch-site"];
    const foreign = origin !== undefined && !isOwnOrigin(origin, host);
    // A link followed from elsewhere (`navigate`) may open the page; nothing else may be asked from there.
    const crossSite = site === "cross-site" && request.headers["sec-fetch-mode"] !== "navigate";
    if (foreign || crossSite) {
      throw new TidelockError("forbidden", "requests from pages of other sites are refused", {
        fault: "operator",
        where: "Origin header",
        hint: "open the page of this server itself, or call the API from a program",
      });
    }
  };
}

/** `localhost:7420` to `localhost`, `[::1]:7420` to `[::1]`; null when it is no host at all. */
function hostName(host: string): string | null {
  const match = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::\d{1,5})?$/i.exec(host);
  return match?.[1]?.toLowerCase() ?? null;
}

function isOwnOrigin(origin: string, host: string): boolean {
  const lower = origin.toLowerCase();
  return lower === `http://${host.toLowerCase()}` || lower === `https://${host.toLowerCase()}`;
}
