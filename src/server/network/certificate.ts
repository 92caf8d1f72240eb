import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { isIP } from "node:net";
import type { SecureContextOptions } from "node:tls";
import { TidelockError } from "../../model/errors.ts";

/** Where a certificate lies: PEM, the server's own first, then what leads to its authority. */
export interface CertificateFiles {
  readonly certificate: string;
  readonly key: string;
}

export interface Certificate {
  readonly context: SecureContextOptions;
  /** Of the server's own, `AB:CD:…`. */
  readonly fingerprint: string;
  readonly validTo: Date;
  covers(name: string): boolean;
}

/**
 * Reads both files and refuses what browsers and clients would refuse later, in words.
 *
 * @throws TidelockError `invalid-input` for files that cannot be read, do not belong together, are not valid now, or a
 *   key that everybody on this machine may read
 */
export function readCertificate(files: CertificateFiles, now: Date = new Date()): Certificate {
  const cert = read(files.certificate, "--tls-cert");
  const key = read(files.key, "--tls-key");
  const mode = statSync(files.key).mode & 0o777;
  if ((mode & 0o007) !== 0) {
    throw wrong(`everybody on this machine may read the key (mode ${mode.toString(8)})`, files.key, "chmod 640 or 600 it, and have a new key certified if somebody may have read this one"); // prettier-ignore
  }
  const own = parse(cert, files.certificate);
  if (!own.checkPrivateKey(privateKey(key, files.key))) {
    throw wrong("certificate and key do not belong together", `${files.certificate}, ${files.key}`, "the certificate was issued for another key; in a file with several, the server's own comes first"); // prettier-ignore
  }
  const [from, to] = [own.validFromDate, own.validToDate];
  if (now > to) throw wrong(`the certificate ended on ${to.toISOString()}`, files.certificate, "renew it; the server reads the files again by itself"); // prettier-ignore
  if (now < from) throw wrong(`the certificate begins on ${from.toISOString()}`, files.certificate, "is the clock of this machine right?"); // prettier-ignore
  return {
    // TLS 1.0 and 1.1 are dead (RFC 8996).
    context: { cert, key, minVersion: "TLSv1.2" },
    fingerprint: own.fingerprint256,
    validTo: to,
    covers: (name) => (isIP(name) === 0 ? own.checkHost(name) : own.checkIP(name)) !== undefined,
  };
}

function read(path: string, where: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why =
      code === "ENOENT"
        ? "is not there"
        : code === "EACCES"
          ? "may not be read by this user"
          : `cannot be read (${code ?? String(error)})`;
    throw wrong(`${path} ${why}`, where, "PEM files, readable by the user that the server runs as");
  }
}

function parse(pem: string, path: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch {
    throw wrong("this is no certificate", path, "PEM, beginning with -----BEGIN CERTIFICATE-----");
  }
}

function privateKey(pem: string, path: string): KeyObject {
  if (/ENCRYPTED/.test(pem)) {
    throw wrong("the key is sealed with a passphrase, which nobody types at a start", path, "openssl pkey -in sealed.pem -out key.pem, and chmod 600"); // prettier-ignore
  }
  try {
    return createPrivateKey(pem);
  } catch {
    throw wrong("this is no private key", path, "PEM, beginning with -----BEGIN PRIVATE KEY-----");
  }
}

function wrong(message: string, where: string, hint: string): TidelockError {
  return new TidelockError("invalid-input", message, { fault: "operator", where, hint });
}
