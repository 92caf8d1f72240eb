import { type Reader, readSpool, spoolLimits, startReader } from "./read-spool.ts";

/** A reader for one report, that may have been started early. */
export interface EarlyReader {
  readonly read: typeof readSpool;
  /** Ends a thread that was never asked. */
  end(): Promise<void>;
}

/**
 * Starts the thread that will read a report while the report still comes in: half a second that nobody waits for then.
 * One at a time for each server: a thousand slow uploads are not a thousand threads.
 */
export class EarlyReaders {
  readonly #waiting = new WeakMap<object, Reader>();

  start(owner: object): EarlyReader {
    let reader = this.#waiting.has(owner) ? null : startReader();
    if (reader !== null) this.#waiting.set(owner, reader);
    const taken = (): Reader | null => {
      const mine = reader;
      reader = null;
      if (mine !== null) this.#waiting.delete(owner);
      return mine;
    };
    return {
      read: (question, take, limits = spoolLimits) => {
        const mine = taken();
        return mine === null
          ? readSpool(question, take, limits)
          : readSpool(question, take, limits, mine);
      },
      end: async () => {
        await taken()?.worker.terminate();
      },
    };
  }
}
