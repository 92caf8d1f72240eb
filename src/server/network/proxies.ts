import { BlockList, isIP } from "node:net";
import { TidelockError } from "../../model/errors.ts";
import { plainAddress } from "./address.ts";

/**
 * Whose word counts about who asks (`X-Forwarded-For`) and how they came (`X-Forwarded-Proto`). What the page tells people to
 * write into HAProxy and nginx is tried with those programs in test/proxies.
 */
export interface TrustedProxies {
  /** As they were given, for messages. */
  readonly given: readonly string[];
  trusts(address: string | undefined): boolean;
}

/** The widest that somebody can mean by "my proxies": 10.0.0.0/8, fc00::/7. */
const widest = { 4: 8, 6: 7 } as const;

/**
 * @param given addresses or networks, `10.0.0.7` or `10.0.0.0/8`
 * @throws TidelockError `invalid-input` for what is no network, or so wide that everybody would be trusted
 */
export function trustedProxies(given: readonly string[]): TrustedProxies {
  const list = new BlockList();
  for (const text of given) {
    const [, host = "", bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text.trim()) ?? [];
    const address = plainAddress(host);
    const version = isIP(address ?? "");
    if (address === null || (version !== 4 && version !== 6)) throw wrong(text, "write an address or a network, e.g. 10.0.0.7 or 10.0.0.0/24"); // prettier-ignore
    const most = version === 4 ? 32 : 128;
    const prefix = bits === undefined ? most : Number(bits);
    if (prefix > most) throw wrong(text, `the number behind the slash is at most ${most}`);
    if (prefix < widest[version]) throw wrong(text, `it trusts too many; name the proxies, at most a /${widest[version]}`); // prettier-ignore
    list.addSubnet(address, prefix, version === 4 ? "ipv4" : "ipv6");
  }
  return {
    given,
    trusts: (raw) => {
      const address = plainAddress(raw);
      return address !== null && list.check(address, address.includes(":") ? "ipv6" : "ipv4");
    },
  };
}

/** Nobody's word counts but the connection's. */
export const noProxies: TrustedProxies = { given: [], trusts: () => false };

function wrong(text: string, hint: string): TidelockError {
  return new TidelockError("invalid-input", `${text} names no proxies to trust`, {
    fault: "operator",
    where: "--trusted-proxy",
    hint,
  });
}
