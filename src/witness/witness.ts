import { cosign } from "../ledger/cosignature.ts";
import { formatSignatureLine, mergeSignatures } from "../ledger/note.ts";
import type { Signer } from "../ports/signer.ts";
import { type WatchedLog, decide } from "./decide.ts";
import { type WitnessState, originHash } from "./state.ts";

/** What goes back over HTTP. */
export interface Reply {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

export interface WitnessParts {
  readonly signer: Signer;
  readonly state: WitnessState;
  readonly logs: readonly WatchedLog[];
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** What somebody has to hear of: a log that showed two histories. */
  readonly alarm: (message: string) => void;
}

const plain = "text/plain; charset=utf-8";

/** A witness without its network: one request after the other, so that looking and keeping are one thing. */
export class Witness {
  readonly #parts: WitnessParts;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(parts: WitnessParts) {
    this.#parts = parts;
    // Whatever cannot be read is known before the first request.
    for (const { origin } of parts.logs) parts.state.latest(origin);
  }

  addCheckpoint(body: Uint8Array): Promise<Reply> {
    const answer = this.#queue.then(() => this.#decide(body));
    this.#queue = answer.catch(() => undefined);
    return answer;
  }

  /** `/<origin hash>/checkpoint`: what was cosigned last. */
  checkpointOf(hash: string): Reply {
    const { logs, state } = this.#parts;
    const log = logs.find(({ origin }) => originHash(origin) === hash);
    const kept = log === undefined ? null : state.latest(log.origin);
    if (kept === null)
      return { status: 404, type: plain, body: "nothing was cosigned for this log\n" };
    return { status: 200, type: plain, body: kept.note };
  }

  async #decide(body: Uint8Array): Promise<Reply> {
    const { signer, state, logs, clock, alarm } = this.#parts;
    const verdict = decide(body, logs, (origin) => state.latest(origin));
    if (verdict.kind === "refuse") {
      if (verdict.suspicious !== undefined) {
        const { log, note, proven } = verdict.suspicious;
        const file = state.keepEvidence(log, note, proven);
        if (file !== null) alarm(alarmText(log.origin, verdict.message, proven, file));
      }
      return verdict.status === 409
        ? { status: 409, type: "text/x.tlog.size", body: `${verdict.size ?? 0}\n` }
        : { status: verdict.status, type: plain, body: `${verdict.message}\n` };
    }
    const { origin, note } = verdict;
    // A clock that was set back must not make the newest cosignature look older than the one before.
    const seconds = Math.max(Math.floor(clock() / 1_000), state.latest(origin)?.seconds ?? 1);
    const signature = await cosign(note.text, seconds, signer);
    state.keep(origin, mergeSignatures(note, [signature]));
    return { status: 200, type: plain, body: formatSignatureLine(signature) };
  }
}

/** No more than is known: the proof is not the log's, and whoever sent it may have made it up. */
function alarmText(origin: string, message: string, proven: boolean, file: string): string {
  return proven
    ? `the log ${origin} signed what does not continue what it showed before: ${message}; both are in ${file}`
    : `the log ${origin} signed a checkpoint, and whoever sent it gave no proof that it continues what was shown before (${message}): a fork, or a wrong proof; both are in ${file}`;
}
