import type { Client } from "../../api/client.ts";
import { type ExportedFinding, exportedOf } from "../../findings/exports/exported.ts";

/** Findings of one call, each with everything that is known of it. */
const pageSize = 100;

/**
 * Every finding that a list holds, with its details, page by page. What changes meanwhile may move to a page that was
 * passed: `left` says afterwards how many of those that were counted at the beginning did not come.
 */
export class ExportSource {
  readonly #client: Client;
  readonly #query: Readonly<Record<string, string>>;
  readonly #seen = new Set<string>();
  #total = 0;

  constructor(client: Client, query: Readonly<Record<string, string>>) {
    this.#client = client;
    this.#query = query;
  }

  get written(): number {
    return this.#seen.size;
  }

  get left(): number {
    return Math.max(0, this.#total - this.#seen.size);
  }

  async *findings(): AsyncIterable<ExportedFinding> {
    let after: string | undefined;
    do {
      const page = await this.#client.call("findingDetails", {
        query: { ...this.#query, limit: pageSize, after },
      });
      this.#total = Math.max(this.#total, page.total);
      for (const view of page.items) {
        if (this.#seen.has(view.id)) continue;
        this.#seen.add(view.id);
        yield exportedOf(view);
      }
      after = page.next ?? undefined;
    } while (after !== undefined);
  }
}
