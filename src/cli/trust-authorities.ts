import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { TidelockError } from "../model/errors.ts";

/**
 * Trusts the authorities of a PEM file besides the system's, in this process, for every connection that begins later:
 * what NODE_EXTRA_CA_CERTS does at a start.
 *
 * @throws TidelockError `invalid-input` for a file that cannot be read or holds no certificate
 */
export function trustAuthorities(path: string, from: string): void {
  let blocks: readonly string[];
  try {
    const text = readFileSync(path, "utf8");
    const found = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
    blocks = found.map((block) => new X509Certificate(block).toString());
  } catch (error) {
    throw wrong(path, from, error);
  }
  if (blocks.length === 0) throw wrong(path, from);
  setDefaultCACertificates([...new Set([...getCACertificates("default"), ...blocks])]);
}

function wrong(path: string, from: string, cause?: unknown): TidelockError {
  return new TidelockError("invalid-input", "the authorities to trust cannot be read", {
    fault: "operator",
    where: `${path} (${from})`,
    hint: "a file with one or more certificates, PEM, beginning with -----BEGIN CERTIFICATE-----",
    cause,
  });
}
