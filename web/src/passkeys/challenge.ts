import {
  type ChallengePurpose,
  isChallengeFor,
} from "../../../src/identity/passkeys/challenge-kind.ts";
import { fromBase64url } from "./base64url.ts";

/**
 * A challenge of the server, if it says of itself that it is for this and cannot be an approval's. Whatever a server may
 * have become: this page lets no authenticator sign 32 bytes that somebody else has chosen.
 */
export function challengeFor(text: string, purpose: ChallengePurpose): Uint8Array<ArrayBuffer> {
  const bytes = fromBase64url(text);
  if (isChallengeFor(bytes, purpose)) return bytes;
  throw new Error("The server asked for a signature of something else. Nothing was signed.");
}
