import { utf8 } from "../ledger/bytes.ts";
import type { NoteKey } from "../ledger/note.ts";
import { type PublicKey, readPublicKey } from "../evidence/keys.ts";
import type { TrustRoot } from "../model/trust.ts";
import { assuranceOf, unknownsOf } from "./assurance.ts";
import { checkBrokenGlasses } from "./checks/break-glass.ts";
import { checkApprovals } from "./checks/approvals.ts";
import { checkAnswers } from "./checks/answers.ts";
import { checkAttestations } from "./checks/attestations.ts";
import { Blobs, checkNamed, digestsNamedBy } from "./checks/blobs.ts";
import { checkCommits } from "./checks/commits.ts";
import { type Checkpoints, readCheckpoints } from "./checks/checkpoints.ts";
import { type DecisionAgain, type DecisionsReplayed, replayDecisions } from "./checks/decisions.ts";
import { checkErasures, readEntries } from "./checks/entries.ts";
import { checkJournals } from "./checks/journal.ts";
import {
  acceptKeys,
  checkSignatures,
  goodSigners,
  type KeyHistory,
  readKeyHistory,
  trustedKeys,
} from "./checks/keys.ts";
import { checkOutsiders, type Outsiders } from "./checks/outsiders.ts";
import { requiredStreams } from "./checks/required.ts";
import { checkReview } from "./checks/review.ts";
import { checkStory } from "./checks/story.ts";
import { checkVouches } from "./checks/vouches.ts";
import { checkWaivers } from "./checks/waivers.ts";
import { notePasskeyCounts } from "./checks/passkey-counts.ts";
import { readSuccessions, type Succession } from "./checks/succession.ts";
import { checkIntents, checkStreams, checkTime } from "./checks/streams.ts";
import { digestBytes } from "./digest.ts";
import { paths } from "./format.ts";
import type { LogEntry } from "./log-entry.ts";
import { readSharedNames } from "./people/shared-names.ts";
import { tellPeople } from "./people/story.ts";
import type { ReviewStory } from "./review/story.ts";
import { reviewText } from "./review/text.ts";
import { type Pack, type PackInput, readPack } from "./read-pack.ts";
import { type AuditReport, type Erased, Findings } from "./report.ts";
import { type Story, tellStory } from "./story.ts";

/** What the verifier made of a pack: the report, and what the pack tells (only when nothing failed). */
export interface VerifiedPack {
  readonly report: AuditReport;
  readonly story: Story | null;
  /** Every decision of the log, made once more; also when something failed. */
  readonly decisions: readonly DecisionAgain[];
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
    return { report: reportOf(null, null, findings), story: null, decisions: [] };
  }
}

