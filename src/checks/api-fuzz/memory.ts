import type { Findings } from "./judge/findings.ts";
import type { ProcessWatch } from "./judge/process-watch.ts";
import { format } from "./reproduce/reproduction.ts";

/** So many of an operation's cases are sent again to see whether it grows again. */
const mostAgain = 200;
const megabyte = 1_048_576;

/** Holds the instances' memory before and after an operation's requests against each other. */
export class MemoryWatch {
  readonly #watch: ProcessWatch;
  readonly #findings: Findings;
  readonly #most: number;

  /** @param most bytes by which one operation's requests may make it grow */
  constructor(watch: ProcessWatch, findings: Findings, most: number) {
    this.#watch = watch;
    this.#findings = findings;
    this.#most = most;
  }

  /**
   * Sends all cases, and the first of them again where memory grew: what is only warmed up does not grow twice.
   *
   * @param send sends so many of them
   */
  async around(operation: string, send: (most: number) => Promise<void>): Promise<void> {
    const before = await this.#watch.memory();
    await send(Number.POSITIVE_INFINITY);
    const after = await this.#watch.memory();
    if (before === null || after === null || after - before < this.#most) return;
    await send(mostAgain);
    const again = await this.#watch.memory();
    const more = again === null ? 0 : again - after;
    if (more < this.#most / 3) return;
    const shown = (bytes: number) => `${Math.round(bytes / megabyte)} MiB`;
    const bucket = { rule: "memory-growth", operation, signature: "it grows" };
    const [method = "GET"] = operation.split(" ");
    this.#findings.add({
      rule: "memory-growth",
      bucket,
      operation,
      place: "all of its cases",
      what: "all of its cases one after the other",
      says: `the instances' memory grew by ${shown(after - before)}, and by ${shown(more)} when ${mostAgain} requests were repeated`,
      confirmed: true,
      // No single request shows it: the replay tells only where.
      reproduction: {
        format,
        bucket,
        purpose: { operation, family: "valid", place: "all of its cases" },
        steps: [{ method, path: "/", headers: {}, as: null }],
      },
      count: 1,
      elsewhere: [],
    });
  }
}
