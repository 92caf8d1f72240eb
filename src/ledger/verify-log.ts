import { TidelockError } from "../model/errors.ts";
import type { LeafEntry } from "../model/ledger.ts";
import { rootOfFullBundle } from "./bundle-root.ts";
import { equalBytes, isCount, toHex } from "./bytes.ts";
import { type SignedCheckpoint, verifyCheckpoint } from "./checkpoint.ts";
import { decodeEntry } from "./entry.ts";
import { EntryRules, type OpenIntent, type RuleBroken, type StreamEnd } from "./entry-rules.ts";
import { hashLeaf, hashLength } from "./hash.ts";
import type { Note, NoteKey } from "./note.ts";
import { Frontier } from "./range.ts";
import { decodeBundle, tileHeight, tileWidth } from "./tiles.ts";

/** A log to verify: its entries from the first to the last that the checkpoint covers. */
export interface LogToVerify {
  /** Entry bundles in order: 256 entries each, the last one the rest. */
  readonly bundles: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
  readonly checkpoint: string | Uint8Array | Note;
  readonly log: { readonly origin: string; readonly keys: readonly NoteKey[] };
  readonly witnesses?: readonly NoteKey[];
  /**
   * `hashes` recomputes the root alone; `full`, which is the default, also reads every entry and the rules between
   * them.
   */
  readonly mode?: "full" | "hashes";
  /** Roots of the same log that are known from elsewhere: earlier checkpoints, anchors, what a witness signed. */
  readonly known?: readonly KnownRoot[];
  /** The stored tiles of level 0 in order: with them a changed entry is found at its place. */
  readonly leafTiles?: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
  /** Handed every entry that keeps the rules (`full` only), before it is known whether the root is right. */
  readonly onEntry?: (entry: LeafEntry, index: number, leafHash: Uint8Array) => void;
}

export interface KnownRoot {
  readonly size: number;
  readonly root: Uint8Array;
  /** For the message: where it is known from. */
  readonly from: string;
}

export interface LogProblem {
  readonly what:
    | RuleBroken
    | "checkpoint" // the note is malformed, of another log, or not signed by a key that is known
    | "bundle" // a bundle is cut off, or has not as many entries as belong in it
    | "truncated" // there are fewer entries than the checkpoint says
    | "surplus" // there are more entries than the checkpoint says
    | "entry" // the bytes are no canonical entry
    | "leaf" // an entry does not have the hash that the stored tile says
    | "history" // the log does not have the root that is known of an earlier size
    | "root"; // the entries do not have the root that the checkpoint signs
  /** The entry's place in the log; null when the problem has no place. */
  readonly index: number | null;
  readonly stream: string | null;
  readonly message: string;
}

export type LogVerification =
  | {
      readonly ok: true;
      readonly checkpoint: SignedCheckpoint;
      /** Empty in mode `hashes`. */
      readonly streams: ReadonlyMap<string, StreamEnd>;
      readonly openIntents: readonly OpenIntent[];
    }
  | { readonly ok: false; readonly problem: LogProblem };

/**
 * Verifies a whole log as it streams by and says the first problem. Memory does not grow with the entries in mode
 * `hashes`; in mode `full` by about 40 bytes an entry. Nothing in the log makes it throw; what `bundles`
 * throws, because a file or a server does not answer, passes through.
 */
export async function verifyLog(given: LogToVerify): Promise<LogVerification> {
  const signed = verifyCheckpoint(given.checkpoint, given.log, given.witnesses ?? []);
  if (!signed.ok) return problem("checkpoint", signed.problem);
  const { size, root } = signed.checkpoint;
  const known = rootsInOrder(given.known ?? [], size);
  if (!Array.isArray(known)) return known;

  const frontier = Frontier.empty();
  const rules = given.mode === "hashes" ? null : new EntryRules();
  const tiles = given.leafTiles === undefined ? null : iterate(given.leafTiles);
  const walk: Walk = { frontier, rules, known, onEntry: given.onEntry };
  const before = checkKnown(walk);
  if (before !== null) return before;

  for await (const bundle of given.bundles) {
    const tile = tiles === null ? undefined : await tiles.next();
    const found = takeBundle(
      walk,
      bundle,
      size,
      tile?.done === true ? new Uint8Array(0) : tile?.value,
    );
    if (found !== null) return found;
  }
  if (frontier.size < size) {
    const message = `the log ends after ${frontier.size} of the ${size} entries that its checkpoint covers`;
    return problem("truncated", message, frontier.size);
  }
  if (!equalBytes(frontier.root(), root)) {
    const since =
      given.known?.reduce((last, one) => (one.size < size ? Math.max(last, one.size) : last), 0) ??
      0;
    const where = since === 0 ? "" : `, between entries ${since} and ${size - 1}`;
    const message = `the entries have the root ${toHex(frontier.root())}, signed is ${toHex(root)}: something was changed${where}`;
    return problem("root", message);
  }
  return {
    ok: true,
    checkpoint: signed.checkpoint,
    streams: rules?.streams ?? new Map<string, StreamEnd>(),
    openIntents: rules?.openIntents() ?? [],
  };
}