function verifyAll(input: PackInput, trust: TrustRoot | null, findings: Findings): VerifiedPack {
  const pack = readPack(input, findings);
  const checkpoints = pack && readCheckpoints(pack, findings);
  if (pack === null || checkpoints === null) {
    return { report: reportOf(pack, null, findings), story: null, decisions: [] };
  }
  const entries = readEntries(pack.entries, checkpoints.newest, findings);
  const { subject } = pack.manifest;
  const { erased, closed } = checkErasures(entries, pack.entries, subject, findings);
  const history = readKeyHistory(entries, findings);
  const successions = readSuccessions(entries, checkpoints, findings);
  const keys = keysToBelieve(trust, history, checkpoints, findings);
  const origin = checkOrigin(trust, keys, history, checkpoints, successions, findings);
  checkSignatures(checkpoints, keys, history, findings, origin);
  const outsiders = trust && checkOutsiders(checkpoints, successions, trust, findings);

  const blobs = new Blobs(pack.files, entries, findings);
  const shared = readSharedNames(pack.sharedNames, entries, findings);
  const required = requiredStreams(subject, entries, closed, blobs, findings);
  checkStreams(entries, subject, required, findings);
  checkIntents(entries, findings);
  checkTime(entries, outsiders?.sightings ?? [], findings);
  const promotions = checkStory(entries, blobs, findings);
  const attestors = {
    keys: [...history.evidenceKeys, ...trustedAttestors(trust, findings)],
    endsAt: history.evidenceEndsAt,
  };
  const attestations = checkAttestations(pack.files, entries, attestors, blobs, findings);
  const { decisions, each } = replayDecisions(
    entries,
    pack.files,
    promotions,
    attestations,
    blobs,
    findings,
    shared,
  );
  const named = new Set([
    ...entries.flatMap(digestsNamedBy),
    ...attestations.flatMap(({ digests }) => digests),
  ]);
  checkNamed(pack.files, named, findings);
  const origins = new Set([
    checkpoints.newest.origin,
    ...successions.map(({ predecessor }) => predecessor.origin),
  ]);
  checkAnswers(entries, origins, blobs, findings);
  checkCommits(entries, blobs, findings);
  checkApprovals(entries, origins, blobs, findings);
  checkBrokenGlasses(entries, origins, blobs, findings);
  checkWaivers(entries, origins, blobs, findings);
  checkVouches(entries, { origins, blobs }, findings);
  notePasskeyCounts(entries, pack.files, findings);
  const people = { entries, origins, blobs, shared, files: pack.files };
  const review = checkReview(subject, people, findings);
  checkReviewText(pack, review, findings);
  const journals = checkJournals(pack, entries, findings);
  const report = reportOf(
    pack,
    { trust, outsiders, entries, erased, checkpoints, decisions, successions },
    findings,
  );
  if (report.result === "failed") return { report, story: null, decisions: each };
  const who = { review, people: tellPeople(entries, subject, { shared, files: pack.files }) };
  return { report, story: tellStory(pack, entries, promotions, journals, who), decisions: each };
}

/** What people read in it is what follows from the rest, to the byte. */
function checkReviewText(pack: Pack, review: ReviewStory | null, findings: Findings): void {
  const bytes = pack.files.get(paths.review);
  if (bytes === undefined) return;
  const text = review === null ? null : reviewText(review);
  if (text !== null && digestBytes(utf8(text)) === digestBytes(bytes)) return;
  findings.problem("review", { file: paths.review }, "it is not what follows from this pack");
}

/** With a trust root only who it names, or who they introduced; without, whoever the log itself names. */
function keysToBelieve(
  trust: TrustRoot | null,
  history: KeyHistory,
  checkpoints: Checkpoints,
  findings: Findings,
): readonly NoteKey[] {
  if (trust === null) return history.logKeys.map(({ key }) => key);
  return acceptKeys(trustedKeys(trust, findings), history, checkpoints);
}

/**
 * That the pack is of the log for which the trust root is. When it is of a successor, what the predecessor's own
 * checkpoints prove is said, and no more: whoever holds log and key could declare any end of it, so that a person
 * has to take the successor's trust root.
 *
 * @returns the log whose checkpoints alone can be judged; null: all of them
 */
function checkOrigin(
  trust: TrustRoot | null,
  keys: readonly NoteKey[],
  history: KeyHistory,
  { newest, history: earlier }: Checkpoints,
  successions: readonly Succession[],
  findings: Findings,
): string | null {
  if (trust === null || trust.log.origin === newest.origin) return null;
  const { origin } = trust.log;
  const end = successions.find(({ predecessor }) => predecessor.origin === origin);
  const problem = (message: string): void =>
    findings.problem("checkpoint", { file: newest.file }, message);
  if (end === undefined) {
    problem(`it is of the log ${newest.origin}, and the trust root is for ${origin}`);
    return null;
  }
  const signed = earlier
    .filter((one) => one.origin === origin && goodSigners(one, keys, history).length > 0)
    .map(({ size }) => size);
  const vouched = Math.max(0, ...signed);
  problem(
    `it is of ${newest.origin}, which by its own entry ${end.index} goes on where ${origin}, the log of your trust root, was put back to ${end.predecessor.size} entries. Your trust root vouches for the first ${vouched} entries; what follows is the successor's word alone. When people you believe confirm that restore, take the successor's trust root`,
  );
  return origin;
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
  readonly successions: readonly Succession[];
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
