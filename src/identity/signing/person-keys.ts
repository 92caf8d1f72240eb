import { type PublicKey, readPublicKey } from "../../evidence/keys.ts";
import type { Credential } from "../../model/webauthn.ts";
import type { PersonKeys } from "./signed.ts";

/** A key as it was enrolled: in PEM, or a passkey. */
export interface EnrolledKey {
  readonly key_id: string;
  readonly public_key: string;
  readonly webauthn: Credential | null;
}

/** Keys of a person as a verifier of approvals wants them: files and passkeys apart, as neither signs like the other. */
export function personKeysOf(rows: readonly EnrolledKey[]): PersonKeys {
  const keys: PublicKey[] = [];
  const credentials: PersonKeys["credentials"][number][] = [];
  for (const { key_id: id, public_key: pem, webauthn } of rows) {
    if (webauthn !== null) {
      credentials.push({ id, ...webauthn });
      continue;
    }
    const key = readPublicKey(pem);
    if (key.ok) keys.push(key.value);
  }
  return { keys, credentials };
}
