import { concat, sameBytes } from "../../evidence/bytes.ts";
import type { PasskeyUse } from "../../model/webauthn.ts";
import { hexToBytes } from "@noble/hashes/utils.js";

/**
 * What an authenticator keeps as the user of a passkey (WebAuthn §5.4.3): the pseudonym, no name. Passkeys for approvals
 * are another user's to it, so that one for sign-in never takes the place of one, and each of them is its own.
 */
const kinds: Readonly<Record<PasskeyUse, number>> = { "sign-in": 1, approval: 2 };

/** @param more random bytes where there may be several side by side */
export function userHandle(
  use: PasskeyUse,
  person: string,
  more: Uint8Array = new Uint8Array(),
): Uint8Array {
  return concat(Uint8Array.of(kinds[use]), hexToBytes(person.replace(/^person:/, "")), more);
}

export function isHandleOf(handle: Uint8Array, person: string): boolean {
  return sameBytes(handle, userHandle("sign-in", person));
}
