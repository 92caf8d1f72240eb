import { concat, digestBytes, utf8 } from "../../evidence/bytes.ts";
import { bad, good, type Result } from "../../evidence/result.ts";
import { hmacSha256, sha256 } from "../../ledger/crypto.ts";
import type { Digest } from "../../model/primitives.ts";
import { type ChallengePurpose, challengeStart, isChallengeFor } from "./challenge-kind.ts";

/**
 * Challenges that a server need not remember until they are used, so that nobody can fill its memory: purpose, a nonce,
 * the end and a code over all of that and over what the challenge is bound to. Whoever takes one remembers it until it
 * ends, so that it counts once.
 */

/** So long somebody may take to touch a key. Milliseconds. */
export const challengeLifeMs = 300_000;

const nonceLength = 16;
const macLength = 32;

export interface ChallengeTerms {
  readonly purpose: ChallengePurpose;
  /** The browser or session that it is for. */
  readonly binding: string;
}

/**
 * @param key 32 random bytes of the installation
 * @param nonce 16 random bytes
 * @param now milliseconds since 1970
 */
export function makeChallenge(
  key: Uint8Array,
  terms: ChallengeTerms,
  { nonce, now }: { readonly nonce: Uint8Array; readonly now: number },
): Uint8Array {
  if (nonce.length !== nonceLength) throw new RangeError("a nonce has 16 bytes");
  const body = concat(challengeStart(terms.purpose), nonce, timeBytes(now + challengeLifeMs));
  return concat(body, codeOf(key, body, terms.binding));
}

export interface TakenChallenge {
  /** Of the whole challenge: remembered until it ends. */
  readonly digest: Digest;
  /** Milliseconds since 1970. */
  readonly ends: number;
}

/** Whether this server made it, for this purpose and whoever it is bound to, and not too long ago. */
export function readChallenge(
  key: Uint8Array,
  challenge: Uint8Array,
  { purpose, binding }: ChallengeTerms,
  now: number,
): Result<TakenChallenge> {
  const start = challengeStart(purpose);
  const length = start.length + nonceLength + 8 + macLength;
  if (challenge.length !== length || !isChallengeFor(challenge, purpose)) {
    return bad("its challenge is that of something else");
  }
  const body = challenge.subarray(0, length - macLength);
  if (!sameSecret(challenge.subarray(length - macLength), codeOf(key, body, binding))) {
    return bad("its challenge was not given to this browser");
  }
  const at = new DataView(body.buffer, body.byteOffset + start.length + nonceLength, 8);
  const ends = Number(at.getBigUint64(0));
  if (now >= ends) return bad("its challenge has expired");
  // A clock that jumped back would make it live longer than anybody meant.
  if (ends - now > challengeLifeMs) return bad("its challenge is from the future");
  return good({ digest: digestBytes(challenge), ends });
}

function codeOf(key: Uint8Array, body: Uint8Array, binding: string): Uint8Array {
  return hmacSha256(key, concat(body, sha256(utf8(binding))));
}

function timeBytes(ms: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(Math.trunc(ms)));
  return bytes;
}

/** In a time that does not tell how much of it is right. */
function sameSecret(a: Uint8Array, b: Uint8Array): boolean {
  let different = a.length ^ b.length;
  for (let at = 0; at < b.length; at += 1) different |= (a[at] ?? 0) ^ (b[at] ?? 0);
  return different === 0;
}
