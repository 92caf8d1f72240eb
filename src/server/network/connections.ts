import type { Server } from "node:http";
import type { Socket } from "node:net";
import { isLoopback, networkOf, plainAddress } from "./address.ts";
import type { TrustedProxies } from "./proxies.ts";

/** Connections of one listener from elsewhere, and of one network to it. */
const defaults = { all: 4_096, ofNetwork: 256 } as const;

/**
 * Nobody takes all connections: those of one network end at a number, and what is above is closed unheard. When all are
 * taken, the network with the most of them loses its oldest, so that many networks keep no other one out either. A proxy
 * that is trusted speaks for many, and this machine for itself: they are not counted.
 */
export function limitConnections(
  server: Pick<Server, "on">,
  proxies: TrustedProxies,
  most: { readonly all: number; readonly ofNetwork: number } = defaults,
): void {
  /** Each with what forgets it; oldest first. */
  const open = new Map<string, Map<Socket, () => void>>();
  let count = 0;
  server.on("connection", (socket: Socket) => {
    const address = plainAddress(socket.remoteAddress);
    if (address === null || isLoopback(address) || proxies.trusts(address)) return;
    const network = networkOf(address);
    if ((open.get(network)?.size ?? 0) >= most.ofNetwork) {
      socket.destroy();
      return;
    }
    if (count >= most.all) closeOldest(busiest(open));
    const own = open.get(network) ?? new Map<Socket, () => void>();
    open.set(network, own);
    count += 1;
    const forget = () => {
      if (!own.delete(socket)) return;
      count -= 1;
      if (own.size === 0) open.delete(network);
    };
    own.set(socket, forget);
    socket.once("close", forget);
  });
}

type Sockets = ReadonlyMap<Socket, () => void>;

function busiest(open: ReadonlyMap<string, Sockets>): Sockets {
  const none: Sockets = new Map();
  return [...open.values()].reduce((most, one) => (one.size > most.size ? one : most), none);
}

/** It counts no more from now on, though closing takes a moment. */
function closeOldest(sockets: Sockets): void {
  const [oldest] = sockets;
  if (!oldest) return;
  const [socket, forget] = oldest;
  forget();
  socket.destroy();
}
