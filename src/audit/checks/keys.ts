import { toHex } from "../../ledger/bytes.ts";
import { type Introduction, isIntroducedBy } from "../../ledger/introduction.ts";
import {
  formatVerifierKey,
  type NoteKey,
  noteKeyTypes,
  parseVerifierKey,
} from "../../ledger/note.ts";
import { type PublicKey, readPublicKey } from "../../evidence/keys.ts";
import type { TrustRoot } from "../../model/trust.ts";
import { paths } from "../format.ts";
import type { LogEntry } from "../log-entry.ts";
import { KeyAdded, KeyCompromised } from "../payloads.ts";
import type { Findings } from "../report.ts";
import { type Checkpoints, type ReadCheckpoint, signersOf } from "./checkpoints.ts";

interface AddedKey {
  readonly key: NoteKey;
  readonly index: number;
  /** By the key before it; null for a first key, and for one that came from outside alone. */
  readonly introduction: Introduction | null;
}

/** What the log says of its keys. */
export interface KeyHistory {
  readonly logKeys: readonly AddedKey[];
  readonly evidenceKeys: readonly PublicKey[];
  /** By public key (hex), whatever the log was called: the first tree size at which it counts no more. */
  readonly endsAt: ReadonlyMap<string, number>;
  /** The same for attestors by `PublicKey.id`. */
  readonly evidenceEndsAt: ReadonlyMap<string, number>;
}

/** Reads `key.added`, `key.retired` and `key.compromised`. */
export function readKeyHistory(entries: readonly LogEntry[], findings: Findings): KeyHistory {
  const logKeys: AddedKey[] = [];
  const evidenceKeys: PublicKey[] = [];
  const ends = { log: new Map<string, number>(), evidence: new Map<string, number>() };
  for (const { index, leaf, payload } of entries) {
    if (!leaf.kind.startsWith("key.") || leaf.stream !== "system") continue;
    findings.seen("keys");
    try {
      const { use, key, introduction = null } = KeyAdded.parse(payload);
      const parsed = use === "log" ? parseVerifierKey(key) : evidenceKey(key);
      const id = "publicKey" in parsed ? toHex(parsed.publicKey) : parsed.id;
      const end = (size: number) => ends[use].set(id, Math.min(size, ends[use].get(id) ?? size));
      if (leaf.kind === "key.retired") end(index + 1);
      else if (leaf.kind === "key.compromised") {
        end((KeyCompromised.parse(payload).lastTrustedSize ?? 0) + 1);
      } else if (leaf.kind !== "key.added") continue;
      else if ("verify" in parsed) evidenceKeys.push(parsed);
      else logKeys.push({ key: parsed, index, introduction });
    } catch {
      const at = { file: paths.entries, entry: index, stream: leaf.stream };
      findings.problem("keys", at, `this ${leaf.kind} does not name a key that can be read`);
    }
  }
  return { logKeys, evidenceKeys, endsAt: ends.log, evidenceEndsAt: ends.evidence };
}

function evidenceKey(pem: string): PublicKey {
  const read = readPublicKey(pem);
  if (read.ok) return read.value;
  throw new Error(read.problem);
}

/**
 * Which keys may sign which checkpoints: those of the trust root, and each that the log introduced in a tree
 * whose checkpoint is signed by a key that was good before, or whose entry carries an introduction that such a key
 * has signed. A key that was retired or compromised signs nothing behind that; with a compromised key the last
 * trusted size is what the log says.
 */
export function acceptKeys(
  trusted: readonly NoteKey[],
  history: KeyHistory,
  checkpoints: Checkpoints,
): readonly NoteKey[] {
  const accepted: NoteKey[] = [];
  const signed = [...checkpoints.history, checkpoints.newest].map((checkpoint): Vouching => ({
    checkpoint,
    good: false,
    spoilt: false,
  }));
  let candidates = history.logKeys;
  let fresh: readonly NoteKey[] = trusted;
  while (fresh.length > 0) {
    // Nothing here is proven yet, so each key looks once at each checkpoint and at each introduction by it.
    for (const key of fresh) {
      accepted.push(key);
      for (const one of signed) look(one, key, history);
    }
    const reach = Math.max(
      0,
      ...signed.map(({ checkpoint, good, spoilt }) => (good && !spoilt ? checkpoint.size : 0)),
    );
    const by = new Map(fresh.map((key) => [formatVerifierKey(key), key]));
    const next = new Map<string, NoteKey>();
    const known = new Set(accepted.map(nameOf));
    candidates = candidates.filter(({ key }) => !known.has(nameOf(key)));
    for (const added of candidates) {
      if (next.has(nameOf(added.key))) continue;
      if (added.index >= reach && !isIntroduced(added, by, history)) continue;
      next.set(nameOf(added.key), added.key);
    }
    fresh = [...next.values()];
  }
  return accepted;
}

