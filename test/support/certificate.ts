import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface TestCertificate {
  readonly certificate: string;
  readonly key: string;
}

/** A fresh self-signed certificate for 127.0.0.1 and localhost, made by the `openssl` program. */
export function makeCertificate(openssl: string, days: number): TestCertificate {
  const folder = mkdtempSync(join(tmpdir(), "tidelock-certificate-"));
  try {
    const [key, certificate] = [join(folder, "key.pem"), join(folder, "certificate.pem")];
    const subject = ["-subj", "/CN=localhost"];
    const names = ["-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"];
    const out = ["-keyout", key, "-out", certificate, "-days", `${days}`];
    const args = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];
    execFileSync(openssl, [...args, "-nodes", ...subject, ...names, ...out], { stdio: "ignore" });
    return { certificate: readFileSync(certificate, "utf8"), key: readFileSync(key, "utf8") };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
