import { tidyFindings, untidiness } from "../../store/queries/findings-tidy.ts";
import type { Db } from "../../store/schema.ts";

/** So much of the table, and so many rows at least, make it worth a cleaning. */
const share = 0.05;
const least = 2_000;

/** Keeps the table of findings clean enough for its numbers to be counted quickly; what they say does not depend on it. */
export class FindingTidying {
  readonly #db: Db;
  /** What the last cleaning could not remove: somebody still looks at it. */
  #left = 0;

  constructor(db: Db) {
    this.#db = db;
  }

  async look(): Promise<void> {
    const { changed, rows } = await untidiness(this.#db);
    if (changed < this.#left) this.#left = changed;
    if (changed - this.#left <= Math.max(least, rows * share)) return;
    await tidyFindings(this.#db);
    this.#left = (await untidiness(this.#db)).changed;
  }
}
