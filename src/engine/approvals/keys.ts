import type { PersonKeys } from "../../identity/approval/signed.ts";
import { type PublicKey, readPublicKey } from "../../evidence/keys.ts";
import type { PersonKeyRow } from "../../store/schema-manual.ts";

/** Keys of a person as a verifier of approvals wants them: files and passkeys apart, as neither signs like the other. */
export function personKeys(rows: readonly PersonKeyRow[]): PersonKeys {
  const keys: PublicKey[] = [];
  const credentials: PersonKeys["credentials"][number][] = [];
  for (const { key_id: id, public_key: pem, webauthn } of rows) {
    if (webauthn !== null) {
      const { credentialId, coseKey, rpId, origins } = webauthn;
      credentials.push({ id, credentialId, coseKey, rpId, origins });
      continue;
    }
    const key = readPublicKey(pem);
    if (key.ok) keys.push(key.value);
  }
  return { keys, credentials };
}
