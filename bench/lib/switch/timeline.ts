/** One switch as its driver saw it. */
interface Switch {
  readonly release: string;
  /** `performance.now()`; infinite while it is not yet confirmed. */
  confirmedAt: number;
}

/**
 * Which release may answer what. A request that was sent after a switch had been confirmed must not be answered by
 * the release before it; one that was sent during the switch may be answered by either.
 */
export class Timeline {
  readonly #switches: Switch[];
  #confirmed = 0;

  constructor(first: string) {
    this.#switches = [{ release: first, confirmedAt: performance.now() }];
  }

  begin(release: string): void {
    this.#switches.push({ release, confirmedAt: Number.POSITIVE_INFINITY });
  }

  confirm(): void {
    this.#confirmed = this.#switches.length - 1;
    const last = this.#switches.at(-1);
    if (last) last.confirmedAt = performance.now();
  }

  /** To be taken when a request is sent. */
  mark(): number {
    return this.#confirmed;
  }

  /** @param mark of when the request was sent. */
  allows(release: string, mark: number): boolean {
    for (let i = mark; i < this.#switches.length; i++) {
      if (this.#switches[i]?.release === release) return true;
    }
    return false;
  }
}
