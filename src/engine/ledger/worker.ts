import { asTidelockError } from "../../model/errors.ts";
import { isWaiting } from "../../store/queries/ledger-tree.ts";
import type { Db } from "../../store/schema.ts";
import type { Engine } from "../engine.ts";
import type { LedgerLog } from "./log.ts";

/** Milliseconds. An entry has its place 250 ms after its commit at the latest, whoever wrote it, unless the machine is busy. */
export interface LedgerPace {
  /** After a signal, how long to let more arrive. */
  readonly gatherMs: number;
  /** After entries got their place: how long until the next look, while there are more. */
  readonly againMs: number;
  /** How often to look for what no signal told of: other processes' entries. */
  readonly sweepMs: number;
  /** How often keys whose overlap is over are retired. */
  readonly keysMs: number;
}

export const defaultPace: LedgerPace = {
  gatherMs: 15,
  againMs: 20,
  sweepMs: 150,
  keysMs: 30_000,
};

/** Gives entries their place soon after they were committed; one run at a time, another after it if wanted. */
export class LedgerWorker {
  readonly #db: Db;
  readonly #log: LedgerLog;
  readonly #pace: LedgerPace;
  readonly #notice: (message: string) => void;
  readonly #signals: Engine["signals"];
  #timers: NodeJS.Timeout[] = [];
  #running: Promise<void> | null = null;
  #wanted = false;
  #stopped = false;
  #lastProblem = "";

  constructor(
    { db, log, signals, notice }: Pick<Engine, "db" | "log" | "signals" | "notice">,
    pace: LedgerPace = defaultPace,
  ) {
    this.#db = db;
    this.#log = log;
    this.#pace = pace;
    this.#notice = notice;
    this.#signals = signals;
  }

  start(): void {
    const { sweepMs, keysMs } = this.#pace;
    this.#signals.on("change", this.nudge);
    this.#timers = [
      setInterval(() => void this.#sweep(), sweepMs),
      setInterval(() => void this.#try(() => this.#log.keys.retireDue()), keysMs),
    ];
    this.nudge();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#signals.off("change", this.nudge);
    for (const timer of this.#timers) clearInterval(timer);
    await this.#running;
  }

  /** Something was committed here. */
  readonly nudge = (): void => {
    this.#wanted = true;
    if (this.#stopped) return;
    this.#running ??= this.#run().finally(() => {
      this.#running = null;
      if (this.#wanted) this.nudge();
    });
  };

  async #run(): Promise<void> {
    await delay(this.#pace.gatherMs);
    do {
      this.#wanted = false;
      const placed = await this.#try(async () => {
        await this.#log.flush(false);
        this.#lastProblem = "";
        await this.#log.tidy();
      });
      if (!placed || this.#stopped) return;
      await delay(this.#pace.againMs);
      this.#wanted = false;
    } while (!this.#stopped && (await this.#isWaiting()));
  }

  async #sweep(): Promise<void> {
    if (this.#running || this.#stopped) return;
    if (await this.#isWaiting()) this.nudge();
  }

  async #isWaiting(): Promise<boolean> {
    let waiting = false;
    await this.#try(async () => {
      waiting = await isWaiting(this.#db);
    });
    return waiting;
  }

  /** What fails is tried at the next sweep; said once until it is another problem. Answers whether it was done. */
  async #try(work: () => Promise<unknown>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (error) {
      const { message } = asTidelockError(error);
      if (message !== this.#lastProblem) this.#notice(`the ledger: ${message}`);
      this.#lastProblem = message;
      return false;
    }
  }
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
