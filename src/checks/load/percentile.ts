import type { Latency } from "./protocol.ts";

/** Nearest rank: the smallest value that at least this share of all values does not exceed. Sorted input. */
export function percentile(sorted: ArrayLike<number>, share: number): number {
  const rank = Math.max(1, Math.ceil(share * sorted.length));
  return sorted[rank - 1] ?? 0;
}

/** Exact, out of every value. Null without any. */
export function latencyOf(values: Float64Array): Latency | null {
  if (values.length === 0) return null;
  const sorted = values.toSorted();
  return {
    p50: percentile(sorted, 0.5),
    p95: percentile(sorted, 0.95),
    p99: percentile(sorted, 0.99),
    max: percentile(sorted, 1),
  };
}

/** Numbers that become more and more, eight bytes each. */
export class Samples {
  #values = new Float64Array(1_024);
  #length = 0;

  add(value: number): void {
    if (this.#length === this.#values.length) {
      const larger = new Float64Array(this.#length * 2);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.#length] = value;
    this.#length += 1;
  }

  get values(): Float64Array {
    return this.#values.subarray(0, this.#length);
  }
}
