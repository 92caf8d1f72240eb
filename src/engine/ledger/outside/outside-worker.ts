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
  /** How long a round waits for each of them: who is slower answers beside the rounds that follow. */
  readonly patienceMs: number;
}

export const defaultOutsidePace: OutsidePace = {
  gatherMs: 1_000,
  retryMs: 30_000,
  patienceMs: 2_000,
};

const stopMs = 2_000;

export interface OutsideParts {
  readonly db: Db;
  readonly log: Pick<LedgerLog, "afterCheckpoint" | "declareBehind" | "learn" | "noteAnswer">;
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
  /** Who was asked what they know of this log, and answered. */
  readonly #compared = new Set<string>();
  /** Who is being asked now; whether there is news for them meanwhile. */
  readonly #busy = new Map<string, { news: boolean }>();

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
      await Promise.all([
        ...witnesses.map((one) => this.#compareWitness(one)),
        ...anchors.map((one) => this.#compareAnchor(one)),
      ]);
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

  /**
   * Witnesses first: an anchored checkpoint then has their cosignatures with it. Each of them has a way of its own,
   * so that one who is slow or away holds up nobody else, and no later checkpoint.
   */
  async #round(): Promise<void> {
    const { db } = this.#parts;
    const [witnesses, anchors] = await Promise.all([listWitnesses(db), listAnchors(db)]);
    const checkpoint = await newestCheckpoint(db);
    if (checkpoint === undefined) return;
    const { origin, log } = await readTree(db);
    if (checkpoint.log !== log) return;
    const { signal } = this.#stop;
    await this.#patiently(
      witnesses.map((one) =>
        this.#alone(`witness ${one.name}`, async () => {
          if (!(await this.#compareWitness(one)) || (await this.#isBehind())) return;
          await this.#try(`witness ${one.name}`, () => cosignWith(db, one, checkpoint, signal));
        }),
      ),
    );
    await this.#patiently(
      anchors.map((one) =>
        this.#alone(`anchor ${one.name}`, async () => {
          if (!(await this.#compareAnchor(one)) || (await this.#isBehind())) return;
          const at = { origin, now: Date.now() };
          await this.#try(`anchor ${one.name}`, () => anchorAt(db, one, checkpoint, at));
        }),
      ),
    );
  }

  async #isBehind(): Promise<boolean> {
    return (await readTree(this.#parts.db)).behind !== null;
  }

  async #patiently(works: readonly Promise<void>[]): Promise<void> {
    const enough = new AbortController();
    await Promise.race([
      Promise.all(works),
      pause(this.#pace.patienceMs, AbortSignal.any([enough.signal, this.#stop.signal])),
    ]);
    enough.abort();
  }

  /** One thing at a time with each of them; whoever is still busy with the last one hears of this one afterwards. */
  async #alone(name: string, work: () => Promise<void>): Promise<void> {
    const busy = this.#busy.get(name);
    if (busy) {
      busy.news = true;
      return;
    }
    const mine = { news: false };
    this.#busy.set(name, mine);
    try {
      await work();
    } finally {
      this.#busy.delete(name);
      if (mine.news) this.nudge();
    }
  }

  /** Once with each, before it is shown anything: what it knows of this log, and of one that may have followed it. */
  async #compareWitness(one: WitnessRecord): Promise<boolean> {
    return this.#compare(`witness ${one.name}`, (origin) =>
      compareWithWitness(this.#parts.db, one, origin, this.#stop.signal),
    );
  }

  async #compareAnchor(one: AnchorRecord): Promise<boolean> {
    return this.#compare(`anchor ${one.name}`, (origin) =>
      compareWithAnchor(this.#parts.db, one, origin),
    );
  }

  async #compare(
    place: string,
    look: (origin: string) => Promise<OutsideAnswer>,
  ): Promise<boolean> {
    if (this.#compared.has(place)) return true;
    const { origin, log } = await readTree(this.#parts.db);
    const base = log === 1 ? origin : origin.slice(0, origin.lastIndexOf("/"));
    const reached = await Promise.all(
      [origin, `${base}/${log + 1}`].map((of) => this.#try(place, () => look(of))),
    );
    const all = reached.every((one) => one);
    if (all) this.#compared.add(place);
    return all;
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

  async #behind(answer: Extract<OutsideAnswer, { kind: "behind" }>): Promise<void> {
    const { why, note, evidence } = answer;
    const { log, keepEvidence, notice } = this.#parts;
    log.learn(note);
    await log.declareBehind(why);
    if (evidence !== null && keepEvidence !== undefined) {
      notice(`the evidence is in ${keepEvidence(evidence)}: tidelock ledger judge`);
    }
  }

  #say(name: string, message: string): void {
    this.#parts.log.noteAnswer(name, message === "" ? null : message);
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
