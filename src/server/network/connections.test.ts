import { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { limitConnections } from "./connections.ts";
import { trustedProxies } from "./proxies.ts";

/** A connection from anywhere: this machine has addresses of its own alone. */
class Connection extends EventEmitter {
  destroyed = false;
  readonly remoteAddress: string;

  constructor(remoteAddress: string) {
    super();
    this.remoteAddress = remoteAddress;
  }

  destroy(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    setImmediate(() => this.emit("close"));
  }
}

function bench(most: { all: number; ofNetwork: number }) {
  const server = new EventEmitter();
  limitConnections(server as never, trustedProxies(["10.9.0.1"]), most);
  return (address: string): Connection => {
    const connection = new Connection(address);
    server.emit("connection", connection as unknown as Socket);
    return connection;
  };
}

describe("connections", () => {
  it("of one network end at a number, and those of this machine and of its proxies at none", () => {
    const connect = bench({ all: 10, ofNetwork: 2 });
    const some = ["192.0.2.1", "192.0.2.2", "192.0.2.3"].map(connect);
    expect(some.map(({ destroyed }) => destroyed)).toEqual([false, false, true]);
    const own = Array.from({ length: 20 }, (_, at) => connect(at % 2 === 0 ? "127.0.0.1" : "10.9.0.1")); // prettier-ignore
    expect(own.some(({ destroyed }) => destroyed)).toBe(false);
  });

  it("of many networks keep nobody else out: the busiest one loses its oldest", async () => {
    const connect = bench({ all: 6, ofNetwork: 3 });
    const first = ["192.0.2.1", "192.0.2.2", "192.0.2.3"].map(connect);
    const second = ["198.51.100.1", "198.51.100.2"].map(connect);
    const third = connect("203.0.113.1");
    const owner = connect("172.16.0.1");
    expect([owner.destroyed, third.destroyed, first[0]?.destroyed]).toEqual([false, false, true]);
    // Whatever comes after, a network with one connection keeps it as long as others have more.
    await new Promise((resolve) => setImmediate(resolve));
    for (const at of [1, 2]) connect(`198.18.${at}.1`);
    expect([owner, third].map(({ destroyed }) => destroyed)).toEqual([false, false]);
    expect([...first, ...second].filter(({ destroyed }) => destroyed)).toHaveLength(3);
  });
});
