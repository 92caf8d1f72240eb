import {
  type ReadCommit,
  readCommitBundle,
  signerOf,
  verifyCommit,
} from "../../evidence/git/commit-bundle.ts";
import { type Certificate, readCertificateText } from "../../evidence/openpgp/certificate.ts";
import { decodeBase64 } from "../../evidence/bytes.ts";
import { readEnvelope } from "../../evidence/dsse.ts";
import { hostReview } from "../../evidence/predicates/host-review.ts";
import { readStatement } from "../../evidence/statement.ts";
import { pushersIn } from "../../identity/commits/host-deeds.ts";
import type { Involved } from "../../identity/approval/given.ts";
import { paths } from "../format.ts";
import type { LogEntry } from "../log-entry.ts";
import { AttestationAdded, Attested, ReleaseCommits } from "../payloads.ts";
import { PersonKeyed } from "../payloads-people.ts";
import type { Findings } from "../report.ts";
import { type Blobs, parsedJson } from "./blobs.ts";

type Files = ReadonlyMap<string, Uint8Array>;

/** Every bundle of commits that was handed in can be read, and each commit in it has the id that it claims. */
export function checkCommits(entries: readonly LogEntry[], blobs: Blobs, findings: Findings): void {
  for (const entry of entries) {
    const added = bundleNamedBy(entry);
    const bytes = added && blobs.need(added.digest, "the commits", entry);
    if (!bytes) continue;
    const at = { entry: entry.index, stream: entry.leaf.stream };
    const bundle = readCommitBundle(bytes);
    if (!bundle.ok) {
      findings.problem("commits", at, bundle.problem);
      continue;
    }
    let unproven = 0;
    for (const one of bundle.value) {
      const commit = verifyCommit(one);
      findings.seen("commits");
      if (!commit.ok) findings.problem("commits", at, commit.problem);
      else if (commit.value.problem !== null) unproven += 1;
    }
    if (unproven === 0) continue;
    findings.note(
      "commits",
      `entry ${entry.index}: ${unproven} of them show no signature of a key`,
    );
  }
}

function bundleNamedBy({ leaf, payload }: LogEntry): AttestationAdded | null {
  if (leaf.kind !== "attestation.added") return null;
  const added = AttestationAdded.safeParse(payload).data;
  return added?.format === "git-commits" ? added : null;
}

/**
 * Where a gate's inputs call a commit of the release proven and nothing in the pack shows it: its signature, by a key that
 * stood then, of the person whom the inputs name. Names stand in no pack, so whether the one in the commit is that
 * person's is the gate's word.
 */
export function commitsNotShown(
  lineage: readonly Involved[],
  release: string,
  before: readonly LogEntry[],
  files: Files,
): readonly string[] {
  const content = files.get(paths.blob(release as never));
  const source = content && ReleaseCommits.safeParse(parsedJson(content)).data?.source;
  const claimed = (source?.commits ?? []).filter(({ revision }) =>
    lineage.some(({ what, proven }) => proven && what === `author of commit ${short(revision)}`),
  );
  if (claimed.length === 0) return [];
  const named = before.flatMap((entry) => bundleNamedBy(entry) ?? []);
  const own = named.filter((one) => one.release === release);
  // Erased by the record: it can speak for nobody, and nobody can be held to it.
  if (own.some(({ digest }) => !files.has(paths.blob(digest)))) return [];
  const commits = readAll(own, files);
  const pushed = pushedByHost(release, before, files);
  const certificates = certificatesIn(before);
  // A gate looks at what stands before its own entry.
  const at = Date.parse(before.at(-1)?.leaf.time ?? "");
  return claimed.flatMap(({ revision }) => {
    if (pushed.has(revision)) return [];
    const commit = commits.get(revision);
    const signer = commit && signerOf(commit, certificates, at);
    const person = signer?.ok ? ownerOf(signer.value, before) : null;
    const what = `signer of commit ${short(revision)}`;
    const said = lineage.some((one) => one.what === what && one.people.includes(person ?? ""));
    if (person !== null && said) return [];
    return [
      `its inputs call commit ${short(revision)} proven, and no signature of whom they name shows it`,
    ];
  });
}

/** Commits of which a statement of Tidelock's, verified elsewhere, says that a git host knows who pushed or merged them. */
function pushedByHost(
  release: string,
  before: readonly LogEntry[],
  files: Files,
): ReadonlySet<string> {
  const found = new Set<string>();
  for (const { leaf, payload } of before) {
    if (leaf.kind !== "review.fetched" || leaf.stream !== `release/${release}`) continue;
    for (const digest of Attested.safeParse(payload).data?.attestations ?? []) {
      const bytes = files.get(paths.attestation(digest));
      const envelope = bytes ? readEnvelope(bytes) : null;
      const body = envelope?.ok ? decodeBase64(envelope.value.payload) : null;
      const statement = body ? readStatement(body) : null;
      if (!statement?.ok || statement.value.predicateType !== hostReview.type) continue;
      const review = hostReview.schema.safeParse(statement.value.predicate).data;
      for (const [revision] of review ? pushersIn(review) : []) found.add(revision);
    }
  }
  return found;
}

function readAll(
  named: readonly AttestationAdded[],
  files: Files,
): ReadonlyMap<string, ReadCommit> {
  const found = new Map<string, ReadCommit>();
  for (const { digest } of named) {
    const bytes = files.get(paths.blob(digest));
    const bundle = bytes ? readCommitBundle(bytes) : null;
    for (const one of bundle?.ok ? bundle.value : []) {
      const commit = verifyCommit(one);
      if (commit.ok) found.set(commit.value.revision, commit.value);
    }
  }
  return found;
}

/** OpenPGP certificates that were enrolled then and not removed. */
function certificatesIn(before: readonly LogEntry[]): readonly Certificate[] {
  return before.flatMap(({ leaf, payload }) => {
    const added = leaf.kind === "person.key-added" ? PersonKeyed.safeParse(payload).data : null;
    const read = added?.commits ? readCertificateText(added.publicKey) : null;
    return read?.ok && ownerOf(read.value.id, before) !== null ? [read.value] : [];
  });
}

/** Whose key it was then; null: nobody's whose commits it signs. */
function ownerOf(key: string, before: readonly LogEntry[]): string | null {
  const own = before.filter(({ leaf }) => leaf.operation.startsWith(`person-key/${key}/`));
  if (own.some(({ leaf }) => leaf.kind === "person.key-removed")) return null;
  const added = PersonKeyed.safeParse(own[0]?.payload).data;
  return added?.commits ? added.person : null;
}

function short(revision: string): string {
  return revision.slice(0, 12);
}
