import { decodeBase64, digestBytes, utf8 } from "../../evidence/bytes.ts";
import { readJson } from "../../evidence/read-json.ts";
import { bad, good, type Result } from "../../evidence/result.ts";
import { Credential } from "../../model/webauthn.ts";
import { readCoseKey } from "./cose-key.ts";

/** A passkey where a public key stands in PEM: one line of text, so that people sign an enrolment of either. */
const prefix = "webauthn:";

export function passkeyText(credential: Credential): string {
  const { credentialId, coseKey, rpId, origins, aaguid, backupEligible } = credential;
  return `${prefix}${JSON.stringify({ credentialId, coseKey, rpId, origins, aaguid, backupEligible })}`;
}

export function isPasskey(text: string): boolean {
  return text.startsWith(prefix);
}

/** The credential, and its key's id: SHA-256 of the COSE key. */
export function readPasskey(
  text: string,
): Result<{ readonly id: string; readonly credential: Credential }> {
  if (!isPasskey(text)) return bad("this is no passkey");
  const read = readJson(utf8(text.slice(prefix.length)), Credential, "the passkey");
  if (!read.ok) return read;
  const { rpId, origins, coseKey } = read.value;
  // A relying party is a name (WebAuthn §5.1.2), and a passkey is used where it was made.
  if (!/^(?=.{1,253}$)[a-z0-9-]+(\.[a-z0-9-]+)*$/.test(rpId) || /^[\d.]+$/.test(rpId)) {
    return bad(`${rpId} is no domain`);
  }
  const elsewhere = origins.find((origin) => !belongs(origin, rpId));
  if (elsewhere !== undefined) return bad(`${elsewhere} is no secure origin of ${rpId}`);
  const bytes = decodeBase64(coseKey);
  const key = bytes === null ? bad("its key is not base64url") : readCoseKey(bytes);
  if (!key.ok || bytes === null) return key.ok ? bad("its key is not base64url") : key;
  return good({ id: digestBytes(bytes), credential: read.value });
}

function belongs(origin: string, rpId: string): boolean {
  const parsed = URL.canParse(origin) ? new URL(origin) : null;
  if (parsed === null || parsed.origin !== origin) return false;
  const { hostname, protocol } = parsed;
  const own = hostname === rpId || hostname.endsWith(`.${rpId}`);
  return own && (protocol === "https:" || (protocol === "http:" && hostname === "localhost"));
}
