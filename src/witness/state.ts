import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseCheckpoint, verifyNote } from "../ledger/checkpoint.ts";
import { formatEvidence } from "../ledger/evidence-file.ts";
import { type Note, type NoteKey, formatNote } from "../ledger/note.ts";
import { TidelockError } from "../model/errors.ts";
import { syncFolder, writeDurably } from "../store/durable-file.ts";
import type { Cosigned, WatchedLog } from "./decide.ts";

/** A checkpoint as it was cosigned: the log's signatures and ours. */
export interface KeptCheckpoint extends Cosigned {
  readonly note: string;
  /** When it was cosigned, POSIX seconds. */
  readonly seconds: number;
}

/** About a kilobyte each. */
const maxUnproven = 1_000;

/**
 * What a witness has cosigned, one file a log, on disk before anybody hears of it. A file that is there and cannot
 * be read ends the witness: taking it for "never seen" would let a log start over.
 */
export class WitnessState {
  readonly #folder: string;
  readonly #key: NoteKey;
  readonly #latest = new Map<string, KeptCheckpoint | null>();

  constructor(folder: string, key: NoteKey) {
    this.#folder = folder;
    this.#key = key;
    for (const name of ["logs", "evidence"])
      mkdirSync(join(folder, name), { recursive: true, mode: 0o700 });
    syncFolder(folder);
  }

  /** Null when nothing was cosigned for this log. Throws `digest-mismatch` when what was is not readable. */
  latest(origin: string): KeptCheckpoint | null {
    let kept = this.#latest.get(origin);
    if (kept === undefined) {
      kept = this.#read(origin);
      this.#latest.set(origin, kept);
    }
    return kept;
  }

  /** Durable when it returns. */
  keep(origin: string, note: Note): void {
    const kept = this.#parse(origin, formatNote(note), "the new checkpoint");
    writeDurably(this.#file(origin), kept.note);
    this.#latest.set(origin, kept);
  }

  /**
   * Keeps two checkpoints that cannot both be right, or that nobody has shown to be. Anybody may send a genuine
   * checkpoint with a wrong proof: of those only so many are kept.
   *
   * @returns the file; null when this was known before, or too many unproven ones are here
   */
  keepEvidence({ origin, keys }: WatchedLog, suspicious: Note, proven: boolean): string | null {
    const earlier = this.latest(origin)?.note ?? "";
    const later = formatNote(suspicious);
    const text = formatEvidence({ origin, keys, earlier, later, proof: null });
    const name = `${originHash(origin).slice(0, 16)}-${hexOf(text).slice(0, 16)}.json`;
    const folder = join(this.#folder, "evidence");
    const file = join(folder, name);
    if (existsSync(file)) return null;
    if (!proven && readdirSync(folder).length >= maxUnproven) return null;
    writeDurably(file, text);
    return file;
  }

  #file(origin: string): string {
    return join(this.#folder, "logs", `${originHash(origin)}.checkpoint`);
  }

  #read(origin: string): KeptCheckpoint | null {
    const file = this.#file(origin);
    return existsSync(file) ? this.#parse(origin, readFileSync(file, "utf8"), file) : null;
  }

  #parse(origin: string, note: string, where: string): KeptCheckpoint {
    const answer = verifyNote(note, [this.#key]);
    const problem = answer.ok ? null : answer.problem;
    if (answer.ok) {
      const checkpoint = parseCheckpoint(answer.note.text);
      const seconds = Math.max(...answer.verified.map((one) => one.seconds ?? 0));
      if (checkpoint.origin === origin) return { ...checkpoint, note, seconds };
    }
    throw new TidelockError(
      "digest-mismatch",
      `what this witness has cosigned cannot be read: ${problem ?? "it is of another log"}`,
      {
        where,
        hint: "restore the file as it was; never remove it: a witness that forgets vouches for two histories",
      },
    );
  }
}

/** How a log is named in paths, as C2SP tlog-witness does. */
export function originHash(origin: string): string {
  return hexOf(origin);
}

function hexOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
