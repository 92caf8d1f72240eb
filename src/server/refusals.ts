/** What was refused without knowing who asked, or again and again: counted, not listed. */
export interface Refusal {
  /** A network, or who asked. */
  readonly from: string;
  /** `GET /api/v1/…`, by pattern. */
  readonly action: string;
  readonly outcome: string;
}

/** Different refusals that are told apart in an hour; what is more is counted together. */
const mostKinds = 100;
const hourMs = 3_600_000;

/**
 * Turns any number of refusals into a bounded number of records: the first of a kind in an hour at once, and how many
 * there were when the hour is over. A stranger grows nothing by trying.
 */
export class Refusals {
  readonly #write: (refusal: Refusal, times: number) => Promise<void>;
  readonly #most: number;
  readonly #counts = new Map<string, { readonly refusal: Refusal; times: number }>();
  #hour = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(write: (refusal: Refusal, times: number) => Promise<void>, most: number = mostKinds) {
    this.#write = write;
    this.#most = most;
  }

  add(refusal: Refusal, now: number = Date.now()): void {
    const hour = Math.floor(now / hourMs);
    if (hour !== this.#hour) void this.flush();
    this.#hour = hour;
    this.#timer ??= setTimeout(() => void this.flush(), (hour + 1) * hourMs - now).unref();
    const kind = this.#counts.size < this.#most ? refusal : this.#known(refusal);
    const key = keyOf(kind);
    const seen = this.#counts.get(key);
    if (seen) {
      seen.times += 1;
      return;
    }
    this.#counts.set(key, { refusal: kind, times: 1 });
    void this.#write(kind, 1);
  }

  /** Writes how many there were since the first was written. At the end of an hour, and of the server. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const counts = [...this.#counts.values()];
    this.#counts.clear();
    const more = counts.filter(({ times }) => times > 1);
    await Promise.all(more.map(({ refusal, times }) => this.#write(refusal, times - 1)));
  }

  #known(refusal: Refusal): Refusal {
    if (this.#counts.has(keyOf(refusal))) return refusal;
    return { from: "elsewhere", action: "(several calls)", outcome: refusal.outcome };
  }
}

function keyOf({ from, action, outcome }: Refusal): string {
  return `${from} ${action} ${outcome}`;
}
