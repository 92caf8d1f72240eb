import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { networkInterfaces } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { TidelockError } from "../model/errors.ts";
import { type AddressClass, classifyAddress, sameAddress } from "./address.ts";
import { type Destination, readDestination } from "./destination.ts";

/** Every address of a name, in the order in which they should be tried. */
export type Resolver = (host: string) => Promise<readonly string[]>;

/** Who may be reached. It comes from the server's owner, but for what `authored` marks. */
export interface EgressRules {
  /** Origins (`http://127.0.0.1:4100`) that may be reached wherever they are. */
  readonly allow?: readonly string[];
  /** Nothing but `allow`, however public: for checks, which send nothing outside their declared origin. */
  readonly onlyAllowed?: boolean;
  /**
   * `allow` was written by a pipeline's author. It still reaches the author's own networks and services of this
   * machine, but no metadata service, nothing on the local link, and none of these ports of this machine: Tidelock's own.
   */
  readonly authored?: { readonly ownPorts: readonly number[] };
  readonly resolver?: Resolver;
  /** How long a name server may take. Default 5,000; the system's own limits reach half a minute and more. */
  readonly resolveMs?: number;
  /** Addresses of this machine; by default those of its interfaces. On them are Tidelock's own ports. */
  readonly ownAddresses?: readonly string[];
}

const systemResolver: Resolver = async (host) =>
  (await lookup(host, { all: true, verbatim: true })).map(({ address }) => address);

const why: Readonly<Record<Exclude<AddressClass, "public">, string>> = {
  loopback: "this machine itself",
  private: "a private network",
  "link-local": "the local link",
  metadata: "a cloud's metadata service",
  unspecified: "no address at all",
  multicast: "a multicast group",
  reserved: "a reserved network",
};

/**
 * Resolves a destination once and gives the addresses to connect to, best first, or refuses. A name with several
 * addresses is refused when one of them is: whoever answers for it could send us to that one.
 *
 * @throws TidelockError `forbidden` when the rules do not allow it, `unavailable` when the name is unknown
 */
export async function pinAddresses(
  destination: Destination,
  rules: EgressRules,
): Promise<readonly string[]> {
  const allowed = (rules.allow ?? []).some((origin) => sameOrigin(origin, destination));
  if (!allowed && rules.onlyAllowed === true) {
    throw forbidden(destination, "it is not the declared origin");
  }
  const addresses = await resolve(destination.host, rules);
  if (addresses.length === 0) throw unknown(destination.host);
  const own = rules.ownAddresses ?? ownAddresses();
  if (allowed) {
    if (rules.authored) refuseAuthored(destination, addresses, own, rules.authored.ownPorts);
    return addresses;
  }
  for (const address of addresses) {
    const kind = classifyAddress(address);
    if (kind !== "public") throw forbidden(destination, `${address} is ${why[kind]}`);
    if (own.some((one) => sameAddress(one, address))) {
      throw forbidden(destination, `${address} is this machine itself`);
    }
  }
  return addresses;
}

const authorsMayReach: readonly AddressClass[] = ["public", "private", "loopback"];

function refuseAuthored(
  destination: Destination,
  addresses: readonly string[],
  own: readonly string[],
  ownPorts: readonly number[],
): void {
  for (const address of addresses) {
    const kind = classifyAddress(address);
    if (kind !== "public" && !authorsMayReach.includes(kind)) {
      throw forbidden(destination, `${address} is ${why[kind]}`, "a pipeline cannot ask there");
    }
    const here = kind === "loopback" || own.some((one) => sameAddress(one, address));
    if (here && ownPorts.includes(destination.port)) {
      throw forbidden(destination, "Tidelock itself listens there", "a pipeline cannot ask there");
    }
  }
}

export function sameOrigin(origin: string, destination: Destination): boolean {
  return readDestination(origin).origin === destination.origin;
}

async function resolve(
  host: string,
  { resolver = systemResolver, resolveMs = 5_000 }: EgressRules,
): Promise<readonly string[]> {
  if (isIP(host) !== 0) return [host];
  // Names of this machine need no server's answer, and must not get another one (RFC 6761 6.3).
  if (host === "localhost" || host.endsWith(".localhost")) return ["127.0.0.1", "::1"];
  const over = new AbortController();
  const limit = sleep(resolveMs, null, { signal: over.signal }).catch(() => null);
  try {
    // What comes after the limit is nobody's any more.
    const addresses = await Promise.race([resolver(host), limit]);
    if (addresses === null) throw tooSlow(host, resolveMs);
    return addresses.filter((address) => isIP(address.replace(/%.*$/, "")) !== 0);
  } catch (cause) {
    throw cause instanceof TidelockError ? cause : unknown(host, cause);
  } finally {
    over.abort();
  }
}

function ownAddresses(): readonly string[] {
  return Object.values(networkInterfaces()).flatMap((all) =>
    (all ?? []).map(({ address }) => address),
  );
}

function forbidden(
  { origin }: Destination,
  reason: string,
  hint = "the server's owner can allow this origin",
): TidelockError {
  return new TidelockError("forbidden", `nothing is sent to ${origin}: ${reason}`, {
    fault: "operator",
    where: origin,
    hint,
  });
}

function tooSlow(host: string, ms: number): TidelockError {
  return new TidelockError("unavailable", `no name server answered for ${host} within ${ms} ms`, {
    retryable: true,
    where: host,
  });
}

function unknown(host: string, cause?: unknown): TidelockError {
  return new TidelockError("unavailable", `the host name ${host} is unknown`, {
    retryable: true,
    where: host,
    ...(cause === undefined ? {} : { cause }),
  });
}
