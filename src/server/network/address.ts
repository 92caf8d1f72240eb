import { isIP } from "node:net";

/** IP addresses as sockets and proxies name them, in one form. */

/** Without brackets, zone and the IPv6 dress of an IPv4 address; null when it is none. */
export function plainAddress(text: string | undefined): string | null {
  const bare = (text ?? "")
    .trim()
    .replace(/^\[|\]$/g, "")
    .replace(/%.*$/, "")
    .toLowerCase();
  if (isIP(bare) === 4) return bare;
  if (isIP(bare) !== 6) return null;
  // One spelling for each: `0:0::1` is `::1`.
  const canonical = new URL(`http://[${bare}]/`).hostname.slice(1, -1);
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(canonical);
  if (!mapped) return canonical;
  const [high, low] = [Number.parseInt(mapped[1] ?? "", 16), Number.parseInt(mapped[2] ?? "", 16)];
  return [high >> 8, high & 255, low >> 8, low & 255].join(".");
}

/** 127.0.0.0/8 and ::1 (RFC 1122 3.2.1.3, RFC 4291 2.5.3): never leaves the machine. */
export function isLoopback(address: string | null): boolean {
  return address !== null && (address === "::1" || address.startsWith("127."));
}

/**
 * Who is counted together: a /24, or a /48, which is what one subscriber may fill with addresses. Whoever asks on this
 * machine is one, by IPv6 as well: a browser takes now `::1` and now 127.0.0.1 for `localhost`.
 */
export function networkOf(address: string): string {
  if (address === "::1") return networkOf("127.0.0.1");
  if (!address.includes(":")) return `${address.split(".").slice(0, 3).join(".")}.0/24`;
  const [head = "", tail = ""] = address.split("::");
  const left = head.split(":").filter(Boolean);
  const right = tail.split(":").filter(Boolean);
  const zeros = Array.from({ length: Math.max(0, 8 - left.length - right.length) }, () => "0");
  return `${[...left, ...zeros, ...right].slice(0, 3).join(":")}::/48`;
}
