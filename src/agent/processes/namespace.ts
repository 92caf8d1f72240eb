import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync } from "node:fs";
import { promisify } from "node:util";
import { z } from "zod";
import { TidelockError } from "../../model/errors.ts";

/**
 * A network of its own for a program whose port cannot be told to it: every replica listens on the same
 * port, each at an address of its own. The namespace (ip-netns(8)) is joined to the machine by a pair of
 * virtual interfaces; from inside, the machine's own addresses can be reached, and nothing beyond them,
 * as no address is translated for it. Needs Linux, root, `ip` and `nsenter`.
 */
export interface Namespace {
  /** Where the service is reached from outside. */
  readonly address: string;
  /** Put in front of an argv: enters the namespace and becomes the program. Must run as root. */
  readonly enter: readonly string[];
}

const ip = ["/usr/sbin/ip", "/sbin/ip", "/usr/bin/ip"].find((path) => existsSync(path));
const nsenter = "/usr/bin/nsenter";
const setpriv = "/usr/bin/setpriv";
const namespaces = "/run/netns";

/** Blocks of four addresses out of 10.213.0.0/16: network, the machine's end, the service's end, broadcast. */
const blocks = 16_384;
const attempts = 64;

/** Throws `unsupported` with what is missing. */
export function requireNamespaces(): void {
  const missing =
    process.platform !== "linux"
      ? "it is no Linux"
      : process.getuid?.() !== 0
        ? "the agent does not run as root"
        : ip === undefined || !existsSync(nsenter) || !existsSync(setpriv)
          ? "the programs ip, nsenter and setpriv are needed (iproute2, util-linux)"
          : null;
  if (missing === null) return;
  throw new TidelockError(
    "unsupported",
    `this machine runs no service in a network namespace: ${missing}`,
    {
      where: "processes.*.port",
      fault: "operator",
      hint: "use `port: variable` or `port: argument`",
    },
  );
}

/** Makes the network of one instance, fresh. */
export async function makeNamespace(agentId: string, instance: string): Promise<Namespace> {
  await removeNamespace(agentId, instance);
  const name = namespaceName(agentId, instance);
  const outer = interfaceName(agentId, instance);
  const { machine, service } = await freeAddresses(name);
  await run("netns", "add", name);
  try {
    await run("link", "add", outer, "type", "veth", "peer", "name", "eth0", "netns", name);
    await run("addr", "add", `${machine}/30`, "dev", outer);
    await run("link", "set", outer, "up");
    await run("-n", name, "link", "set", "lo", "up");
    await run("-n", name, "addr", "add", `${service}/30`, "dev", "eth0");
    await run("-n", name, "link", "set", "eth0", "up");
    await run("-n", name, "route", "add", "default", "via", machine);
  } catch (error) {
    await removeNamespace(agentId, instance);
    throw error;
  }
  return { address: service, enter: [nsenter, `--net=${namespaces}/${name}`, "--"] };
}

/** Removes it with its interfaces; one that is not there is fine. */
export async function removeNamespace(agentId: string, instance: string): Promise<void> {
  const name = namespaceName(agentId, instance);
  if (!existsSync(`${namespaces}/${name}`)) return;
  await run("link", "del", interfaceName(agentId, instance)).catch(() => undefined);
  await run("netns", "del", name);
}

/** Removes the networks of instances that are on nobody's record any more. */
export async function removeStrayNamespaces(
  agentId: string,
  instances: ReadonlySet<string>,
): Promise<void> {
  if (!existsSync(namespaces) || process.getuid?.() !== 0) return;
  const known = new Set([...instances].map((instance) => namespaceName(agentId, instance)));
  const prefix = namespaceName(agentId, "").slice(0, -hashLength);
  for (const name of readdirSync(namespaces)) {
    if (!name.startsWith(prefix) || known.has(name)) continue;
    await run("netns", "del", name).catch(() => undefined);
  }
}

const hashLength = 10;

function namespaceName(agentId: string, instance: string): string {
  return `tl-${agentId.slice(0, 8)}-${hashOf(agentId, instance)}`;
}

/** At most fifteen bytes (IFNAMSIZ). */
function interfaceName(agentId: string, instance: string): string {
  return `tl${hashOf(agentId, instance)}`;
}

function hashOf(agentId: string, instance: string): string {
  return createHash("sha256").update(`${agentId}/${instance}`).digest("hex").slice(0, hashLength);
}

const Addresses = z.array(
  z.object({ addr_info: z.array(z.object({ local: z.string().optional() })).default([]) }),
);

async function freeAddresses(name: string): Promise<{ machine: string; service: string }> {
  const interfaces = Addresses.parse(JSON.parse(await run("-j", "-4", "addr", "show")));
  const used = new Set(interfaces.flatMap(({ addr_info: all }) => all.map(({ local }) => local)));
  const first = Number.parseInt(createHash("sha256").update(name).digest("hex").slice(0, 8), 16);
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const block = (first + attempt) % blocks;
    const base = `10.213.${block >> 6}`;
    const last = (block & 63) * 4;
    const machine = `${base}.${last + 1}`;
    if (!used.has(machine)) return { machine, service: `${base}.${last + 2}` };
  }
  throw new TidelockError("unavailable", "no free addresses for a network namespace", {
    where: "10.213.0.0/16",
    retryable: true,
  });
}

async function run(...args: readonly string[]): Promise<string> {
  requireNamespaces();
  return (await promisify(execFile)(ip ?? "ip", args, { env: {}, timeout: 10_000 })).stdout;
}
