import { z } from "zod";
import { equalBytes, fromBase64, toHex } from "../ledger/bytes.ts";
import { parseCheckpoint } from "../ledger/checkpoint.ts";
import { decodeEntry, opens } from "../ledger/entry.ts";
import { hashLeaf } from "../ledger/hash.ts";
import { type NoteKey, parseNote } from "../ledger/note.ts";
import type { KnownRoot } from "../ledger/verify-log.ts";
import { type LeafEntry, Opening } from "../model/ledger.ts";
import type { TrustRoot } from "../model/trust.ts";
import { decodeUtf8 } from "../evidence/bytes.ts";
import { acceptKeys, keysGoodAt, readKeyHistory, trustedKeys } from "./checks/keys.ts";
import type { ReadCheckpoint } from "./checks/checkpoints.ts";
import type { LogEntry } from "./log-entry.ts";
import { Findings } from "./report.ts";

/**
 * What tiles do not say: the openings of the entries about keys, and checkpoints that introduce later ones. It lies
 * beside them (`keys.json`), so that a whole log verifies against a trust root that knows an earlier key, by the very
 * rules by which an audit pack does (checks/keys.ts).
 */
export const logKeysFile = "keys.json";

/** Of either list: each is weighed before anything of it is proven. Both keys anew each week for nine years stay below. */
const most = 2_000;

export const LogKeys = z.strictObject({
  kind: z.literal("LogKeys"),
  formatVersion: z.literal(1),
  /** Every `key.*` entry of the stream `system`, in order. */
  entries: z
    .array(z.strictObject({ index: z.int().nonnegative(), leaf: z.string(), opening: Opening }))
    .max(most),
  /** Signed notes. */
  checkpoints: z.array(z.string()).max(most),
});
export type LogKeys = z.infer<typeof LogKeys>;

/** Which keys to believe, if the log has what this leans on: nothing of it is proven before the log was walked. */
export interface BelievedKeys {
  /** May sign the newest checkpoint. */
  readonly keys: readonly NoteKey[];
  /** May have signed an earlier one. */
  readonly everKeys: readonly NoteKey[];
  /** Roots that the walk has to meet on its way. */
  readonly roots: readonly KnownRoot[];
  /** To be called with every entry of the log; then `missing` says what the log has otherwise. */
  readonly onEntry: (entry: LeafEntry, index: number, leafHash: Uint8Array) => void;
  /** Null: every entry about keys was brought, and is the log's. */
  readonly missing: () => string | null;
}

/**
 * @param note the newest checkpoint, whoever signed it
 * @returns a string when the file is none, or says something of the keys that cannot be
 */
export function believeKeys(
  file: Uint8Array,
  trust: TrustRoot,
  note: Uint8Array,
): BelievedKeys | string {
  let given: LogKeys;
  let entries: readonly Brought[];
  let history: readonly ReadCheckpoint[];
  let newest: ReadCheckpoint;
  try {
    given = LogKeys.parse(JSON.parse(decodeUtf8(file) ?? ""));
    refuseDisorder(given.entries);
    newest = readCheckpoint("checkpoint", note);
    const { size } = newest;
    // A server's log may have grown since its checkpoint was read.
    entries = given.entries.filter(({ index }) => index < size).map(broughtEntry);
    history = given.checkpoints.map((text) => readCheckpoint(logKeysFile, text));
  } catch (error) {
    return `${logKeysFile} cannot be read: ${(error as Error).message.slice(0, 300)}`;
  }
  const own = history.filter(({ origin, size }) => origin === newest.origin && size < newest.size);
  const findings = new Findings(true);
  const keyHistory = readKeyHistory(entries, findings);
  const checkpoints = { newest, history: own };
  const accepted = acceptKeys(trustedKeys(trust, findings), keyHistory, checkpoints);
  const [problem] = findings.problems;
  if (problem !== undefined) return `${problem.where}: ${problem.message}`;
  const there = new Map(entries.map((entry) => [entry.index, entry.hash]));
  let wrong: string | null = null;
  return {
    keys: keysGoodAt(newest.size, accepted, keyHistory),
    everKeys: accepted,
    roots: own.map(({ size, root }) => ({ size, root, from: `${logKeysFile}, size ${size}` })),
    onEntry(entry, index, leafHash) {
      const brought = there.get(index);
      there.delete(index);
      if (wrong !== null) return;
      if (brought !== undefined && !equalBytes(brought, leafHash)) {
        wrong = `${logKeysFile} has another entry ${index} than the log`;
      } else if (brought === undefined && isAboutKeys(entry)) {
        wrong = `${logKeysFile} withholds entry ${index} (${entry.kind} ${entry.operation}): a key may have ended there`;
      }
    },
    missing() {
      const [surplus] = there.keys();
      return wrong ?? (surplus === undefined ? null : `the log has no entry ${surplus}`);
    },
  };
}

/** Only one line of an index could be held against the log: of two the other would be believed unseen. */
function refuseDisorder(entries: LogKeys["entries"]): void {
  for (const [at, { index }] of entries.entries()) {
    const before = entries[at - 1]?.index ?? -1;
    if (index > before) continue;
    throw new Error(`entry ${index} comes after entry ${before}; each index stands once, in order`);
  }
}

type Brought = LogEntry & { readonly hash: Uint8Array };

function isAboutKeys({ kind, stream }: LeafEntry): boolean {
  return kind.startsWith("key.") && stream === "system";
}

function broughtEntry({ index, leaf: text, opening }: LogKeys["entries"][number]): Brought {
  const bytes = fromBase64(text);
  const leaf = decodeEntry(bytes);
  if (!isAboutKeys(leaf)) throw new Error(`entry ${index} is a ${leaf.kind}, and none about keys`);
  if (!opens(leaf, opening)) throw new Error(`what opens entry ${index} does not`);
  const hash = hashLeaf(bytes);
  return { index, leaf, hash, leafHash: toHex(hash), payload: opening.payload };
}

function readCheckpoint(file: string, text: string | Uint8Array): ReadCheckpoint {
  const note = parseNote(text);
  return { file, note, ...parseCheckpoint(note.text) };
}
