import { BlockList, isIP, isIPv4, isIPv6 } from "node:net";

/** What kind of place an IP address is. Only `public` needs nobody's leave. */
export type AddressClass =
  | "public"
  | "loopback"
  | "private"
  | "link-local"
  /** Where clouds hand out credentials to whoever asks from inside. */
  | "metadata"
  | "unspecified"
  | "multicast"
  /** Documentation, benchmarking, tunnels, and what is not assigned. */
  | "reserved";

type Network = readonly [address: string, prefix: number];

/** IANA's special-purpose registries (RFC 6890, RFC 8190), in the order in which they are asked. */
const v4: readonly (readonly [AddressClass, readonly Network[]])[] = [
  [
    "metadata",
    [
      ["169.254.169.254", 32], // AWS, Azure, GCP, OpenStack …
      ["169.254.170.2", 32], // AWS ECS
      ["100.100.100.200", 32], // Alibaba
      ["192.0.0.192", 32], // Oracle
      ["168.63.129.16", 32], // Azure's wire server
    ],
  ],
  ["loopback", [["127.0.0.0", 8]]],
  [
    "private",
    [
      ["10.0.0.0", 8],
      ["172.16.0.0", 12],
      ["192.168.0.0", 16],
      ["100.64.0.0", 10],
    ],
  ],
  ["link-local", [["169.254.0.0", 16]]],
  ["unspecified", [["0.0.0.0", 8]]],
  ["multicast", [["224.0.0.0", 4]]],
  [
    "reserved",
    [
      ["192.0.0.0", 24],
      ["192.0.2.0", 24],
      ["192.88.99.0", 24],
      ["198.18.0.0", 15],
      ["198.51.100.0", 24],
      ["203.0.113.0", 24],
      ["240.0.0.0", 4],
    ],
  ],
];

const v6: readonly (readonly [AddressClass, readonly Network[]])[] = [
  [
    "metadata",
    [
      ["fd00:ec2::", 32], // AWS, EKS
      ["fd20:ce::254", 128], // GCP
      ["fd00:42::42", 128], // Scaleway
    ],
  ],
  ["loopback", [["::1", 128]]],
  ["unspecified", [["::", 128]]],
  ["link-local", [["fe80::", 10]]],
  [
    "private",
    [
      ["fc00::", 7],
      ["fec0::", 10],
    ],
  ],
  ["multicast", [["ff00::", 8]]],
  [
    "reserved",
    [
      ["2001::", 23], // Teredo, ORCHID, benchmarking …
      ["2001:db8::", 32],
      ["2002::", 16], // 6to4: an IPv4 address in disguise
      ["3fff::", 20],
    ],
  ],
];

/** Whatever is not in it is not assigned to anybody on the Internet. */
const globalUnicast: Network = ["2000::", 3];

const lists = {
  ipv4: v4.map(([kind, networks]) => [kind, listOf(networks, "ipv4")] as const),
  ipv6: v6.map(([kind, networks]) => [kind, listOf(networks, "ipv6")] as const),
  global: listOf([globalUnicast], "ipv6"),
};

function listOf(networks: readonly Network[], family: "ipv4" | "ipv6"): BlockList {
  const list = new BlockList();
  for (const [address, prefix] of networks) list.addSubnet(address, prefix, family);
  return list;
}

/**
 * Classifies an address as `dns.lookup` writes it (with or without a zone). IPv6 that carries an IPv4 address
 * (mapped, compatible, NAT64) is what the address inside is. Anything that is no IP address is `reserved`.
 */
export function classifyAddress(text: string): AddressClass {
  const address = text.replace(/%.*$/, "");
  if (isIPv4(address)) {
    return lists.ipv4.find(([, list]) => list.check(address, "ipv4"))?.[0] ?? "public";
  }
  if (!isIPv6(address)) return "reserved";
  const special = lists.ipv6.find(([, list]) => list.check(address, "ipv6"))?.[0];
  if (special !== undefined) return special;
  const inside = embeddedIPv4(address);
  if (inside !== null) return classifyAddress(inside);
  return lists.global.check(address, "ipv6") ? "public" : "reserved";
}

/** The IPv4 address in ::ffff:0:0/96, ::/96 and 64:ff9b::/96, or null. */
export function embeddedIPv4(address: string): string | null {
  const words = wordsOf(address);
  if (words === null) return null;
  const [first = 0, second = 0] = words;
  const middle = words.slice(2, 5);
  const sixth = words[5] ?? 0;
  const zeros = middle.every((word) => word === 0);
  const carries =
    (first === 0 && second === 0 && zeros && (sixth === 0xffff || sixth === 0)) ||
    (first === 0x64 && second === 0xff9b && zeros && sixth === 0);
  if (!carries) return null;
  return words
    .slice(6)
    .flatMap((word) => [word >> 8, word & 255])
    .join(".");
}

/** The eight 16-bit words of an IPv6 address. */
function wordsOf(address: string): readonly number[] | null {
  if (!isIPv6(address)) return null;
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address);
  const hex = (high: string | undefined, low: string | undefined) =>
    ((Number(high) << 8) | Number(low)).toString(16);
  const plain =
    dotted === null
      ? address
      : `${dotted[1]}${hex(dotted[2], dotted[3])}:${hex(dotted[4], dotted[5])}`;
  const [head = "", tail] = plain.split("::");
  const numbers = (text: string) =>
    text === "" ? [] : text.split(":").map((word) => Number.parseInt(word, 16));
  if (tail === undefined) return numbers(head);
  const [before, after] = [numbers(head), numbers(tail)];
  return [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after];
}

/** One spelling for one address, so that two can be compared: IPv4 inside IPv6 is IPv4. */
export function sameAddress(a: string, b: string): boolean {
  return canonical(a) === canonical(b);
}

function canonical(text: string): string {
  const address = text.replace(/%.*$/, "").toLowerCase();
  if (isIP(address) !== 6) return address;
  return embeddedIPv4(address) ?? (wordsOf(address) ?? []).join(":");
}
