/** What one key may spend: `burst` at once, and `perSecond` in the long run. */
export interface BudgetRule {
  readonly perSecond: number;
  readonly burst: number;
  /** Keys that are remembered; one that is forgotten has its whole budget again. */
  readonly keys?: number;
}

const defaultKeys = 10_000;

/**
 * The generic cell rate algorithm (ITU-T I.371): one number a key says when its budget is whole again. Memory is bounded;
 * of too many keys, those that spent longest ago are forgotten first.
 */
export class Budget {
  readonly #interval: number;
  readonly #tolerance: number;
  readonly #most: number;
  readonly #whole = new Map<string, number>();

  constructor({ perSecond, burst, keys = defaultKeys }: BudgetRule) {
    this.#interval = 1_000 / perSecond;
    this.#tolerance = burst * this.#interval;
    this.#most = keys;
  }

  /** Milliseconds until so much may be spent; 0: it has been. */
  take(key: string, cost = 1, now: number = performance.now()): number {
    const wait = this.wait(key, cost, now);
    if (wait > 0) return wait;
    const next = Math.max(now, this.#whole.get(key) ?? 0) + cost * this.#interval;
    this.#whole.delete(key);
    this.#whole.set(key, next);
    if (this.#whole.size > this.#most) {
      const [oldest] = this.#whole.keys();
      if (oldest !== undefined) this.#whole.delete(oldest);
    }
    return 0;
  }

  /** The same without spending. */
  wait(key: string, cost = 1, now: number = performance.now()): number {
    const next = Math.max(now, this.#whole.get(key) ?? 0) + cost * this.#interval;
    return Math.max(0, next - now - this.#tolerance);
  }

  get size(): number {
    return this.#whole.size;
  }
}

/** How much of something may be open at once: for one key, and for all together. */
export class Slots {
  readonly #each: number;
  readonly #all: number;
  readonly #open = new Map<string, number>();
  #sum = 0;

  constructor(each: number, all: number) {
    this.#each = each;
    this.#all = all;
  }

  /** What gives it back (once, however often it is called); null: there is none left. */
  enter(key: string): (() => void) | null {
    const mine = this.#open.get(key) ?? 0;
    if (mine >= this.#each || this.#sum >= this.#all) return null;
    this.#open.set(key, mine + 1);
    this.#sum += 1;
    let left = false;
    return () => {
      if (left) return;
      left = true;
      this.#sum -= 1;
      const rest = (this.#open.get(key) ?? 1) - 1;
      if (rest === 0) this.#open.delete(key);
      else this.#open.set(key, rest);
    };
  }
}
