import type { NoteKey } from "../ledger/note.ts";
import { type PublicKey, readPublicKey } from "../evidence/keys.ts";
import type { TrustRoot } from "../model/trust.ts";
import { assuranceOf, unknownsOf } from "./assurance.ts";
import { checkAttestations } from "./checks/attestations.ts";
import { Blobs, checkNamed, digestsNamedBy } from "./checks/blobs.ts";
import { type Checkpoints, readCheckpoints } from "./checks/checkpoints.ts";
import { type DecisionsReplayed, replayDecisions } from "./checks/decisions.ts";
import { checkErasures, readEntries } from "./checks/entries.ts";
import { checkJournals } from "./checks/journal.ts";
import {
  acceptKeys,
  checkSignatures,
  type KeyHistory,
  readKeyHistory,
  trustedKeys,
} from "./checks/keys.ts";
import { checkOutsiders, type Outsiders } from "./checks/outsiders.ts";
import { requiredStreams } from "./checks/required.ts";
import { checkStory } from "./checks/story.ts";
import { checkIntents, checkStreams, checkTime } from "./checks/streams.ts";
import type { LogEntry } from "./log-entry.ts";
import { type Pack, type PackInput, readPack } from "./read-pack.ts";
import { type AuditReport, type Erased, Findings } from "./report.ts";
import { type Story, tellStory } from "./story.ts";

/** What the verifier made of a pack: the report, and what the pack tells (only when nothing failed). */
export interface VerifiedPack {
  readonly report: AuditReport;
  readonly story: Story | null;
}

/**
 * Verifies an audit pack without a server, a database or a network. Never throws for what is in the pack:
 * whatever is wrong is a problem in the report.
 *
 * @param input the zip's bytes, or the files of an unpacked one by path
 * @param trust who is believed, from outside of the pack; null: the answer can at best be that the pack is
 *   consistent in itself
 */
export function verifyPack(input: PackInput, trust: TrustRoot | null): VerifiedPack {
  const findings = new Findings(trust !== null);
  try {
    return verifyAll(input, trust, findings);
  } catch (error) {
    // Hostile input that finds a hole in the reader is still only a pack that does not verify.
    const message = `it cannot be read: ${error instanceof Error ? error.message : String(error)}`;
    findings.problem("container", {}, message);
    return { report: reportOf(null, null, findings), story: null };
  }
}

function verifyAll(input: PackInput, trust: TrustRoot | null, findings: Findings): VerifiedPack {
  const pack = readPack(input, findings);
  const checkpoints = pack && readCheckpoints(pack, findings);
  if (pack === null || checkpoints === null) {
    return { report: reportOf(pack, null, findings), story: null };
  }
  const entries = readEntries(pack.entries, checkpoints.newest, findings);
  const erased = checkErasures(entries, pack.entries, findings);
  const history = readKeyHistory(entries, findings);
  const keys = keysToBelieve(trust, history, checkpoints, findings);
  checkSignatures(checkpoints, keys, history, findings);
  const outsiders = trust && checkOutsiders(checkpoints, trust, findings);

  const blobs = new Blobs(pack.files, entries, findings);
  const { subject } = pack.manifest;
  checkStreams(entries, subject, requiredStreams(subject, entries, blobs, findings), findings);
  checkIntents(entries, findings);
  checkTime(entries, outsiders?.sightings ?? [], findings);
  const promotions = checkStory(entries, blobs, findings);
  const attestors = {
    keys: [...history.evidenceKeys, ...trustedAttestors(trust, findings)],
    endsAt: history.evidenceEndsAt,
  };
  const attestations = checkAttestations(pack.files, entries, attestors, blobs, findings);
  const decisions = replayDecisions(entries, pack.files, promotions, attestations, blobs, findings);
  const named = new Set([
    ...entries.flatMap(digestsNamedBy),
    ...attestations.flatMap(({ digests }) => digests),
  ]);
  checkNamed(pack.files, named, findings);
  const journals = checkJournals(pack, entries, findings);
  const report = reportOf(
    pack,
    { trust, outsiders, entries, erased, checkpoints, decisions },
    findings,
  );
  if (report.result === "failed") return { report, story: null };
  return { report, story: tellStory(pack, entries, promotions, journals) };
}

/** With a trust root only who it names, or who they introduced; without, whoever the log itself names. */
function keysToBelieve(
  trust: TrustRoot | null,
  history: KeyHistory,
  checkpoints: Checkpoints,
  findings: Findings,
): readonly NoteKey[] {
  if (trust === null) return history.logKeys.map(({ key }) => key);
  if (trust.log.origin !== checkpoints.newest.origin) {
    const message = `it is of the log ${checkpoints.newest.origin}, and the trust root is for ${trust.log.origin}`;
    findings.problem("checkpoint", { file: checkpoints.newest.file }, message);
  }
  return acceptKeys(trustedKeys(trust, findings), history, checkpoints);
}

function trustedAttestors(trust: TrustRoot | null, findings: Findings): readonly PublicKey[] {
  return (trust?.attestors ?? []).flatMap((pem) => {
    const key = readPublicKey(pem);
    if (key.ok) return [key.value];
    findings.problem("attestations", { file: "trust root, attestors" }, key.problem);
    return [];
  });
}

/** What was reached when the checks could run to their end. */
export interface Reached {
  readonly trust: TrustRoot | null;
  readonly outsiders: Outsiders | null;
  readonly entries: readonly LogEntry[];
  readonly erased: readonly Erased[];
  readonly checkpoints: Checkpoints;
  readonly decisions: DecisionsReplayed;
}

function reportOf(pack: Pack | null, reached: Reached | null, findings: Findings): AuditReport {
  const failed = findings.problemCount > 0 || pack === null || reached === null;
  const authenticated = reached !== null && reached.trust !== null;
  return {
    kind: "AuditReport",
    formatVersion: 1,
    result: failed ? "failed" : authenticated ? "verified" : "consistent-not-authenticated",
    subject: pack?.manifest.subject ?? null,
    checkpoint: pack?.manifest.checkpoint ?? null,
    assurance: failed ? null : assuranceOf(reached),
    checks: findings.lines(),
    problems: findings.problems,
    problemCount: findings.problemCount,
    erased: reached?.erased ?? [],
    decisions: failed ? null : reached.decisions,
    unknown: failed ? [] : unknownsOf(pack, reached),
  };
}
