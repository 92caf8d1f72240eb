import { asTidelockError } from "../../model/errors.ts";
import { isWaiting } from "../../store/queries/ledger-tree.ts";
import type { Db } from "../../store/schema.ts";
import type { Engine } from "../engine.ts";
import type { LedgerLog } from "./log.ts";

/** Milliseconds. An entry has its place 250 ms after its commit at the latest, whoever wrote it. */
export interface LedgerPace {
  /** After a signal, how long to let more arrive. */
  readonly gatherMs: number;
  /** How often to look for what no signal told of: other processes' entries. */
  readonly sweepMs: number;
  /** How often keys whose overlap is over are retired. */
  readonly keysMs: number;
}

export const defaultPace: LedgerPace = { gatherMs: 15, sweepMs: 150, keysMs: 30_000 };

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
    await new Promise((resolve) => setTimeout(resolve, this.#pace.gatherMs));
    this.#wanted = false;
    await this.#try(async () => {
      await this.#log.flush(false);
      await this.#log.tidy();
    });
  }

  async #sweep(): Promise<void> {
    if (this.#running || this.#stopped) return;
    await this.#try(async () => {
      if (await isWaiting(this.#db)) this.nudge();
    });
  }

  /** What fails is tried at the next sweep; said once until it is another problem. */
  async #try(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
      this.#lastProblem = "";
    } catch (error) {
      const { message } = asTidelockError(error);
      if (message !== this.#lastProblem) this.#notice(`the ledger: ${message}`);
      this.#lastProblem = message;
    }
  }
}
