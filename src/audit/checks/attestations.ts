import { decodeUtf8 } from "../../evidence/bytes.ts";
import { digestBytes } from "../digest.ts";
import { readEnvelope, statementPayloadType, verifyEnvelope } from "../../evidence/dsse.ts";
import type { PublicKey } from "../../evidence/keys.ts";
import { readStatement, subjectDigests } from "../../evidence/statement.ts";
import { paths } from "../format.ts";
import type { LogEntry } from "../log-entry.ts";
import { Attested, CheckRunReport } from "../payloads.ts";
import type { Findings } from "../report.ts";
import { type Blobs, digestPattern, digestsNamedBy } from "./blobs.ts";

export interface Attestation {
  /** Of the envelope. */
  readonly digest: string;
  readonly predicateType: string;
  readonly predicate: Readonly<Record<string, unknown>>;
  readonly subjects: readonly string[];
  /** All that it speaks of. */
  readonly digests: readonly string[];
}

export interface Attestors {
  readonly keys: readonly PublicKey[];
  /** By `PublicKey.id`: entries from this index on cannot bring anything that the key signed. */
  readonly endsAt: ReadonlyMap<string, number>;
}

/**
 * Each attestation is signed by a key of the log's history or of the trust root that was good when an entry
 * named it. An envelope that is merely genuine, and that no entry names, may belong to another story. What
 * an entry names as an attestation has to be here.
 */
export function checkAttestations(
  files: ReadonlyMap<string, Uint8Array>,
  entries: readonly LogEntry[],
  attestors: Attestors,
  blobs: Blobs,
  findings: Findings,
): readonly Attestation[] {
  const namedAt = namingEntries(entries);
  needNamed(files, entries, blobs, findings);
  const found: Attestation[] = [];
  for (const [path, bytes] of files) {
    if (!path.startsWith("attestations/")) continue;
    findings.seen("attestations");
    const digest = digestBytes(bytes);
    const read = readAttestation(bytes, namedAt.get(digest), attestors);
    if (typeof read === "string") {
      findings.problem("attestations", { file: path }, read);
      continue;
    }
    found.push({ digest, ...read });
    const report = CheckRunReport.safeParse(read.predicate).data?.report;
    if (report) blobs.needOf(report.digest, "the report", path);
  }
  return found;
}

/** A string says what is wrong. */
function readAttestation(
  bytes: Uint8Array,
  index: number | undefined,
  { keys, endsAt }: Attestors,
): Omit<Attestation, "digest"> | string {
  if (index === undefined) return "no entry names it";
  const envelope = readEnvelope(bytes);
  if (!envelope.ok) return envelope.problem;
  const good = keys.filter(({ id }) => index < (endsAt.get(id) ?? Number.POSITIVE_INFINITY));
  const verified = verifyEnvelope(envelope.value, {
    keys: good,
    payloadType: statementPayloadType,
  });
  if (!verified.ok) return verified.problem;
  const statement = readStatement(verified.value.payload);
  if (!statement.ok) return statement.problem;
  const { predicateType, predicate } = statement.value;
  const digests = (decodeUtf8(verified.value.payload) ?? "").match(digestPattern) ?? [];
  return { predicateType, predicate, subjects: subjectDigests(statement.value), digests };
}

/** Digest to the first entry that speaks of it. */
function namingEntries(entries: readonly LogEntry[]): ReadonlyMap<string, number> {
  const first = new Map<string, number>();
  for (const entry of entries) {
    for (const digest of digestsNamedBy(entry)) {
      if (!first.has(digest)) first.set(digest, entry.index);
    }
  }
  return first;
}

function needNamed(
  files: ReadonlyMap<string, Uint8Array>,
  entries: readonly LogEntry[],
  blobs: Blobs,
  findings: Findings,
): void {
  for (const { index, leaf, payload } of entries) {
    const { attestations } = Attested.safeParse(payload).data ?? { attestations: [] };
    for (const digest of attestations) {
      const file = paths.attestation(digest);
      // What others signed, in their formats, lies among the blobs: its own verifier judges it.
      if (files.has(file) || files.has(paths.blob(digest)) || blobs.isErased(digest)) continue;
      const at = { file, entry: index, stream: leaf.stream };
      findings.problem("attestations", at, "the entry names it, and it is missing");
    }
  }
}
