import type { Server } from "node:http";
import type { Socket } from "node:net";
import { isLoopback, networkOf, plainAddress } from "./address.ts";
import type { TrustedProxies } from "./proxies.ts";

/** Connections of one listener, and of one network to it. */
const most = 4_096;
const mostOfNetwork = 256;

/**
 * Nobody takes all connections: those of one network end at a number, and what is above is closed unheard. A proxy that is
 * trusted speaks for many, and this machine for itself.
 */
export function limitConnections(
  server: Server,
  proxies: TrustedProxies,
  limit: number = mostOfNetwork,
): void {
  server.maxConnections = most;
  const open = new Map<string, number>();
  server.on("connection", (socket: Socket) => {
    const address = plainAddress(socket.remoteAddress);
    if (address === null || isLoopback(address) || proxies.trusts(address)) return;
    const network = networkOf(address);
    const count = (open.get(network) ?? 0) + 1;
    open.set(network, count);
    socket.once("close", () => {
      const left = (open.get(network) ?? 1) - 1;
      if (left === 0) open.delete(network);
      else open.set(network, left);
    });
    if (count > limit) socket.destroy();
  });
}
