import { decodeUtf8, utf8 } from "../bytes.ts";
import { bad, good, type Result } from "../result.ts";
import { verifySshSignature } from "../ssh/ssh-signature.ts";
import { type CommitObject, type ObjectFormat, readCommitObject } from "./commit-object.ts";

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
  /** Id of the key that has signed it; null: none that can be verified here has. */
  readonly signer: string | null;
  /** Why there is none. */
  readonly problem: string | null;
}

/** What git signs commits for (`gpg.format=ssh`). */
const namespace = "git";

/** Computes a commit's id and verifies its signature, whoever's it is. Costs up to some milliseconds. */
export function verifyCommit({ format, revision, bytes }: BundledCommit): Result<ReadCommit> {
  const read = readCommitObject(format, bytes);
  if (!read.ok) return read;
  if (read.value.revision !== revision) return bad(`the commit ${revision} has another id`);
  const { signature } = read.value;
  if (signature === null) return good({ ...read.value, signer: null, problem: "it is not signed" });
  if (signature.kind !== "ssh") {
    const problem = `its signature is ${kinds[signature.kind]}, which is not verified here`;
    return good({ ...read.value, signer: null, problem });
  }
  const key = verifySshSignature(signature.armour, namespace, signature.payload);
  return good({
    ...read.value,
    signer: key.ok ? key.value.id : null,
    problem: key.ok ? null : key.problem,
  });
}

const kinds = { openpgp: "an OpenPGP one", x509: "an X.509 one", other: "of an unknown kind" };

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
