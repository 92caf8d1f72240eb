import { asTidelockError } from "../../../model/errors.ts";
import { newestCheckpoint } from "../../../store/queries/ledger-checkpoints.ts";
import {
  type AnchorRecord,
  listAnchors,
  listWitnesses,
  type WitnessRecord,
} from "../../../store/queries/ledger-outside.ts";
import { readTree } from "../../../store/queries/ledger-tree.ts";
import type { Db } from "../../../store/schema.ts";
import type { LedgerLog } from "../log.ts";
import { compareWithWitness, cosignWith, type OutsideAnswer } from "./ask-witnesses.ts";
import { anchorAt, compareWithAnchor } from "./write-anchors.ts";

/** Milliseconds. */
export interface OutsidePace {
  /** After a checkpoint, how long to let more come: one request then covers them all. */
  readonly gatherMs: number;
  /** How often to try again what did not work, and to see whether an anchor is due. */
  readonly retryMs: number;
}

export const defaultOutsidePace: OutsidePace = { gatherMs: 1_000, retryMs: 30_000 };

const stopMs = 2_000;

export interface OutsideParts {
  readonly db: Db;
  readonly log: Pick<LedgerLog, "afterCheckpoint" | "declareBehind">;
  readonly notice: (message: string) => void;
  /** Keeps a file for people outside, and answers where. */
  readonly keepEvidence?: (text: string) => string;
}

/**
 * Shows the log's checkpoints to those who look from outside: witnesses cosign them, anchors keep them. When one of
 * them knows more or something else, this database is behind, and that is said before anything else is written.
 */
export class OutsideWorker {
  readonly #parts: OutsideParts;
  readonly #pace: OutsidePace;
  readonly #stop = new AbortController();
  /** What was said last of each, so that it is said once. */
  readonly #said = new Map<string, string>();
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | null = null;
  #wanted = false;
  #compared = false;

  constructor(parts: OutsideParts, pace: OutsidePace = defaultOutsidePace) {
    this.#parts = parts;
    this.#pace = pace;
  }

  /**
   * Before a server writes anything: asks witnesses and anchors what they know of this log. Whoever does not answer
   * in `limitMs` is asked again later.
   */
  async lookFirst(limitMs = 3_000): Promise<void> {
    const enough = new AbortController();
    const look = this.#try("the ledger's witnesses and anchors", async () => {
      const { db } = this.#parts;
      const [witnesses, anchors] = await Promise.all([listWitnesses(db), listAnchors(db)]);
      this.#compared = await this.#compare(witnesses, anchors);
      return { kind: "done" };
    });
    await Promise.race([look, pause(limitMs, enough.signal)]);
    enough.abort();
  }

  start(): void {
    this.#parts.log.afterCheckpoint(() => this.nudge());
    this.#timer = setInterval(() => this.nudge(), this.#pace.retryMs);
    this.nudge();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    clearInterval(this.#timer);
    // A push to somebody's server may take its time; whatever it leaves undone is done by the next start.
    await Promise.race([this.#running, pause(stopMs, new AbortController().signal)]);
  }

  /** There is a new checkpoint, or a new witness or anchor. */
  readonly nudge = (): void => {
    this.#wanted = true;
    if (this.#stop.signal.aborted) return;
    this.#running ??= this.#run().finally(() => {
      this.#running = null;
      if (this.#wanted) this.nudge();
    });
  };

  async #run(): Promise<void> {
    await pause(this.#pace.gatherMs, this.#stop.signal);
    this.#wanted = false;
    if (this.#stop.signal.aborted) return;
    await this.#try("the ledger's witnesses and anchors", async () => {
      await this.#round();
      return { kind: "done" };
    });
  }

  /** Witnesses first: an anchored checkpoint then has their cosignatures with it. */
  async #round(): Promise<void> {
    const { db } = this.#parts;
    const [witnesses, anchors] = await Promise.all([listWitnesses(db), listAnchors(db)]);
    if (!this.#compared) this.#compared = await this.#compare(witnesses, anchors);
    const checkpoint = await newestCheckpoint(db);
    if (checkpoint === undefined) return;
    const { origin, log, behind } = await readTree(db);
    if (behind !== null || checkpoint.log !== log) return;
    const { signal } = this.#stop;
    await Promise.all(
      witnesses.map((one) => this.#try(one.name, () => cosignWith(db, one, checkpoint, signal))),
    );
    const at = { origin, now: Date.now() };
    await Promise.all(
      anchors.map((one) => this.#try(one.name, () => anchorAt(db, one, checkpoint, at))),
    );
  }

  /** Once, before anything is shown: what they know of this log, and of one that may have followed it. */
  async #compare(
    witnesses: readonly WitnessRecord[],
    anchors: readonly AnchorRecord[],
  ): Promise<boolean> {
    const { db } = this.#parts;
    const { origin, log } = await readTree(db);
    const base = log === 1 ? origin : origin.slice(0, origin.lastIndexOf("/"));
    const origins = [origin, `${base}/${log + 1}`];
    const answers = await Promise.all(
      origins.flatMap((of) => [
        ...witnesses.map((one) =>
          this.#try(one.name, () => compareWithWitness(db, one, of, this.#stop.signal)),
        ),
        ...anchors.map((one) => this.#try(one.name, () => compareWithAnchor(db, one, of))),
      ]),
    );
    return answers.every((reached) => reached);
  }

  /** False when it was not reached. What does not work is tried again at the next round. */
  async #try(name: string, work: () => Promise<OutsideAnswer>): Promise<boolean> {
    try {
      const answer = await work();
      if (answer.kind === "behind") await this.#behind(answer);
      this.#say(name, answer.kind === "trouble" ? answer.message : "");
      return true;
    } catch (error) {
      if (!this.#stop.signal.aborted) this.#say(name, asTidelockError(error).message);
      return false;
    }
  }

  async #behind({ why, evidence }: Extract<OutsideAnswer, { kind: "behind" }>): Promise<void> {
    const { log, keepEvidence, notice } = this.#parts;
    await log.declareBehind(why);
    if (evidence !== null && keepEvidence !== undefined) {
      notice(`the evidence is in ${keepEvidence(evidence)}: tidelock ledger judge`);
    }
  }

  #say(name: string, message: string): void {
    if (message !== "" && message !== this.#said.get(name)) {
      this.#parts.notice(`the ledger outside: ${message}`);
    }
    this.#said.set(name, message);
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  signal.addEventListener("abort", () => resolve(), { once: true });
  return promise.finally(() => clearTimeout(timer));
}
