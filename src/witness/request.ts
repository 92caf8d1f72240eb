import { fromBase64, fromUtf8, malformed, parseDecimal, toBase64 } from "../ledger/bytes.ts";
import { hashLength } from "../ledger/hash.ts";
import { type Note, parseNote } from "../ledger/note.ts";

/** What a log asks of a witness, C2SP tlog-witness, add-checkpoint. */
export interface AddCheckpoint {
  /** The size that the log believes the witness has cosigned last; 0 for none. */
  readonly oldSize: number;
  readonly proof: readonly Uint8Array[];
  /** A checkpoint, signed by its log at least. */
  readonly note: Note;
}

/** As many levels as a tree can have. */
const maxProofLines = 63;

export function formatRequest(
  oldSize: number,
  proof: readonly Uint8Array[],
  checkpoint: string,
): string {
  return [`old ${oldSize}`, ...proof.map(toBase64), "", checkpoint].join("\n");
}

/** Throws `invalid-input`; the checkpoint's text and signatures are left to who decides. */
export function parseRequest(body: Uint8Array): AddCheckpoint {
  const text = fromUtf8(body, "the request");
  const end = text.indexOf("\n\n");
  if (end === -1) throw malformed("the request has no blank line before its checkpoint");
  const [old = "", ...lines] = text.slice(0, end).split("\n");
  if (!old.startsWith("old ")) throw malformed("the request does not start with `old <size>`");
  if (lines.length > maxProofLines) throw malformed(`more than ${maxProofLines} lines of proof`);
  const proof = lines.map((line) => fromBase64(line, "a line of the proof"));
  if (proof.some((hash) => hash.length !== hashLength)) {
    throw malformed("a line of the proof has not 32 bytes");
  }
  return {
    oldSize: parseDecimal(old.slice("old ".length), "the old size"),
    proof,
    note: parseNote(text.slice(end + 2)),
  };
}
