import { fromBase64, fromUtf8, isCount, malformed, parseDecimal, toBase64 } from "./bytes.ts";
import { type SignedCheckpoint, verifyCheckpoint } from "./checkpoint.ts";
import { hashLength } from "./hash.ts";
import type { NoteKey } from "./note.ts";
import { verifyInclusion } from "./proof.ts";

/** The offline receipt for one entry, C2SP tlog-proof (draft): `<name>.tlog-proof`. */
export interface TlogProof {
  /** Opaque and not authenticated. */
  readonly extra: Uint8Array | null;
  readonly index: number;
  /** Leaf's sibling first. */
  readonly proof: readonly Uint8Array[];
  /** A whole signed note. */
  readonly checkpoint: string;
}

const header = "c2sp.org/tlog-proof@v1";
const maxBytes = 2_000_000;

export function formatTlogProof({ extra, index, proof, checkpoint }: TlogProof): string {
  if (!isCount(index)) throw malformed(`${index} is no index of an entry`);
  const lines = [
    header,
    ...(extra === null ? [] : [`extra ${toBase64(extra)}`]),
    `index ${index}`,
    ...proof.map(toBase64),
  ];
  return `${lines.join("\n")}\n\n${checkpoint}`;
}

/** Reads the form; the checkpoint's own is left to `verifyCheckpoint`. Throws `invalid-input`. */
export function parseTlogProof(bytes: string | Uint8Array): TlogProof {
  if (bytes.length > maxBytes) throw malformed("the proof is longer than 2 MB");
  const text = typeof bytes === "string" ? bytes : fromUtf8(bytes, "the proof");
  const end = text.indexOf("\n\n");
  if (end === -1) throw malformed("the proof has no blank line before its checkpoint");
  const [first, ...lines] = text.slice(0, end).split("\n");
  if (first !== header) throw malformed(`the proof does not start with ${header}`);
  const extraLine = lines[0]?.startsWith("extra ") ? lines.shift() : undefined;
  const indexLine = lines.shift();
  if (indexLine === undefined || !indexLine.startsWith("index ")) {
    throw malformed("the proof has no line `index <n>`");
  }
  if (lines.length > 64) throw malformed("the proof has more hashes than a tree has levels");
  const proof = lines.map((line) => fromBase64(line, "a hash of the proof"));
  if (proof.some((hash) => hash.length !== hashLength)) {
    throw malformed("a hash of the proof has not 32 bytes");
  }
  return {
    extra: extraLine === undefined ? null : fromBase64(extraLine.slice("extra ".length), "extra"),
    index: parseDecimal(indexLine.slice("index ".length), "the proof's index"),
    proof,
    checkpoint: text.slice(end + 2),
  };
}

export type ReceiptVerification =
  | { readonly ok: true; readonly index: number; readonly checkpoint: SignedCheckpoint }
  | { readonly ok: false; readonly problem: string };

/**
 * Verifies that the entry with this leaf hash is in the log. Whether the witnesses who cosigned are enough is the
 * caller's to judge. Never throws.
 */
export function verifyTlogProof(
  bytes: string | Uint8Array,
  leafHash: Uint8Array,
  log: { readonly origin: string; readonly keys: readonly NoteKey[] },
  witnesses: readonly NoteKey[] = [],
): ReceiptVerification {
  let receipt: TlogProof;
  try {
    receipt = parseTlogProof(bytes);
  } catch (error) {
    return { ok: false, problem: error instanceof Error ? error.message : String(error) };
  }
  const answer = verifyCheckpoint(receipt.checkpoint, log, witnesses);
  if (!answer.ok) return answer;
  const { index, proof } = receipt;
  const { size, root } = answer.checkpoint;
  if (!verifyInclusion({ index, size, leafHash, proof, root })) {
    return {
      ok: false,
      problem: `the proof does not lead from this entry to the root of size ${size}`,
    };
  }
  return { ok: true, index, checkpoint: answer.checkpoint };
}
