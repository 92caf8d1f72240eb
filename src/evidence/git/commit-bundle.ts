import { decodeUtf8, utf8 } from "../bytes.ts";
import type { Certificate } from "../openpgp/certificate.ts";
import { certificateOf, readDetached } from "../openpgp/detached.ts";
import type { PgpSignature } from "../openpgp/signature.ts";
import { bad, good, type Result } from "../result.ts";
import { verifySshSignature } from "../ssh/ssh-signature.ts";
import {
  type CommitObject,
  type CommitSignature,
  type ObjectFormat,
  readCommitObject,
} from "./commit-object.ts";

/**
 * Commits as git keeps them, so that anybody can compute their ids and verify their signatures: one line that says what
 * it is, then what `git cat-file --batch` answers for each of them.
 */

const magic = "tidelock git commits 1 ";

/** Of all commits of one release together. */
export const maxBundleBytes = 16 * 1024 * 1024;

/** Two times what a release may name: those that lead from what is live to where branches began come along. */
export const maxBundleCommits = 20_000;

export interface BundledCommit {
  readonly format: ObjectFormat;
  /** As the line before it says; whoever proves it computes it. */
  readonly revision: string;
  readonly bytes: Uint8Array;
}

export function bundleHead(format: ObjectFormat): Uint8Array {
  return utf8(`${magic}${format}\n`);
}

/** Whether bytes say that they are a bundle. */
export function isCommitBundle(bytes: Uint8Array): boolean {
  return decodeUtf8(bytes.subarray(0, magic.length)) === magic;
}

/** The commits in it; nothing of them is verified. */
export function readCommitBundle(bytes: Uint8Array): Result<readonly BundledCommit[]> {
  if (bytes.length > maxBundleBytes) {
    return bad(`it has ${bytes.length} bytes, and at most ${maxBundleBytes} are read`);
  }
  const first = lineAt(bytes, 0);
  const format = first?.text.slice(magic.length);
  if (!first?.text.startsWith(magic) || (format !== "sha1" && format !== "sha256")) {
    return bad("this is not a bundle of commits");
  }
  const commits: BundledCommit[] = [];
  for (let at = first.next; at < bytes.length;) {
    const line = lineAt(bytes, at);
    const [, revision = "", length = ""] =
      /^([0-9a-f]{40}|[0-9a-f]{64}) commit ([0-9]{1,9})$/.exec(line?.text ?? "") ?? [];
    if (!line || revision === "") return bad("a commit in it has no header");
    const end = line.next + Number(length);
    if (bytes[end] !== newline) return bad(`the commit ${revision.slice(0, 12)} in it is cut off`);
    commits.push({ format, revision, bytes: bytes.subarray(line.next, end) });
    if (commits.length > maxBundleCommits)
      return bad(`it has more than ${maxBundleCommits} commits`);
    at = end + 1;
  }
  return good(commits);
}

/** A commit whose id was computed, and which key has signed it. */
export interface ReadCommit extends CommitObject {
  /** Id of the SSH key that has signed it; null: none has. */
  readonly signer: string | null;
  /** An OpenPGP signature, which names its key and does not bring it along. */
  readonly pgp: PgpSignature | null;
  /** Why nothing shows who signed it. */
  readonly problem: string | null;
}

/** What git signs commits for (`gpg.format=ssh`). */
const namespace = "git";

/** Computes a commit's id and verifies its signature, whoever's it is. Costs up to some milliseconds. */
export function verifyCommit({ format, revision, bytes }: BundledCommit): Result<ReadCommit> {
  const read = readCommitObject(format, bytes);
  if (!read.ok) return read;
  if (read.value.revision !== revision) return bad(`the commit ${revision} has another id`);
  return good({ ...read.value, ...signedBy(read.value.signature) });
}

function signedBy(
  signature: CommitSignature | null,
): Pick<ReadCommit, "signer" | "pgp" | "problem"> {
  const nobody = (problem: string) => ({ signer: null, pgp: null, problem });
  if (signature === null) return nobody("it is not signed");
  switch (signature.kind) {
    case "ssh": {
      const key = verifySshSignature(signature.armour, namespace, signature.payload);
      return key.ok ? { signer: key.value.id, pgp: null, problem: null } : nobody(key.problem);
    }
    case "openpgp": {
      const pgp = readDetached(signature.armour);
      return pgp.ok ? { signer: null, pgp: pgp.value, problem: null } : nobody(pgp.problem);
    }
    default:
      return nobody(`its signature is ${kinds[signature.kind]}, which is not verified here`);
  }
}

const kinds = { x509: "an X.509 one", other: "of an unknown kind" };

/**
 * The enrolled key that has signed a commit, so that it counts at a time (milliseconds since 1970): an SSH key's own id, or
 * the certificate's. Whose that is, and whether it stands, is for the caller to know.
 */
export function signerOf(
  { signer, pgp, problem, signature }: ReadCommit,
  certificates: readonly Certificate[],
  at: number,
): Result<string> {
  if (signer !== null) return good(signer);
  if (pgp === null || signature === null) return bad(problem ?? "it is not signed");
  const found = certificateOf(pgp, signature.payload, certificates, at);
  return found.ok ? good(found.value.id) : found;
}

const newline = 0x0a;

function lineAt(
  bytes: Uint8Array,
  at: number,
): { readonly text: string; readonly next: number } | null {
  const end = bytes.indexOf(newline, at);
  if (end < 0 || end - at > 100) return null;
  const text = decodeUtf8(bytes.subarray(at, end));
  return text === null ? null : { text, next: end + 1 };
}
