import { type NoteKey, noteKeyTypes, parseVerifierKey } from "../../ledger/note.ts";
import { type PublicKey, readPublicKey } from "../../evidence/keys.ts";
import type { TrustRoot } from "../../model/trust.ts";
import { paths } from "../format.ts";
import type { LogEntry } from "../log-entry.ts";
import { KeyAdded, KeyCompromised } from "../payloads.ts";
import type { Findings } from "../report.ts";
import { type Checkpoints, type ReadCheckpoint, signersOf } from "./checkpoints.ts";

/** What the log says of its keys. */
export interface KeyHistory {
  readonly logKeys: readonly { readonly key: NoteKey; readonly index: number }[];
  readonly evidenceKeys: readonly PublicKey[];
  /** Id in notes to the first tree size at which it counts no more. */
  readonly endsAt: ReadonlyMap<string, number>;
  /** The same for attestors by `PublicKey.id`. */
  readonly evidenceEndsAt: ReadonlyMap<string, number>;
}

/** Reads `key.added`, `key.retired` and `key.compromised`. */
export function readKeyHistory(entries: readonly LogEntry[], findings: Findings): KeyHistory {
  const logKeys: { key: NoteKey; index: number }[] = [];
  const evidenceKeys: PublicKey[] = [];
  const ends = { log: new Map<string, number>(), evidence: new Map<string, number>() };
  for (const { index, leaf, payload } of entries) {
    if (!leaf.kind.startsWith("key.") || leaf.stream !== "system") continue;
    findings.seen("keys");
    try {
      const { use, key } = KeyAdded.parse(payload);
      const parsed = use === "log" ? parseVerifierKey(key) : evidenceKey(key);
      const { id } = parsed;
      const end = (size: number) => ends[use].set(id, Math.min(size, ends[use].get(id) ?? size));
      if (leaf.kind === "key.retired") end(index + 1);
      else if (leaf.kind === "key.compromised") {
        end((KeyCompromised.parse(payload).lastTrustedSize ?? 0) + 1);
      } else if (leaf.kind !== "key.added") continue;
      else if ("verify" in parsed) evidenceKeys.push(parsed);
      else logKeys.push({ key: parsed, index });
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
 * whose checkpoint is signed by a key that was good before. A key that was retired or compromised signs
 * nothing behind that; with a compromised key the last trusted size is what the log says.
 */
export function acceptKeys(
  trusted: readonly NoteKey[],
  history: KeyHistory,
  checkpoints: Checkpoints,
): readonly NoteKey[] {
  const accepted = [...trusted];
  const all = [...checkpoints.history, checkpoints.newest];
  for (let grew = true; grew;) {
    grew = false;
    for (const { key, index } of history.logKeys) {
      if (accepted.some((one) => sameKey(one, key))) continue;
      const covering = all.filter((checkpoint) => checkpoint.size > index);
      if (!covering.some((one) => goodSigners(one, accepted, history).length > 0)) continue;
      accepted.push(key);
      grew = true;
    }
  }
  return accepted;
}

/** Those of `keys` that signed the checkpoint while they still could. */
export function goodSigners(
  { note, size }: ReadCheckpoint,
  keys: readonly NoteKey[],
  { endsAt }: KeyHistory,
): readonly NoteKey[] {
  const signers = signersOf(note, keys) ?? [];
  return signers.filter(({ id }) => size < (endsAt.get(id) ?? Number.POSITIVE_INFINITY));
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
): void {
  for (const checkpoint of [...checkpoints.history, checkpoints.newest]) {
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

function sameKey(a: NoteKey, b: NoteKey): boolean {
  return a.name === b.name && a.id === b.id;
}
