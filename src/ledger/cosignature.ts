import { concat, malformed, utf8 } from "./bytes.ts";
import { verifyEd25519 } from "./crypto.ts";
import { type NoteSignature, type NoteSigner, noteKey, noteKeyTypes } from "./note.ts";

/** Timestamped Ed25519 cosignatures of checkpoints (type 0x04), C2SP tlog-cosignature. */

/** The last second that we read: a date beyond it is none in this language either. */
const maxSeconds = 8_640_000_000_000;

/** @param seconds POSIX time; `text` is the checkpoint's whole body with its last newline */
export function cosignedMessage(seconds: number, text: string): Uint8Array {
  return utf8(`cosignature/v1\ntime ${seconds}\n${text}`);
}

/** Throws `invalid-input` for a time that is no whole positive number of seconds. */
export async function cosign(
  text: string,
  seconds: number,
  signer: NoteSigner,
): Promise<NoteSignature> {
  if (!Number.isSafeInteger(seconds) || seconds < 1 || seconds > maxSeconds) {
    throw malformed(`${seconds} is no time of a cosignature`);
  }
  const { name, id } = noteKey(signer.name, noteKeyTypes.cosignature, signer.publicKey);
  const timestamp = new Uint8Array(8);
  new DataView(timestamp.buffer).setBigUint64(0, BigInt(seconds));
  const signature = await signer.sign(cosignedMessage(seconds, text));
  return { name, id, signature: concat(timestamp, signature) };
}

/**
 * The time that a right cosignature states, in seconds; null for a wrong one.
 *
 * @param signature 8 bytes of time and 64 of Ed25519
 */
export function verifyCosignature(
  publicKey: Uint8Array,
  text: string,
  signature: Uint8Array,
): number | null {
  if (signature.length !== 72) return null;
  const view = new DataView(signature.buffer, signature.byteOffset, 8);
  const seconds = Number(view.getBigUint64(0));
  // A witness must not leave the time out: 0 says nothing about when.
  if (seconds < 1 || seconds > maxSeconds) return null;
  const right = verifyEd25519(publicKey, cosignedMessage(seconds, text), signature.subarray(8));
  return right ? seconds : null;
}
