import { BlockList, isIP } from "node:net";

/** Says whether a peer may tell us who the client is (its X-Forwarded-* and Forwarded are believed). */
export type TrustedProxies = (address: string) => boolean;

/**
 * Compiles addresses and CIDR ranges (`10.0.0.0/8`, `::1`).
 * @throws Error naming the entry that is neither.
 */
export function compileTrustedProxies(entries: readonly string[]): TrustedProxies {
  if (entries.length === 0) return () => false;
  const list = new BlockList();
  for (const entry of entries) addEntry(list, entry);
  return (address) => {
    const family = isIP(address);
    return family !== 0 && list.check(address, family === 6 ? "ipv6" : "ipv4");
  };
}

function addEntry(list: BlockList, entry: string): void {
  const [address = "", prefix, ...rest] = entry.split("/");
  const family = isIP(address);
  const type = family === 6 ? "ipv6" : "ipv4";
  const bits = prefix === undefined ? undefined : Number(prefix);
  const most = family === 6 ? 128 : 32;
  const badPrefix =
    prefix !== undefined && (!/^\d{1,3}$/.test(prefix) || bits === undefined || bits > most);
  if (family === 0 || rest.length > 0 || badPrefix) {
    throw new Error(`"${entry}" is not an IP address or CIDR range`);
  }
  if (bits === undefined) list.addAddress(address, type);
  else list.addSubnet(address, bits, type);
}

/** `::ffff:10.0.0.1`, as a dual-stack socket reports it, is 10.0.0.1. */
export function plainAddress(address: string | undefined): string {
  if (address === undefined) return "unknown";
  return address.startsWith("::ffff:") && address.includes(".") ? address.slice(7) : address;
}
