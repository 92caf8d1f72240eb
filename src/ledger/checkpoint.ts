import {
  equalBytes,
  fromBase64,
  isCount,
  malformed,
  parseDecimal,
  toBase64,
  utf8,
} from "./bytes.ts";
import { verifyCosignature } from "./cosignature.ts";
import { verifyEd25519 } from "./crypto.ts";
import { hashLength } from "./hash.ts";
import { type Note, type NoteKey, type NoteSignature, noteKeyTypes, parseNote } from "./note.ts";

/** A tree's size and root under the log's name, C2SP tlog-checkpoint. */
export interface Checkpoint {
  /** Which log: the first line. */
  readonly origin: string;
  readonly size: number;
  readonly root: Uint8Array;
  /** Further lines; we write none, and they mean nothing to us. */
  readonly extensions: readonly string[];
}

/** The note's text, with its last newline. Throws `invalid-input` for what no checkpoint can say. */
export function formatCheckpoint(checkpoint: Omit<Checkpoint, "extensions">): string {
  const { origin, size, root } = checkpoint;
  if (!isCount(size)) throw malformed(`${size} is no size of a tree`);
  const text = `${origin}\n${size}\n${toBase64(root)}\n`;
  parseCheckpoint(text);
  return text;
}

/** Throws `invalid-input`. */
export function parseCheckpoint(text: string): Checkpoint {
  if (!text.endsWith("\n")) throw malformed("the checkpoint does not end in a newline");
  const [origin = "", size = "", root = "", ...extensions] = text.slice(0, -1).split("\n");
  if (origin === "" || [size, root, ...extensions].includes("")) {
    throw malformed("the checkpoint has an empty line or lacks one", "origin, size and root");
  }
  const hash = fromBase64(root, "the checkpoint's root");
  if (hash.length !== hashLength) throw malformed("the checkpoint's root has not 32 bytes");
  return { origin, size: parseDecimal(size, "the checkpoint's size"), root: hash, extensions };
}

/** A signature by a known key that is right. */
export interface VerifiedSignature {
  readonly key: NoteKey;
  /** When a witness says that it signed; null for plain Ed25519. */
  readonly seconds: number | null;
  readonly signature: NoteSignature;
}

export type NoteVerification =
  | { readonly ok: true; readonly note: Note; readonly verified: readonly VerifiedSignature[] }
  | { readonly ok: false; readonly problem: string };

/**
 * Verifies a note: signatures by keys that are not `known` are ignored, a wrong one by a known key refuses the whole
 * note, and without a right one by a known key it is refused too. Never throws.
 */
export function verifyNote(
  note: string | Uint8Array | Note,
  known: readonly NoteKey[],
): NoteVerification {
  let parsed: Note;
  try {
    parsed = typeof note === "string" || note instanceof Uint8Array ? parseNote(note) : note;
  } catch (error) {
    return { ok: false, problem: error instanceof Error ? error.message : String(error) };
  }
  const message = utf8(parsed.text);
  const verified: VerifiedSignature[] = [];
  for (const signature of parsed.signatures) {
    const { name, id } = signature;
    // Two known keys of one name and id cannot be told apart: then both have to be right, so none is.
    for (const key of known.filter((one) => one.name === name && one.id === id)) {
      const seconds = secondsOf(key, parsed.text, message, signature.signature);
      if (seconds === false) return { ok: false, problem: `the signature of ${name} is wrong` };
      verified.push({ key, seconds, signature });
    }
  }
  if (verified.length > 0) return { ok: true, note: parsed, verified };
  const names = [...new Set(parsed.signatures.map(({ name, id }) => `${name}+${id}`))].join(", ");
  return { ok: false, problem: `no known key signed the note (signed by: ${names})` };
}

/** False when the signature is wrong. */
function secondsOf(
  key: NoteKey,
  text: string,
  message: Uint8Array,
  signature: Uint8Array,
): number | null | false {
  if (key.type === noteKeyTypes.ed25519) {
    return verifyEd25519(key.publicKey, message, signature) ? null : false;
  }
  return verifyCosignature(key.publicKey, text, signature) ?? false;
}

/** A checkpoint that its log signed. */
export interface SignedCheckpoint extends Checkpoint {
  readonly note: Note;
  /** By keys of the log. */
  readonly signedBy: readonly VerifiedSignature[];
  /** By keys of witnesses. */
  readonly cosignedBy: readonly VerifiedSignature[];
}

export type CheckpointVerification =
  | { readonly ok: true; readonly checkpoint: SignedCheckpoint }
  | { readonly ok: false; readonly problem: string };

/**
 * Verifies that `note` is a checkpoint of the log `origin`, signed by one of its `keys`. Cosignatures by keys of
 * `witnesses` are verified and listed; a wrong one refuses the note. Never throws.
 */
export function verifyCheckpoint(
  note: string | Uint8Array | Note,
  log: { readonly origin: string; readonly keys: readonly NoteKey[] },
  witnesses: readonly NoteKey[] = [],
): CheckpointVerification {
  const answer = verifyNote(note, [...log.keys, ...witnesses]);
  if (!answer.ok) return answer;
  let checkpoint: Checkpoint;
  try {
    checkpoint = parseCheckpoint(answer.note.text);
  } catch (error) {
    return { ok: false, problem: error instanceof Error ? error.message : String(error) };
  }
  if (checkpoint.origin !== log.origin) {
    const problem = `the checkpoint is of the log ${checkpoint.origin}, not of ${log.origin}`;
    return { ok: false, problem };
  }
  const signedBy = answer.verified.filter(({ key }) => log.keys.includes(key));
  // Only what states a time is a witness's; the log's own key is none, under whatever name it is listed.
  const ofLog = (key: NoteKey) =>
    log.keys.some(({ publicKey }) => equalBytes(publicKey, key.publicKey));
  const cosignedBy = answer.verified.filter(({ key, seconds }) => seconds !== null && !ofLog(key));
  if (signedBy.length === 0) {
    return { ok: false, problem: `no known key of the log ${log.origin} signed the checkpoint` };
  }
  return { ok: true, checkpoint: { ...checkpoint, note: answer.note, signedBy, cosignedBy } };
}
