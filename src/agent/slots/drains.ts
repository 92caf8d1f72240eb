import { setTimeout as sleep } from "node:timers/promises";
import { type Slot, slotKey } from "../../model/primitives.ts";

const pollMs = 50;
/** The router ends what is left at its ceiling; then its clients are told, and their connections close. */
const marginMs = 1_000;

/**
 * Colours that carried traffic a moment ago. Requests that were under way may end on their own time, up to
 * the route's drain: until then nobody stops the instances that serve them, whatever shall run there next.
 *
 * Known in memory only: an agent that is killed in between leaves its successor nothing to wait for.
 */
export class Drains {
  readonly #until = new Map<string, number>();
  #inFlight: (slot: Slot) => Promise<number> = () => Promise.resolve(0);

  /** @param inFlight how many requests of a colour the router has under way; 0 where no router answers */
  connect(inFlight: (slot: Slot) => Promise<number>): void {
    this.#inFlight = inFlight;
  }

  /** The colour has traffic, or lost it now. */
  weighted(slot: Slot, before: number, after: number, drainMs: number): void {
    if (after > 0) this.#until.delete(slotKey(slot));
    else if (before > 0) this.#until.set(slotKey(slot), performance.now() + drainMs + marginMs);
  }

  /** All shall end now. */
  clear(): void {
    this.#until.clear();
  }

  /** Resolves when nothing is under way any more, at the ceiling, or when `stop` says so. */
  async over(slot: Slot, stop: () => boolean): Promise<void> {
    const key = slotKey(slot);
    for (;;) {
      const until = this.#until.get(key);
      if (until === undefined || performance.now() >= until || stop()) break;
      if ((await this.#inFlight(slot)) === 0) break;
      await sleep(pollMs);
    }
    this.#until.delete(key);
  }
}
