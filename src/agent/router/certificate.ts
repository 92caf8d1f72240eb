import { readFileSync, statSync } from "node:fs";
import { createSecureContext, type SecureContext, type Server, type TlsOptions } from "node:tls";
import { TidelockError } from "../../model/errors.ts";
import { settings } from "./settings.ts";

/**
 * A certificate and its key, looked at every second. A new pair that works is used for new connections; a
 * broken one (half written, of two different keys, unreadable) is logged once and the old stays.
 */
export class CertificateWatch {
  readonly #paths: { certificate: string; key: string };
  readonly #log: (message: string) => void;
  #seen: string;
  #pem: { cert: Buffer; key: Buffer };
  readonly #servers = new Set<Server>();

  /** @throws TidelockError `invalid-input` when there is no working pair to begin with. */
  constructor(paths: { certificate: string; key: string }, log: (message: string) => void) {
    this.#paths = paths;
    this.#log = log;
    this.#seen = fingerprint(paths);
    try {
      this.#pem = readPair(paths);
    } catch (error) {
      throw new TidelockError("invalid-input", `no usable certificate: ${text(error)}`, {
        where: `${paths.certificate}, ${paths.key}`,
        fault: "operator",
        hint: "both are PEM, readable by the router's user, and belong together",
        cause: error,
      });
    }
  }

  get paths(): { certificate: string; key: string } {
    return this.#paths;
  }

  /** HTTP/1.1 only: a client that speaks nothing but HTTP/2 is refused in the handshake. */
  tlsOptions(): TlsOptions {
    return {
      ...this.#pem,
      minVersion: "TLSv1.2",
      ALPNProtocols: ["http/1.1"],
      handshakeTimeout: settings.headersTimeoutMs,
    };
  }

  attach(server: Server): void {
    this.#servers.add(server);
  }

  detach(server: Server): void {
    this.#servers.delete(server);
  }

  /** Looks once. Called by the router's sweep. */
  poll(): void {
    const now = fingerprint(this.#paths);
    if (now === this.#seen) return;
    this.#seen = now;
    try {
      this.#pem = readPair(this.#paths);
    } catch (error) {
      this.#log(`the new certificate ${this.#paths.certificate} is not used: ${text(error)}`);
      return;
    }
    for (const server of this.#servers) server.setSecureContext(this.tlsOptions());
    this.#log(`the certificate ${this.#paths.certificate} was loaded again`);
  }
}

/** Changes whenever one of the files does, replaced or written in place. */
function fingerprint(paths: { certificate: string; key: string }): string {
  return [paths.certificate, paths.key]
    .map((path) => {
      try {
        const { ino, size, mtimeMs, ctimeMs } = statSync(path);
        return `${ino}:${size}:${mtimeMs}:${ctimeMs}`;
      } catch {
        return "missing";
      }
    })
    .join("|");
}

function readPair(paths: { certificate: string; key: string }): { cert: Buffer; key: Buffer } {
  const pair = { cert: readFileSync(paths.certificate), key: readFileSync(paths.key) };
  // Throws when one is not PEM or the two do not belong together.
  createSecureContext(pair) satisfies SecureContext;
  return pair;
}

function text(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
