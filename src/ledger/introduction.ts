import { fromBase64, toBase64, utf8 } from "./bytes.ts";
import { verifyEd25519 } from "./crypto.ts";
import type { NoteKey } from "./note.ts";

/**
 * How a key of a log introduces its successor: it signs the successor's verifier key, and the entry `key.added`
 * carries that. A checkpoint that both have signed says the same; this says it where there is none, because the
 * old key stopped at once. The text begins with its purpose, so that no checkpoint, cosignature or envelope is one.
 */
export interface Introduction {
  /** Verifier key of who signed. */
  readonly by: string;
  /** Ed25519 over `introductionText`, base64. */
  readonly signature: string;
}

/** @param successor verifier key of the log's new key (C2SP signed-note: `name+hash+base64`) */
export function introductionText(successor: string): Uint8Array {
  return utf8(`tidelock-key-introduction/v1\n${successor}\n`);
}

export function makeIntroduction(
  by: string,
  successor: string,
  sign: (message: Uint8Array) => Uint8Array,
): Introduction {
  return { by, signature: toBase64(Uint8Array.from(sign(introductionText(successor)))) };
}

/** Whether `by`, which the caller believes, introduced this key. Never throws. */
export function isIntroducedBy(
  successor: string,
  { signature }: Introduction,
  by: NoteKey,
): boolean {
  try {
    return verifyEd25519(by.publicKey, introductionText(successor), fromBase64(signature));
  } catch {
    return false;
  }
}
