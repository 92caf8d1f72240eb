import { type KeyObject, createHash, createPublicKey, sign, verify } from "node:crypto";
import { canonicalJson } from "../../model/canonical.ts";
import type { JournalEntry } from "../../ports/host-agent.ts";

/** `previous` of the first entry. */
export const noPrevious = "0".repeat(64);

/** SHA-256 over an entry's canonical JSON, hex: what the next entry names as `previous`. */
export function entryHash(entry: JournalEntry): string {
  return createHash("sha256").update(canonicalJson(entry)).digest("hex");
}

export function signEntry(key: KeyObject, entry: Omit<JournalEntry, "signature">): JournalEntry {
  const signature = sign(null, Buffer.from(canonicalJson(entry)), key).toString("base64");
  return { ...entry, signature };
}

/** Why an entry is not the one after `before`; null when it is. */
export function linkProblem(before: JournalEntry, entry: JournalEntry): string | null {
  if (entry.sequence !== before.sequence + 1) return `entry ${before.sequence + 1} is missing`;
  return entry.previous === entryHash(before)
    ? null
    : `entry ${entry.sequence} does not follow the one before it`;
}

export function isSigned({ signature, ...signed }: JournalEntry, key: KeyObject): boolean {
  const bytes = Buffer.from(canonicalJson(signed));
  return verify(null, bytes, key, Buffer.from(signature, "base64"));
}

/**
 * Checks a run of entries: each signed by the key, each naming the one before it, none missing.
 *
 * @param publicKey SPKI PEM, as in the agent's `hello`
 * @param after the last entry that was verified earlier; null when the run starts the journal
 * @returns the first thing that is wrong; null when nothing is.
 */
export function findBreak(
  entries: readonly JournalEntry[],
  publicKey: string,
  after: JournalEntry | null,
): string | null {
  const key = createPublicKey(publicKey);
  let sequence = after?.sequence ?? 0;
  let previous = after === null ? noPrevious : entryHash(after);
  for (const entry of entries) {
    sequence += 1;
    if (entry.sequence !== sequence) return `entry ${sequence} is missing`;
    if (entry.previous !== previous) return `entry ${sequence} does not follow the one before it`;
    if (!isSigned(entry, key)) return `entry ${sequence} is not signed by this agent`;
    previous = entryHash(entry);
  }
  return null;
}
