import { bucketOf, type UserTraffic } from "../../model/traffic.ts";

/** Counts what users got from the release of one colour; begins anew with each release. */
export class UserCounter {
  #release: string | null = null;
  #since = Date.now();
  #requests = 0;
  #failed = 0;
  #abandoned = 0;
  readonly #latency = new Map<number, number>();

  /** The colour has this release from now on. */
  restart(release: string | null): void {
    if (release === this.#release) return;
    this.#release = release;
    this.#since = Date.now();
    this.#requests = 0;
    this.#failed = 0;
    this.#abandoned = 0;
    this.#latency.clear();
  }

  /** @param ms how long it took; null where that says nothing about the service (a tunnel) */
  count(how: "answered" | "failed" | "abandoned", ms: number | null): void {
    this.#requests++;
    if (how === "failed") this.#failed++;
    if (how === "abandoned") this.#abandoned++;
    if (ms === null) return;
    const bucket = bucketOf(ms);
    this.#latency.set(bucket, (this.#latency.get(bucket) ?? 0) + 1);
  }

  read(): UserTraffic {
    return {
      releaseName: this.#release,
      since: this.#since,
      requests: this.#requests,
      failed: this.#failed,
      abandoned: this.#abandoned,
      latency: [...this.#latency].sort(([a], [b]) => a - b),
    };
  }
}
