/** Who waits for their turn. */
export interface Asker {
  readonly network: string;
  /** Shown to be somebody: signed in, with a link, or by a browser that has signed in before. */
  readonly known: boolean;
}

interface Waiting {
  readonly begin: () => void;
  readonly refuse: () => void;
}

/**
 * A few things at once, and the others in turns: who is known first, then one of each network after the other. When too
 * many wait, the network with the most of them loses its newest: a stranger takes no place but those of their own network.
 */
export class FairTurns {
  readonly #atOnce: number;
  readonly #most: number;
  readonly #tooMany: () => Error;
  #running = 0;
  readonly #known: Waiting[] = [];
  /** The network whose turn is next stands first; none is empty. */
  readonly #strangers = new Map<string, Waiting[]>();

  /** `most` may wait of those who are known, and as many of all others together. */
  constructor(atOnce: number, most: number, tooMany: () => Error) {
    this.#atOnce = atOnce;
    this.#most = most;
    this.#tooMany = tooMany;
  }

  /** @throws whatever `work` throws, or `tooMany` */
  async run<T>(asker: Asker, work: () => Promise<T>): Promise<T> {
    if (this.#running < this.#atOnce) this.#running += 1;
    else await this.#wait(asker);
    try {
      return await work();
    } finally {
      const next = this.#next();
      if (next) next.begin();
      else this.#running -= 1;
    }
  }

  #wait({ network, known }: Asker): Promise<void> {
    return new Promise((begin, reject) => {
      const waiting = { begin, refuse: () => reject(this.#tooMany()) };
      if (known && this.#known.length < this.#most) this.#known.push(waiting);
      else if (known || !this.#makeRoom(network)) waiting.refuse();
      else this.#strangers.set(network, [...(this.#strangers.get(network) ?? []), waiting]);
    });
  }

  #makeRoom(network: string): boolean {
    const counts = [...this.#strangers].map(([of, list]) => [of, list.length] as const);
    if (counts.reduce((sum, [, count]) => sum + count, 0) < this.#most) return true;
    const [busiest = "", most = 0] = counts.sort(([, a], [, b]) => b - a)[0] ?? [];
    if ((this.#strangers.get(network)?.length ?? 0) + 1 >= most) return false;
    this.#strangers.get(busiest)?.pop()?.refuse();
    return true;
  }

  #next(): Waiting | undefined {
    const known = this.#known.shift();
    if (known) return known;
    const [first] = this.#strangers;
    if (!first) return undefined;
    const [network, [next, ...rest]] = first;
    this.#strangers.delete(network);
    if (rest.length > 0) this.#strangers.set(network, rest);
    return next;
  }
}
