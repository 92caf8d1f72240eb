import {
  concat,
  equalBytes,
  fromBase64,
  fromHex,
  fromUtf8,
  malformed,
  toBase64,
  toHex,
  utf8,
} from "./bytes.ts";
import { isUsableKey, sha256, verifyEd25519 } from "./crypto.ts";

/** Signed notes and their keys, C2SP signed-note. */

/** Signature types that we make and verify. */
export const noteKeyTypes = { ed25519: 0x01, cosignature: 0x04 } as const;
export type NoteKeyType = (typeof noteKeyTypes)[keyof typeof noteKeyTypes];

/** A public key as it stands in a vkey. */
export interface NoteKey {
  readonly name: string;
  /** Eight hex digits. Together with the name it says which key signed, and proves nothing. */
  readonly id: string;
  readonly type: NoteKeyType;
  /** 32 bytes, Ed25519. */
  readonly publicKey: Uint8Array;
}

export interface NoteSignature {
  readonly name: string;
  readonly id: string;
  /** What follows the key id: 64 bytes for Ed25519, 72 for a cosignature. */
  readonly signature: Uint8Array;
}

export interface Note {
  /** Ends in a newline; exactly what is signed. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

/** What signs; `ports/signer.ts` has the same shape. */
export interface NoteSigner {
  readonly name: string;
  readonly publicKey: Uint8Array;
  sign(message: Uint8Array): Promise<Uint8Array>;
}

/** Go's verifier refuses bigger notes as well. */
const maxNoteBytes = 1_000_000;
const maxSignatures = 100;
const mark = "\u2014 ";

export function isKeyName(name: string): boolean {
  // oxlint-disable-next-line no-control-regex -- they are what is refused
  return name !== "" && name.isWellFormed() && !/[\p{White_Space}+\u0000-\u001f]/u.test(name);
}

/** `SHA-256(name || 0x0A || type || publicKey)[:4]` as hex. */
export function keyId(name: string, type: NoteKeyType, publicKey: Uint8Array): string {
  const input = concat(utf8(`${name}\n`), Uint8Array.of(type), publicKey);
  return toHex(sha256(input).subarray(0, 4));
}

/** Throws `invalid-input` for a name that cannot stand in a note or a key that is none. */
export function noteKey(name: string, type: NoteKeyType, publicKey: Uint8Array): NoteKey {
  if (!isKeyName(name)) {
    throw malformed(`${JSON.stringify(name)} cannot be a key's name`, "no spaces and no plus sign");
  }
  if (!isUsableKey(publicKey)) throw malformed(`the public key of ${name} is no Ed25519 key`);
  return { name, id: keyId(name, type, publicKey), type, publicKey };
}

/** `name+hash+base64(type || public key)`. */
export function formatVerifierKey(key: NoteKey): string {
  return `${key.name}+${key.id}+${toBase64(concat(Uint8Array.of(key.type), key.publicKey))}`;
}

/** Throws `invalid-input` when the text is no vkey, its hash is not the key's, or its type is none of ours. */
export function parseVerifierKey(text: string): NoteKey {
  const shown = JSON.stringify(text.slice(0, 120));
  const [name = "", id = "", material = "", ...more] = splitKey(text);
  if (material === "" || more.length > 0 || !/^[0-9a-f]{8}$/.test(id)) {
    throw malformed(`${shown} is no verifier key`, "expected name+hash+base64");
  }
  const bytes = fromBase64(material, `the key in ${shown}`);
  const type = Object.values(noteKeyTypes).find((known) => known === bytes[0]);
  if (type === undefined) {
    throw malformed(
      `${shown} has signature type 0x${toHex(bytes.subarray(0, 1))}`,
      "known are 0x01 (Ed25519) and 0x04 (timestamped Ed25519 cosignature)",
    );
  }
  const key = noteKey(name, type, bytes.subarray(1));
  if (key.id !== id) throw malformed(`${shown} says hash ${id}, its key has ${key.id}`);
  return key;
}

/** At the first two pluses: base64 may contain more. */
function splitKey(text: string): string[] {
  const first = text.indexOf("+");
  const second = first === -1 ? -1 : text.indexOf("+", first + 1);
  if (second === -1) return [];
  return [text.slice(0, first), text.slice(first + 1, second), text.slice(second + 1)];
}

/**
 * Reads the form; whether a signature is right only `verifyNote` says. Throws `invalid-input`.
 *
 * @param note text or its UTF-8 bytes
 */
export function parseNote(note: string | Uint8Array): Note {
  if (note.length > maxNoteBytes) throw malformed("the note is longer than 1 MB");
  const whole = typeof note === "string" ? note : fromUtf8(note, "the note");
  if (!whole.isWellFormed()) throw malformed("the note is not valid UTF-8");
  // oxlint-disable-next-line no-control-regex -- they are what is refused
  if (/[\u0000-\u0009\u000b-\u001f]/.test(whole)) {
    throw malformed(
      "the note has a control character",
      "lines end in a newline alone, not in CRLF",
    );
  }
  const end = whole.lastIndexOf("\n\n");
  if (end === -1) throw malformed("the note has no blank line before its signatures");
  const text = whole.slice(0, end + 1);
  const block = whole.slice(end + 2);
  if (block === "") throw malformed("the note has no signature");
  if (!block.endsWith("\n")) throw malformed("the note does not end in a newline");
  const lines = block.slice(0, -1).split("\n");
  if (lines.length > maxSignatures)
    throw malformed(`the note has over ${maxSignatures} signatures`);
  return { text, signatures: lines.map(parseSignatureLine) };
}

/** `— name base64(id || signature)`, without its newline. Throws `invalid-input`. */
export function parseSignatureLine(line: string): NoteSignature {
  const [name = "", encoded = "", ...more] = line.startsWith(mark)
    ? line.slice(mark.length).split(" ")
    : [];
  if (!isKeyName(name) || encoded === "" || more.length > 0) {
    throw malformed("a signature line of the note has not the form `\u2014 name base64`");
  }
  const bytes = fromBase64(encoded, `the signature of ${name}`);
  if (bytes.length < 5) throw malformed(`the signature of ${name} is too short`);
  return { name, id: toHex(bytes.subarray(0, 4)), signature: bytes.subarray(4) };
}

/** With its newline. */
export function formatSignatureLine({ name, id, signature }: NoteSignature): string {
  return `${mark}${name} ${toBase64(concat(fromHex(id), signature))}\n`;
}

export function formatNote({ text, signatures }: Note): string {
  return `${text}\n${signatures.map(formatSignatureLine).join("")}`;
}

/** An Ed25519 signature of type 0x01 over the text. Throws `invalid-input` for a text that no note can have. */
export async function signNote(text: string, signer: NoteSigner): Promise<NoteSignature> {
  const { name, id } = noteKey(signer.name, noteKeyTypes.ed25519, signer.publicKey);
  const message = utf8(text);
  const signature = await signer.sign(message);
  const signed = { name, id, signature };
  const [back] = parseNote(formatNote({ text, signatures: [signed] })).signatures;
  if (back === undefined || !verifyEd25519(signer.publicKey, message, signature)) {
    throw malformed(`the signer of ${name} gave a signature that its own key does not verify`);
  }
  return signed;
}

/** Both lines, each once: the signatures of a second copy of the same text join the first's. */
export function mergeSignatures(note: Note, more: readonly NoteSignature[]): Note {
  const signatures = [...note.signatures];
  for (const signature of more) {
    if (!signatures.some((known) => sameSignature(known, signature))) signatures.push(signature);
  }
  return { text: note.text, signatures };
}

export function sameSignature(a: NoteSignature, b: NoteSignature): boolean {
  return a.name === b.name && a.id === b.id && equalBytes(a.signature, b.signature);
}
