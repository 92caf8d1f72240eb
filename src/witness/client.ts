import { send } from "../egress/send.ts";
import { fromUtf8, parseDecimal } from "../ledger/bytes.ts";
import { parseCheckpoint, verifyNote } from "../ledger/checkpoint.ts";
import {
  type NoteKey,
  type NoteSignature,
  formatSignatureLine,
  parseNote,
} from "../ledger/note.ts";
import { TidelockError } from "../model/errors.ts";
import { formatRequest } from "./request.ts";
import { originHash } from "./state.ts";

/** A witness as its log knows it. */
export interface KnownWitness {
  readonly name: string;
  /** Prefix of its paths, without a slash at the end. */
  readonly url: string;
  readonly key: NoteKey;
}

export type WitnessAnswer =
  | {
      readonly kind: "cosigned";
      /** The note's line, with its newline; verified. */
      readonly line: string;
      /** POSIX time that the witness states. */
      readonly seconds: number;
    }
  /** It says that it has cosigned more than this log has. A claim, until it shows the checkpoint. */
  | { readonly kind: "ahead"; readonly size: number }
  | { readonly kind: "refused"; readonly status: number; readonly message: string };

export interface AskOptions {
  /** Milliseconds for one exchange. Default 10,000. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

const maxAnswerBytes = 65_536;
const maxCheckpointBytes = 262_144;

/**
 * Asks for a cosignature (C2SP tlog-witness, add-checkpoint) and verifies it. A witness that has cosigned another
 * size than was thought says so and is asked once more.
 *
 * @param checkpoint a whole signed note
 * @param lastSize what it is believed to have cosigned last; 0 for nothing
 * @param prove makes a consistency proof from a size to the checkpoint's
 * @throws TidelockError `unavailable` when it does not answer, `digest-mismatch` when what it gives is no cosignature
 */
export async function askWitness(
  witness: KnownWitness,
  checkpoint: string,
  lastSize: number,
  prove: (from: number) => Promise<readonly Uint8Array[]>,
  options: AskOptions = {},
): Promise<WitnessAnswer> {
  const { text } = parseNote(checkpoint);
  const { size } = parseCheckpoint(text);
  let from = Math.min(lastSize, size);
  for (let attempt = 1; ; attempt++) {
    const body = formatRequest(from, from === 0 ? [] : await prove(from), checkpoint);
    const answer = await exchange(witness, "/add-checkpoint", { method: "POST", body }, options);
    if (answer.status === 200)
      return { kind: "cosigned", ...readCosignature(witness, text, answer.body) };
    if (answer.status !== 409 || answer.type !== "text/x.tlog.size") {
      return { kind: "refused", status: answer.status, message: shown(answer.body) };
    }
    const known = parseDecimal(shown(answer.body), `the size that ${witness.name} knows`);
    if (known > size) return { kind: "ahead", size: known };
    if (attempt === 2) {
      return {
        kind: "refused",
        status: 409,
        message: `it knows size ${known}, and then another one`,
      };
    }
    from = known;
  }
}

/** What a witness shows of a log: the note that it cosigned last. Null when it has cosigned nothing. */
export async function lastCosigned(
  witness: KnownWitness,
  origin: string,
  options: AskOptions = {},
): Promise<string | null> {
  const path = `/${originHash(origin)}/checkpoint`;
  const { status, body } = await exchange(witness, path, { method: "GET" }, options);
  if (status === 404) return null;
  if (status === 200) return fromUtf8(body, `what ${witness.name} shows`);
  throw new TidelockError("unavailable", `the witness ${witness.name} answers ${status}`, {
    retryable: true,
    where: `${witness.url}${path}`,
  });
}

function readCosignature(
  witness: KnownWitness,
  text: string,
  body: Uint8Array,
): { line: string; seconds: number } {
  const lines = fromUtf8(body, `the answer of ${witness.name}`);
  // As the specification says: the answer behind the checkpoint is a note, of which only its own key counts.
  const answer = verifyNote(`${text}\n${lines}`, [witness.key]);
  const [verified] = answer.ok ? answer.verified : [];
  if (verified?.seconds === undefined || verified.seconds === null) {
    const why = answer.ok ? "it states no time" : answer.problem;
    throw new TidelockError(
      "digest-mismatch",
      `what the witness ${witness.name} gave is no cosignature of it: ${why}`,
      {
        where: witness.url,
        hint: "compare its key with the one that its operator publishes",
      },
    );
  }
  return {
    line: formatSignatureLine(verified.signature satisfies NoteSignature),
    seconds: verified.seconds,
  };
}

interface Exchanged {
  readonly status: number;
  readonly type: string;
  readonly body: Uint8Array;
}

async function exchange(
  witness: KnownWitness,
  path: string,
  request: { method: string; body?: string },
  { timeoutMs = 10_000, signal }: AskOptions,
): Promise<Exchanged> {
  const url = `${witness.url}${path}`;
  const most = request.method === "GET" ? maxCheckpointBytes : maxAnswerBytes;
  const limits = {
    timeoutMs,
    maxBodyBytes: most,
    ...(signal === undefined ? {} : { signal }),
  };
  try {
    // Where it is was said by a person; nobody else sends us elsewhere.
    const allow = [new URL(url).origin];
    const answer = await send({ url, ...request, ...limits }, { allow, onlyAllowed: true });
    if (answer.truncated) throw new Error(`its answer is longer than ${most} bytes`);
    if (answer.status >= 300 && answer.status < 400) throw new Error("it sends us elsewhere");
    const type = (answer.headers["content-type"] ?? "").split(";")[0]?.trim() ?? "";
    return { status: answer.status, type, body: answer.body };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message || cause.name : String(cause);
    throw new TidelockError(
      "unavailable",
      `the witness ${witness.name} does not answer: ${reason}`,
      {
        retryable: true,
        where: url,
        cause,
      },
    );
  }
}

/** Somebody else's words, for a message: one line, and not a long one. */
function shown(body: Uint8Array): string {
  const text = new TextDecoder().decode(body.subarray(0, 400));
  return text.replaceAll(/\p{Cc}+/gu, " ").trim();
}
