import type { Result } from "../../ports/host-agent.ts";
import { isAlive } from "../os/identity.ts";
import { familyOf, processTable, uidsOf } from "../os/process-table.ts";
import { listeningSockets, socketInodes } from "../os/sockets.ts";
import type { Parts } from "../parts.ts";
import type { SlotRunner } from "./slot.ts";
import { ownerOf } from "./owner.ts";

type Listening = Result<"slot.ports">["listening"];

/**
 * Every TCP port that a colour's processes listen on, declared or not, by the kernel's own table: what a
 * scan from outside finds, and what it cannot tell from the ports of others on the same machine. Processes
 * that left their family behind are found by their user, where the deployment has one of its own.
 */
export function portsOf(parts: Parts, runner: SlotRunner): Result<"slot.ports"> {
  const spec = runner.record?.spec ?? null;
  const visible = process.platform === "linux";
  if (spec === null || !visible) return { visible, listening: [], own: [] };
  const table = processTable();
  const listening: Listening = [];
  const seen = new Set<number>();
  const look = (pid: number, instance: string | null): void => {
    if (seen.has(pid)) return;
    seen.add(pid);
    const held = socketInodes(pid);
    for (const { port, address, inode } of listeningSockets(pid)) {
      if (held.has(inode)) listening.push({ instance, pid, port, ...reachOf(address) });
    }
  };
  for (const { record } of runner.instances) {
    if (record.identity === null || !isAlive(record.identity)) continue;
    for (const pid of familyOf(record.identity.pid, table)) {
      look(pid, `${record.process}-${record.index}`);
    }
  }
  const user = spec.bindings === "isolated" ? parts.users.numberOf(ownerOf(spec)) : null;
  if (user !== null) {
    for (const { pid } of table) if (uidsOf(pid)?.includes(user) === true) look(pid, null);
  }
  const own = runner.instances.flatMap(({ record }) => (record.port === null ? [] : [record.port]));
  return { visible, listening, own };
}

/** How far a socket can be reached, by the address it is bound to (as the kernel writes it). */
function reachOf(address: string): { reach: "loopback" | "any" | "address" } {
  if (/^0+$/.test(address) || /^0{16}FFFF0{8}0*$/i.test(address)) return { reach: "any" };
  const mapped = /^0{16}0000FFFF([0-9A-F]{8})$/i.exec(address)?.[1];
  const v4 = mapped ?? (address.length === 8 ? address : null);
  // Little-endian machines write 127.x.y.z with its first number last.
  if (v4 !== null)
    return { reach: v4.endsWith("7F") || v4.startsWith("7F") ? "loopback" : "address" };
  return { reach: address === "00000000000000000000000001000000" ? "loopback" : "address" };
}
