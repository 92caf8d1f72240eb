import { readFileSync, readdirSync, readlinkSync } from "node:fs";
import { createServer } from "node:net";
import { familyOf, processTable } from "./process-table.ts";

export interface ListeningSocket {
  readonly port: number;
  /** As the kernel writes it: hexadecimal words of the machine's byte order. */
  readonly address: string;
  /** Names the socket in `/proc/<pid>/fd` (proc_pid_fd(5)). */
  readonly inode: string;
}

/** TCP_LISTEN in `/proc/net/tcp` (net/tcp_states.h). */
const listenState = "0A";

/** Listening TCP sockets of the network namespace that `pid` lives in; empty where /proc has no such table. */
export function listeningSockets(pid: number | "self" = "self"): readonly ListeningSocket[] {
  return ["tcp", "tcp6"].flatMap((table) => {
    let text: string;
    try {
      text = readFileSync(`/proc/${pid}/net/${table}`, "utf8");
    } catch {
      return [];
    }
    return text
      .split("\n")
      .slice(1)
      .flatMap((line) => {
        // sl, local_address, rem_address, st, tx:rx, tr:tm, retrnsmt, uid, timeout, inode
        const fields = line.trim().split(/\s+/);
        const [, local, , state] = fields;
        const inode = fields[9];
        if (state !== listenState || local === undefined || inode === undefined) return [];
        const [address = "", port = ""] = local.split(":");
        return [{ port: Number.parseInt(port, 16), address, inode }];
      });
  });
}

/** Inodes of the sockets that a process holds open; empty when it is gone or not ours to look at. */
export function socketInodes(pid: number): ReadonlySet<string> {
  const inodes = new Set<string>();
  let names: string[];
  try {
    names = readdirSync(`/proc/${pid}/fd`);
  } catch {
    return inodes;
  }
  for (const name of names) {
    try {
      const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${name}`))?.[1];
      if (inode !== undefined) inodes.add(inode);
    } catch {
      // Closed while we looked.
    }
  }
  return inodes;
}

export interface SocketOwner {
  readonly inode: string;
  readonly pid: number;
}

/** Who gets a connection to 127.0.0.1, in the kernel's order: whoever named the address, then "any" of IPv4, of IPv6. */
const loopbackReceivers = [
  new Set(["0100007F", "7F000001", "0000000000000000FFFF00000100007F"]),
  new Set(["00000000", "0000000000000000FFFF000000000000"]),
  new Set(["0".repeat(32)]),
];

/** The sockets that get the connections to `port` on 127.0.0.1, whoever holds them. */
export function receiversAt(pid: number | "self", port: number): readonly ListeningSocket[] {
  const all = listeningSockets(pid).filter((socket) => socket.port === port);
  return (
    loopbackReceivers
      .map((addresses) => all.filter(({ address }) => addresses.has(address)))
      .find((found) => found.length > 0) ?? []
  );
}

/**
 * Which process of `leader`'s family gets the connections to `port` on 127.0.0.1; null when none of them does.
 * One that listens there on another address only (::1) leaves 127.0.0.1 to whoever takes it.
 */
export function ownerInFamily(leader: number, port: number): SocketOwner | null {
  const sockets = receiversAt(leader, port);
  if (sockets.length === 0) return null;
  for (const pid of familyOf(leader)) {
    const held = socketInodes(pid);
    const socket = sockets.find(({ inode }) => held.has(inode));
    if (socket !== undefined) return { inode: socket.inode, pid };
  }
  return null;
}

/** Ports that `leader`'s family listens on in its own network, lowest first. */
export function portsOfFamily(leader: number): readonly number[] {
  const sockets = listeningSockets(leader);
  if (sockets.length === 0) return [];
  const held = new Set(familyOf(leader).flatMap((pid) => [...socketInodes(pid)]));
  const ports = sockets.filter(({ inode }) => held.has(inode)).map(({ port }) => port);
  return [...new Set(ports)].sort((a, b) => a - b);
}

/** `nginx (pid 812)`: who listens on a port of this machine, as far as we may see; null when unknown. */
export function listenerName(port: number): string | null {
  const inodes = listeningSockets().filter((socket) => socket.port === port);
  if (inodes.length === 0) return null;
  for (const { pid } of processTable()) {
    const held = socketInodes(pid);
    if (!inodes.some(({ inode }) => held.has(inode))) continue;
    return `${commandOf(pid)} (pid ${pid})`;
  }
  return null;
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, "utf8").trim();
  } catch {
    return "a process";
  }
}

/** Below the range from which Linux takes ports of outgoing connections (ip_local_port_range). */
const firstPort = 20_000;
const lastPort = 32_000;

/**
 * A loopback port that nobody listens on. It lies below the ephemeral range, where an outgoing connection
 * could take it before the service does.
 *
 * @param taken ports that are promised already, though their processes may not listen yet
 */
export async function freePort(taken: ReadonlySet<number>): Promise<number> {
  for (let attempt = 0; attempt < 500; attempt += 1) {
    const port = firstPort + Math.floor(Math.random() * (lastPort - firstPort));
    if (!taken.has(port) && (await isFree(port))) return port;
  }
  throw new Error(`no free port between ${firstPort} and ${lastPort}`);
}

/** Whether a service could listen on the port, on loopback and on every address. */
export async function isFree(port: number): Promise<boolean> {
  for (const host of ["127.0.0.1", "0.0.0.0"]) if (!(await canBind(port, host))) return false;
  return true;
}

function canBind(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