/** Whether a checkpoint vouches for the keys in its tree; a wrong signature by a believed key spoils it. */
interface Vouching {
  readonly checkpoint: ReadCheckpoint;
  good: boolean;
  spoilt: boolean;
}

function look(one: Vouching, key: NoteKey, history: KeyHistory): void {
  const { note, size } = one.checkpoint;
  const signers = signersOf(note, [key]);
  if (signers === null) one.spoilt = true;
  else if (keysGoodAt(size, signers, history).length > 0) one.good = true;
}

/** By one of `by` that could still sign when the entry came. */
function isIntroduced(
  { key, index, introduction }: AddedKey,
  by: ReadonlyMap<string, NoteKey>,
  history: KeyHistory,
): boolean {
  const one = introduction === null ? undefined : by.get(introduction.by);
  return (
    introduction !== null &&
    one !== undefined &&
    // A name is one log's: a key of the predecessor speaks for no successor.
    one.name === key.name &&
    index < endOf(one, history) &&
    isIntroducedBy(formatVerifierKey(key), introduction, one)
  );
}

function endOf({ publicKey }: NoteKey, { endsAt }: KeyHistory): number {
  return endsAt.get(toHex(publicKey)) ?? Number.POSITIVE_INFINITY;
}

/** Those that may sign a tree of this size. */
export function keysGoodAt(
  size: number,
  keys: readonly NoteKey[],
  history: KeyHistory,
): readonly NoteKey[] {
  return keys.filter((key) => size < endOf(key, history));
}

/** Those of `keys` that signed the checkpoint while they still could. */
export function goodSigners(
  { note, size }: Pick<ReadCheckpoint, "note" | "size">,
  keys: readonly NoteKey[],
  history: KeyHistory,
): readonly NoteKey[] {
  return keysGoodAt(size, signersOf(note, keys) ?? [], history);
}

/**
 * The pack's own checkpoint is signed by a key that was good at its size. An earlier one that only a key signed
 * which is known to be compromised since is no problem of the pack: it vouches for nothing and nobody.
 */
export function checkSignatures(
  checkpoints: Checkpoints,
  keys: readonly NoteKey[],
  history: KeyHistory,
  findings: Findings,
  /** Only those of this log: a trust root for a predecessor says nothing of the others. */
  only: string | null,
): void {
  for (const checkpoint of [...checkpoints.history, checkpoints.newest]) {
    if (only !== null && checkpoint.origin !== only) continue;
    findings.seen("checkpoint");
    const { file, note } = checkpoint;
    const signers = signersOf(note, keys);
    if (signers === null) {
      findings.problem("checkpoint", { file }, "a signature of one of the log's keys is wrong");
    } else if (signers.length === 0) {
      const names = note.signatures.map(({ name, id }) => `${name}+${id}`).join(", ");
      const message = `no key of the log that is trusted signed it (signed by: ${names})`;
      findings.problem("checkpoint", { file }, message);
    } else if (
      goodSigners(checkpoint, keys, history).length === 0 &&
      checkpoint === checkpoints.newest
    ) {
      const message = "it is signed only by keys that were retired or compromised before";
      findings.problem("checkpoint", { file }, message);
    }
  }
}

/** Of the trust root; null when one of them cannot be read, which is its owner's mistake. */
export function trustedKeys(trust: TrustRoot, findings: Findings): readonly NoteKey[] {
  return trust.log.keys.flatMap((text) => {
    const key = readVerifierKey(text, "log.keys", findings);
    return key?.type === noteKeyTypes.ed25519 ? [key] : [];
  });
}

export function readVerifierKey(text: string, where: string, findings: Findings): NoteKey | null {
  try {
    return parseVerifierKey(text);
  } catch (error) {
    findings.problem("checkpoint", { file: `trust root, ${where}` }, (error as Error).message);
    return null;
  }
}

/** What a signature says of who made it. */
function nameOf({ name, id }: NoteKey): string {
  return `${name}+${id}`;
}
