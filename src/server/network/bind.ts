import { lookup } from "node:dns/promises";
import { TidelockError } from "../../model/errors.ts";
import { isLoopback, plainAddress } from "./address.ts";

/**
 * The addresses that `--listen` means, each of them a number: what a name resolves to now is what is listened on, so
 * that nobody moves it afterwards. Empty: both loopback addresses.
 *
 * @throws TidelockError `invalid-input` for what is no address; `forbidden` where tokens would cross a network in the
 *   clear: beyond loopback without a certificate and without a proxy that is trusted
 */
export async function addressesToBind(
  listen: readonly string[],
  protection: { readonly certificate: boolean; readonly proxies: readonly string[] },
): Promise<readonly string[]> {
  const addresses: string[] = [];
  for (const text of listen) {
    for (const address of await resolve(text)) {
      if (!addresses.includes(address)) addresses.push(address);
      if (isLoopback(address) || protection.certificate || protection.proxies.length > 0) continue;
      throw new TidelockError(
        "forbidden",
        `${named(text, address)} can be reached from other machines, and nothing would be encrypted: everybody between could read tokens`,
        {
          fault: "operator",
          where: `--listen ${text}`,
          hint: "give a certificate with --tls-cert and --tls-key; or name the proxy in front that speaks TLS, e.g. --trusted-proxy 10.0.0.7; or leave --listen out and stay on this machine",
        },
      );
    }
  }
  return addresses;
}

async function resolve(text: string): Promise<readonly string[]> {
  const number = plainAddress(text);
  if (number !== null) return [number];
  if (!/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/i.test(text)) {
    throw wrong(text, "write an address or a name, without port or scheme, e.g. 10.0.0.5 or ::");
  }
  const found = await lookup(text, { all: true }).catch((error: unknown) => {
    throw wrong(text, "no address was found for this name", error);
  });
  return found.flatMap(({ address }) => plainAddress(address) ?? []);
}

function named(text: string, address: string): string {
  if (address === "0.0.0.0" || address === "::") return `${text} (every address of this machine)`;
  return plainAddress(text) === null ? `${text} (${address})` : text;
}

function wrong(text: string, hint: string, cause?: unknown): TidelockError {
  return new TidelockError("invalid-input", `cannot listen on ${text}`, {
    fault: "operator",
    where: "--listen",
    hint,
    cause,
  });
}
