import type { ServerLog } from "../log.ts";
import { asTidelockError } from "../../model/errors.ts";
import { type Certificate, type CertificateFiles, readCertificate } from "./certificate.ts";

/** How often the files are looked at. Milliseconds. */
const lookMs = 10_000;
/** An end that is so near is said. Milliseconds. */
const soonMs = 14 * 86_400_000;

/** A certificate that is looked at again and again. */
export interface Renewal {
  readonly current: Certificate;
  /** Looks at once (SIGHUP). */
  look(): void;
  stop(): void;
}

/**
 * Hands a renewed certificate on without a restart: connections that stand go on, new ones get the new one. Files that do
 * not fit together, as they may not while they are being replaced, are said in the log and looked at again; until they do,
 * the old certificate serves.
 *
 * @throws TidelockError `invalid-input` when the first one cannot be used
 */
export function watchCertificate(
  files: CertificateFiles,
  log: ServerLog,
  renewed: (certificate: Certificate) => void,
  everyMs: number = lookMs,
): Renewal {
  let current = readCertificate(files);
  let said = "";
  let warned = 0;
  const look = (): void => {
    try {
      const read = readCertificate(files);
      said = "";
      if (read.fingerprint !== current.fingerprint) {
        current = read;
        renewed(read);
        log.info("certificate renewed", { validTo: read.validTo.toISOString() });
      }
    } catch (error) {
      const { message, where, hint } = asTidelockError(error);
      if (said !== message) log.error("certificate not renewed", { message, where, hint });
      said = message;
    }
    const day = Math.floor(Date.now() / 86_400_000);
    if (current.validTo.getTime() - Date.now() < soonMs && warned !== day) {
      warned = day;
      log.warn("certificate ends soon", { validTo: current.validTo.toISOString() });
    }
  };
  look();
  const timer = setInterval(look, everyMs).unref();
  return {
    get current() {
      return current;
    },
    look,
    stop: () => clearInterval(timer),
  };
}
