import type { FastifyRequest } from "fastify";
import { TidelockError } from "../../model/errors.ts";
import { isLoopback, networkOf, plainAddress } from "./address.ts";
import type { TrustedProxies } from "./proxies.ts";

/** Who is at the other end, as far as it can be known: the rightmost hop that no trusted proxy is. */
export interface Client {
  readonly address: string;
  /** Its /24 or /48: what is counted and written down, never a whole address. */
  readonly network: string;
  /** Encrypted until here, or until the proxy that is trusted. */
  readonly secure: boolean;
  readonly loopback: boolean;
}

/** Needs the server's `trustProxy`, by which Fastify reads the forwarded headers (registerNetwork). */
export function clientOf(request: FastifyRequest): Client {
  // What a proxy passes on that is no address is nobody's word: then it is the proxy that asks.
  const address =
    plainAddress(request.ip) ?? plainAddress(request.raw.socket.remoteAddress) ?? "0.0.0.0";
  return {
    address,
    network: networkOf(address),
    secure: request.protocol === "https",
    loopback: isLoopback(address),
  };
}

/**
 * What crossed a network in the clear is refused, whichever way it came: a token that everybody between could read is
 * not taken as anybody's. And what a trusted proxy says has to be said in a way that we read.
 */
export function requireSafePath(proxies: TrustedProxies) {
  return async (request: FastifyRequest): Promise<void> => {
    const { headers } = request;
    const trusted = proxies.trusts(request.raw.socket.remoteAddress);
    if (trusted && headers.forwarded !== undefined && headers["x-forwarded-for"] === undefined) {
      throw new TidelockError("forbidden", "the proxy says who asks in a header that is not read", {
        fault: "operator",
        where: "Forwarded header",
        hint: "let it set X-Forwarded-For and X-Forwarded-Proto, and drop Forwarded (docs/operations.md)",
      });
    }
    const client = clientOf(request);
    if (client.secure || client.loopback) return;
    throw new TidelockError("forbidden", "this came over a network without encryption", {
      fault: "operator",
      where: trusted ? "X-Forwarded-Proto header" : "connection",
      hint: trusted
        ? "the proxy was asked over plain HTTP, or does not say `X-Forwarded-Proto: https`"
        : "go through the proxy that speaks TLS. A token that was sent like this has been readable on the way: revoke it",
    });
  };
}
