/** Resident memory of this process, threads included, at its highest; megabytes (10^6 bytes). */
export class PeakMemory {
  #peak = 0;
  readonly #timer: NodeJS.Timeout;

  constructor() {
    this.#look();
    this.#timer = setInterval(() => this.#look(), 25);
  }

  end(): number {
    clearInterval(this.#timer);
    this.#look();
    return this.#peak / 1e6;
  }

  #look(): void {
    this.#peak = Math.max(this.#peak, process.memoryUsage.rss());
  }
}