interface Walk {
  readonly frontier: Frontier;
  readonly rules: EntryRules | null;
  /** Those that are still ahead, smallest first. */
  readonly known: KnownRoot[];
  readonly onEntry: LogToVerify["onEntry"];
}

type Failed = Extract<LogVerification, { ok: false }>;

function takeBundle(
  walk: Walk,
  bundle: Uint8Array,
  size: number,
  tile: Uint8Array | undefined,
): Failed | null {
  const start = walk.frontier.size;
  if (start >= size) {
    return problem(
      "surplus",
      `the log goes on behind the ${size} entries of its checkpoint`,
      start,
    );
  }
  if (walk.rules === null && tile === undefined && size - start >= tileWidth) {
    const next = walk.known[0]?.size ?? size;
    const root = next >= start + tileWidth ? rootOfFullBundle(bundle) : null;
    if (root !== null) {
      walk.frontier.appendTree(tileHeight, root);
      return checkKnown(walk);
    }
    // Not as it should be, or a root is known inside of it: entry by entry.
  }
  const entries = attempt(() => decodeBundle(bundle));
  if (!entries.ok) return problem("bundle", entries.message, start);
  const expected = Math.min(tileWidth, size - start);
  if (entries.value.length !== expected) {
    const message = `the bundle of the entries from ${start} on has ${entries.value.length} entries instead of ${expected}`;
    return problem("bundle", message, start + Math.min(expected, entries.value.length));
  }
  if (tile !== undefined && tile.length !== expected * hashLength) {
    return problem(
      "leaf",
      `the tile of the entries from ${start} on has ${tile.length} bytes`,
      start,
    );
  }
  for (const bytes of entries.value) {
    const found = takeEntry(walk, bytes, tile);
    if (found !== null) return found;
  }
  return null;
}

function takeEntry(walk: Walk, bytes: Uint8Array, tile: Uint8Array | undefined): Failed | null {
  const { frontier, rules, onEntry } = walk;
  const index = frontier.size;
  const hash = hashLeaf(bytes);
  if (tile !== undefined) {
    const at = (index % tileWidth) * hashLength;
    if (!equalBytes(hash, tile.subarray(at, at + hashLength))) {
      const message = `the entry has the hash ${toHex(hash)}, its tile says ${toHex(tile.subarray(at, at + hashLength))}`;
      return problem("leaf", message, index);
    }
  }
  if (rules !== null) {
    const entry = attempt(() => decodeEntry(bytes));
    if (!entry.ok) return problem("entry", entry.message, index);
    const broken = rules.take(entry.value, index, hash);
    if (broken !== null) return problem(broken.what, broken.message, index, entry.value.stream);
    onEntry?.(entry.value, index, hash);
  }
  frontier.append(hash);
  return checkKnown(walk);
}

function checkKnown({ frontier, known }: Walk): Failed | null {
  while (known[0]?.size === frontier.size) {
    const expected = known.shift();
    if (expected === undefined || equalBytes(expected.root, frontier.root())) continue;
    const message = `the first ${expected.size} entries have the root ${toHex(frontier.root())}; known from ${expected.from} is ${toHex(expected.root)}: this is another history`;
    return problem("history", message, Math.max(0, expected.size - 1));
  }
  return null;
}

function rootsInOrder(known: readonly KnownRoot[], size: number): KnownRoot[] | Failed {
  const none = known.find((one) => !isCount(one.size) || one.root.length !== hashLength);
  if (none !== undefined) return problem("history", `what is known from ${none.from} is no root`);
  const ahead = known.find((one) => one.size > size);
  if (ahead === undefined) return known.toSorted((a, b) => a.size - b.size);
  const message = `the checkpoint covers ${size} entries; known from ${ahead.from} is a size of ${ahead.size}: the log was rewound`;
  return problem("history", message);
}

async function* iterate<T>(items: AsyncIterable<T> | Iterable<T>): AsyncGenerator<T, undefined> {
  yield* items;
  return undefined;
}

function attempt<T>(
  read: () => T,
): { readonly ok: true; readonly value: T } | { readonly ok: false; readonly message: string } {
  try {
    return { ok: true, value: read() };
  } catch (error) {
    if (error instanceof TidelockError) return { ok: false, message: error.message };
    throw error;
  }
}

function problem(
  what: LogProblem["what"],
  message: string,
  index: number | null = null,
  stream: string | null = null,
): Failed {
  return { ok: false, problem: { what, index, stream, message } };
}
