import { sha1 } from "@noble/hashes/legacy.js";
import { toHex } from "../../ledger/bytes.ts";
import { sha256 } from "../../ledger/crypto.ts";
import { plainText } from "../../model/plain-text.ts";
import type { Person } from "../../model/release.ts";
import { concat, concatAll, utf8 } from "../bytes.ts";
import { bad, good, type Result } from "../result.ts";
import { boundedMessage, coAuthors, commitPerson } from "./commit-people.ts";

/** A commit as git keeps it: the bytes that its id is the hash of. */

export type ObjectFormat = "sha1" | "sha256";

export interface CommitObject {
  /** Computed from the bytes. */
  readonly revision: string;
  readonly parents: readonly string[];
  readonly author: Person;
  readonly committer: Person;
  readonly coAuthors: readonly Person[];
  readonly subject: string;
  /** Absent: nobody has signed it. */
  readonly signature: CommitSignature | null;
}

export interface CommitSignature {
  readonly kind: "ssh" | "openpgp" | "x509" | "other";
  readonly armour: string;
  /** The commit without its signature: what was signed. */
  readonly payload: Uint8Array;
}

/** What git itself writes has a few thousand bytes; signed tags that were merged come along in it. */
const maxHeaderBytes = 1024 * 1024;

const newline = 0x0a;
const space = 0x20;
const idLengths = { sha1: 40, sha256: 64 } as const;

/** Id of a commit's bytes. SHA-1 is as weak here as it is in git. */
export function commitId(format: ObjectFormat, bytes: Uint8Array): string {
  const whole = concat(utf8(`commit ${bytes.length}\0`), bytes);
  return toHex(format === "sha1" ? sha1(whole) : sha256(whole));
}

/** Reads as git does (commit.c): headers to the first empty line, what begins with a space goes on with the one before. */
export function readCommitObject(format: ObjectFormat, bytes: Uint8Array): Result<CommitObject> {
  const headers = readHeaders(bytes);
  if (!headers.ok) return headers;
  const { lines, message } = headers.value;
  const one = (name: string) => lines.filter((line) => line.name === name);
  const id = new RegExp(`^[0-9a-f]{${idLengths[format]}}$`);
  const trees = one("tree");
  const authors = one("author");
  const committers = one("committer");
  if (trees.length !== 1 || authors.length !== 1 || committers.length !== 1) {
    return bad("a commit has one tree, one author and one committer");
  }
  const decode = decoderOf(latin(one("encoding")[0]?.value));
  const parents = one("parent").map(({ value }) => latin(value));
  if (![latin(trees[0]?.value), ...parents].every((text) => id.test(text))) {
    return bad("the ids in it are not of its repository's kind");
  }
  const text = boundedMessage(decode(message));
  return good({
    revision: commitId(format, bytes),
    parents,
    author: personIn(decode(authors[0]?.value)),
    committer: personIn(decode(committers[0]?.value)),
    coAuthors: coAuthors(text),
    subject: plainText(text.trimStart().split("\n", 1)[0] ?? "", 300),
    signature: signatureIn(format, bytes, lines),
  });
}

interface Header {
  readonly name: string;
  /** With what follows on lines that begin with a space, that space left out. */
  readonly value: Uint8Array;
  /** Place of all of it in the commit, its last line's end included. */
  readonly from: number;
  readonly to: number;
}

function readHeaders(
  bytes: Uint8Array,
): Result<{ readonly lines: readonly Header[]; readonly message: Uint8Array }> {
  const lines: (Header & { readonly parts: Uint8Array[] })[] = [];
  let at = 0;
  while (at < bytes.length && bytes[at] !== newline) {
    const end = bytes.indexOf(newline, at);
    if (end < 0) return bad("a header of it has no end");
    if (end > maxHeaderBytes) return bad(`its headers have more than ${maxHeaderBytes} bytes`);
    const line = bytes.subarray(at, end);
    // What git itself would read as the end of the text.
    if (line.includes(0)) return bad("a header of it holds a zero byte");
    const last = lines.at(-1);
    if (line[0] === space) {
      if (!last) return bad("it begins with the rest of a header");
      last.parts.push(Uint8Array.of(newline), line.subarray(1));
      lines[lines.length - 1] = { ...last, to: end + 1 };
    } else {
      const cut = line.indexOf(space);
      const name = latin(cut < 0 ? line : line.subarray(0, cut));
      const value = cut < 0 ? new Uint8Array() : line.subarray(cut + 1);
      lines.push({ name, value, parts: [value], from: at, to: end + 1 });
    }
    at = end + 1;
  }
  return good({
    lines: lines.map((line) => ({ ...line, value: concatAll(line.parts) })),
    message: bytes.subarray(Math.min(at + 1, bytes.length)),
  });
}

const signatureHeaders = { sha1: "gpgsig", sha256: "gpgsig-sha256" } as const;

/** Git leaves out its own signature and those for the other kind of id; two of its own are one too many here. */
function signatureIn(
  format: ObjectFormat,
  bytes: Uint8Array,
  lines: readonly Header[],
): CommitSignature | null {
  const own = lines.filter(({ name }) => name === signatureHeaders[format]);
  const [signature] = own;
  if (!signature) return null;
  const left = lines.filter(({ name }) => name.startsWith("gpgsig"));
  const parts: Uint8Array[] = [];
  let at = 0;
  for (const { from, to } of left) {
    parts.push(bytes.subarray(at, from));
    at = to;
  }
  const armour = latin(signature.value);
  const kind = own.length > 1 ? "other" : kindOf(armour);
  return { kind, armour, payload: concatAll([...parts, bytes.subarray(at)]) };
}

function kindOf(armour: string): CommitSignature["kind"] {
  if (armour.startsWith("-----BEGIN SSH SIGNATURE-----")) return "ssh";
  if (armour.startsWith("-----BEGIN PGP ")) return "openpgp";
  return armour.startsWith("-----BEGIN SIGNED MESSAGE-----") ? "x509" : "other";
}

/** `Name <address> seconds zone`: the address is between the first `<` and the next `>`, as git has it (ident.c). */
function personIn(text: string): Person {
  const open = text.indexOf("<");
  const close = text.indexOf(">", open + 1);
  if (open < 0 || close < 0) return commitPerson(text, "");
  return commitPerson(text.slice(0, open), text.slice(open + 1, close).trim());
}

function decoderOf(encoding: string): (bytes?: Uint8Array) => string {
  const decoder = attempt(() => new TextDecoder(encoding || "utf-8")) ?? new TextDecoder();
  return (bytes) => decoder.decode(bytes ?? new Uint8Array());
}

function attempt<T>(make: () => T): T | null {
  try {
    return make();
  } catch {
    return null;
  }
}

function latin(bytes: Uint8Array | undefined): string {
  let text = "";
  for (const byte of bytes ?? []) text += String.fromCharCode(byte);
  return text;
}
