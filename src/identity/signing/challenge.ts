import { preAuthEncoding, statementPayloadType } from "../../evidence/dsse.ts";
import { sha256 } from "../../ledger/crypto.ts";

/**
 * What an authenticator is asked to sign, whatever the statement is about: SHA-256 of its DSSE encoding. What it is about
 * stands in the statement (its predicate type and all that is asked), so that a signature of one thing is none of another.
 */
export function signingChallenge(payload: Uint8Array): Uint8Array {
  return sha256(preAuthEncoding(statementPayloadType, payload));
}
