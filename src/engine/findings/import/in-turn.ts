import { TidelockError } from "../../../model/errors.ts";

/**
 * Lets so many do something at once; the others wait in order. What an import holds (a connection to the database from
 * its first row to its last, a thread, the service's lock) there is little of, and everything else needs it too: without
 * turns twenty reports sent at once would leave no connection for a rollback.
 */
export class InTurn {
  readonly #atOnce: number;
  readonly #waiting: number;
  readonly #line: (() => void)[] = [];
  #running = 0;

  constructor(limits: { readonly atOnce: number; readonly waiting: number }) {
    this.#atOnce = limits.atOnce;
    this.#waiting = limits.waiting;
  }

  /** @throws TidelockError `conflict` when the line is full */
  async do<T>(act: () => Promise<T>): Promise<T> {
    if (this.#running < this.#atOnce) this.#running += 1;
    else if (this.#line.length >= this.#waiting) throw tooMany(this.#running + this.#line.length);
    // Whoever ends hands the place on, so that nobody slips in between.
    else await new Promise<void>((go) => this.#line.push(go));
    try {
      return await act();
    } finally {
      const next = this.#line.shift();
      if (next) next();
      else this.#running -= 1;
    }
  }
}

function tooMany(count: number): TidelockError {
  return new TidelockError("conflict", `${count} reports are being taken in or wait for it`, {
    fault: "operator",
    where: "the report",
    hint: "send it again in a while; nothing of it was kept",
  });
}
