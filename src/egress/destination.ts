import { TidelockError } from "../model/errors.ts";
import { printable } from "../model/printable.ts";

/** Where something is to be sent, in one spelling. */
export interface Destination {
  readonly scheme: "http" | "https";
  /** Lower case, without brackets and without a dot at its end; an IPv4 address in dotted decimals. */
  readonly host: string;
  readonly port: number;
  /** `https://host:port`, the port always written: what an allow list is compared with. */
  readonly origin: string;
  /** Path and query, exactly as they go out. */
  readonly path: string;
  /** What the `Host` header says. */
  readonly authority: string;
}

/**
 * Reads an address that somebody gave. Notations that only look different (0x7f.1, 2130706433, a dot at the
 * end, capital letters, [::ffff:127.0.0.1]) come out alike; user information and other schemes are refused.
 *
 * @throws TidelockError `invalid-input`
 */
export function readDestination(text: string): Destination {
  let url: URL;
  try {
    url = new URL(text);
  } catch (cause) {
    throw refused(text, "it is no web address", cause);
  }
  const scheme = url.protocol.slice(0, -1);
  if (scheme !== "http" && scheme !== "https") {
    throw refused(text, `its scheme is ${printable(scheme, 40)}`);
  }
  if (url.username !== "" || url.password !== "") {
    throw refused("", "it carries a user name or a password");
  }
  const host = url.hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "");
  if (host === "" || host.endsWith(".")) throw refused(text, "it names no host");
  const port = url.port === "" ? (scheme === "https" ? 443 : 80) : Number(url.port);
  const bracketed = host.includes(":") ? `[${host}]` : host;
  return {
    scheme,
    host,
    port,
    origin: `${scheme}://${bracketed}:${port}`,
    path: `${url.pathname}${url.search}`,
    authority: url.port === "" ? bracketed : `${bracketed}:${url.port}`,
  };
}

function refused(text: string, why: string, cause?: unknown): TidelockError {
  const shown = text === "" ? "this address" : printable(text, 200);
  return new TidelockError("invalid-input", `nothing is sent to ${shown}: ${why}`, {
    fault: "operator",
    hint: "write http:// or https://, a host and perhaps a port",
    ...(cause === undefined ? {} : { cause }),
  });
}
