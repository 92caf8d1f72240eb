import { isCertificateText, readCertificateText } from "./openpgp/certificate.ts";
import { isSshKey, readSshKey } from "./ssh/ssh-key.ts";

/** Keys as they are kept that sign commits, and nothing else: OpenSSH's, and OpenPGP certificates. */
export function signsCommits(publicKey: string): boolean {
  return isSshKey(publicKey) || isCertificateText(publicKey);
}

/** What ssh-keygen or gpg prints of such a key, to compare; undefined for other keys. */
export function shownFingerprint(publicKey: string): string | undefined {
  if (isSshKey(publicKey)) {
    const key = readSshKey(publicKey);
    return key.ok ? key.value.fingerprint : undefined;
  }
  const certificate = readCertificateText(publicKey);
  return certificate.ok ? certificate.value.fingerprint.toUpperCase() : undefined;
}
