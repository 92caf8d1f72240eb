import { fromBase64, toHex } from "../../ledger/bytes.ts";
import { decodeEntry, opens } from "../../ledger/entry.ts";
import { hashLeaf } from "../../ledger/hash.ts";
import { verifyInclusion } from "../../ledger/proof.ts";
import { mayBeClosed } from "../closed.ts";
import { type EntryLine, paths, type Subject } from "../format.ts";
import type { LogEntry } from "../log-entry.ts";
import { PayloadErased } from "../payloads.ts";
import type { Erased, Findings } from "../report.ts";

/** The tree that everything is proven against. */
export interface Tree {
  readonly size: number;
  readonly root: Uint8Array;
}

/**
 * Proves each line: its leaf is one of our leaves, stands in the tree at its index, and its opening opens
 * it. Entries come in the order of the log, each index once.
 */
export function readEntries(
  lines: readonly EntryLine[],
  tree: Tree,
  findings: Findings,
): readonly LogEntry[] {
  const entries: LogEntry[] = [];
  let before = -1;
  for (const line of lines) {
    const at = { file: paths.entries, entry: line.index };
    if (line.index <= before) {
      findings.problem("inclusion", at, `it stands after entry ${before}`);
    }
    before = Math.max(before, line.index);
    const bytes = decoded(() => fromBase64(line.leaf));
    const leaf = bytes === null ? null : decoded(() => decodeEntry(bytes));
    if (bytes === null || leaf === null) {
      findings.problem("inclusion", at, "its leaf is not an entry in canonical form");
      continue;
    }
    const leafHash = hashLeaf(bytes);
    findings.seen("inclusion");
    if (!isIncluded(line, leafHash, tree)) {
      findings.problem("inclusion", at, "its proof does not lead to the checkpoint's root");
    }
    const opened = line.opening !== null && opens(leaf, line.opening);
    const payload = opened ? (line.opening?.payload ?? null) : null;
    const entry = { index: line.index, leaf, leafHash: toHex(leafHash), payload };
    entries.push(entry);
    findings.seen("openings");
    if (line.opening !== null && !opened) {
      findings.problem(
        "openings",
        at,
        "payload and salt are not those that the entry committed to",
      );
    }
  }
  return entries;
}

function isIncluded(line: EntryLine, leafHash: Uint8Array, { size, root }: Tree): boolean {
  const proof = decoded(() => line.proof.map((hash) => fromBase64(hash)));
  return proof !== null && verifyInclusion({ index: line.index, size, leafHash, proof, root });
}

function decoded<T>(read: () => T): T | null {
  try {
    return read();
  } catch {
    return null;
  }
}

/** Entries that do not say what they said. */
export interface Unopened {
  readonly erased: readonly Erased[];
  /** Indices of those about somebody else, which a pack about a release leaves closed. */
  readonly closed: ReadonlySet<number>;
}

/**
 * An entry without an opening was erased, and an entry of the log says so; or it is about somebody else than the
 * pack (closed.ts); or somebody withholds what it says, which is a finding. An opening that is still there although
 * it was erased is one too.
 */
export function checkErasures(
  entries: readonly LogEntry[],
  lines: readonly EntryLine[],
  subject: Subject,
  findings: Findings,
): Unopened {
  const streams = new Set(entries.map(({ leaf }) => leaf.stream));
  const open = new Set(lines.filter((line) => line.opening !== null).map((line) => line.index));
  const isClosed = ({ index, leaf }: LogEntry): boolean =>
    !open.has(index) && mayBeClosed(leaf, subject, streams);

  const orders = new Map<number, { readonly by: LogEntry; readonly reason: string }>();
  for (const entry of entries) {
    if (entry.leaf.kind !== "payload.erased" || isClosed(entry)) continue;
    const order = PayloadErased.safeParse(entry.payload);
    const at = { file: paths.entries, entry: entry.index, stream: entry.leaf.stream };
    if (!order.success) findings.problem("openings", at, "it does not say what was erased");
    else orders.set(order.data.entry, { by: entry, reason: order.data.reason });
  }
  const erased: Erased[] = [];
  const closed = new Set<number>();
  for (const entry of entries) {
    const order = orders.get(entry.index);
    const at = { file: paths.entries, entry: entry.index, stream: entry.leaf.stream };
    if (open.has(entry.index)) {
      if (order) findings.problem("openings", at, "it was erased, and its payload is still there");
    } else if (order === undefined && isClosed(entry)) closed.add(entry.index);
    else if (order === undefined || order.by.index < entry.index) {
      findings.problem("openings", at, "its payload is withheld: nothing says that it was erased");
    } else {
      const { kind, operation } = entry.leaf;
      const { by, reason } = order;
      erased.push({ entry: entry.index, kind, operation, erasedBy: by.index, reason });
    }
  }
  if (closed.size > 0) {
    findings.note(
      "openings",
      `${closed.size} entries of the stream system are about other services or about the installation: their place, kind, name and author are shown, and not what they say`,
    );
  }
  return { erased, closed };
}
